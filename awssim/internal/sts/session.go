package sts

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// session is what a session token says.
type session struct {
	Account string
	Role    string `json:",omitempty"` // "" for GetSessionToken
	Name    string `json:",omitempty"`
	Expires int64  // Unix seconds
	Serial  string // makes two sessions of one name differ
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// Authenticate tells who sends a request with an access key and, for temporary
// credentials, a session token. It fails for a token that has expired; a token
// that was not issued here is taken no notice of.
func (s *STS) Authenticate(accessKey, token string) (core.Principal, error) {
	if issued, ok := parse(token); ok && accessKey == issued.Account {
		if s.world.Now().Unix() >= issued.Expires {
			return core.Principal{}, core.Errorf(http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired")
		}
		if issued.Role != "" {
			return s.assumed(issued.Account, issued.Role, issued.Name), nil
		}
	}
	account := s.accounts.Management()
	if accountID.MatchString(accessKey) {
		account = accessKey
	}
	return core.Principal{Account: account, ARN: s.arn("iam", account, "user/admin")}, nil
}

func (s *STS) assumed(account, role, name string) core.Principal {
	return core.Principal{
		Account: account,
		Role:    role,
		ARN:     s.arn("sts", account, "assumed-role/"+role+"/"+name),
	}
}

func (s *STS) arn(service, account, resource string) string {
	return "arn:" + s.world.Options.Partition + ":" + service + "::" + account + ":" + resource
}

// issue makes credentials for a session.
func (s *STS) issue(of session, lasts time.Duration) *Credentials {
	expires := s.world.Now().Add(lasts).UTC().Truncate(time.Second)
	of.Expires = expires.Unix()
	of.Serial = s.world.UUID()
	text, _ := json.Marshal(of) // a struct of strings and a number always marshals
	return &Credentials{
		AccessKeyId:     of.Account,
		SecretAccessKey: base64.StdEncoding.EncodeToString([]byte(s.world.UUID())),
		SessionToken:    base64.StdEncoding.EncodeToString(text),
		Expiration:      expires,
	}
}

func parse(token string) (session, bool) {
	var s session
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(text, &s) != nil || !accountID.MatchString(s.Account) {
		return session{}, false
	}
	return s, true
}
