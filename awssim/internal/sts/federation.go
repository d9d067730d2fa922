package sts

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

type webIdentityInput struct {
	RoleArn          string `valid:"required,min=20,max=2048"`
	RoleSessionName  string `valid:"required,min=2,max=64,pattern=[a-zA-Z0-9_+=,.@-]*"`
	WebIdentityToken string `valid:"required,min=4,max=20000"`
	ProviderId       string `valid:"min=4,max=2048"`
	DurationSeconds  *int32 `valid:"min=900,max=43200"`
	sessionPolicies
}

type webIdentityOutput struct {
	*assumeRoleOutput
	SubjectFromWebIdentityToken, Provider, Audience string
}

// claims are the members of an OpenID Connect token that STS reads.
type claims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience any    `json:"aud"`
	Expires  int64  `json:"exp"`
}

// assumeRoleWithWebIdentity trades an OpenID Connect token for a session, or with a
// ProviderId an OAuth token. Tokens' signatures are not verified, like requests'.
func (s *STS) assumeRoleWithWebIdentity(c *core.Call, in *webIdentityInput) (*webIdentityOutput, error) {
	out := &webIdentityOutput{Provider: in.ProviderId}
	if in.ProviderId == "" {
		found, err := readToken(in.WebIdentityToken)
		if err != nil {
			return nil, err
		}
		out.Provider, out.SubjectFromWebIdentityToken, out.Audience = found.Issuer, found.Subject, found.audience()
	} else {
		out.SubjectFromWebIdentityToken = uniqueID("", in.WebIdentityToken)
	}
	var err error
	out.assumeRoleOutput, err = s.assume(c, in.RoleArn, in.RoleSessionName, seconds(in.DurationSeconds, time.Hour),
		"Not authorized to perform sts:AssumeRoleWithWebIdentity")
	if err != nil {
		return nil, err
	}
	return out, nil
}

// readToken reads an OpenID Connect token. It fails for one that is none or that has
// expired. Its issuer knows the wall's time only, which the world's may be far ahead of.
func readToken(token string) (*claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	var found claims
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil || json.Unmarshal(payload, &found) != nil {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	for name, value := range map[string]string{"iss": found.Issuer, "sub": found.Subject, "aud": found.audience()} {
		if value == "" {
			return nil, core.Errorf(http.StatusBadRequest, "InvalidIdentityToken", "Missing a required claim: %s", name)
		}
	}
	if found.Expires != 0 && time.Unix(found.Expires, 0).Before(time.Now()) {
		return nil, core.Errorf(http.StatusBadRequest, "ExpiredTokenException", "Token expired: current date/time %d must be before the expiration date/time %d", time.Now().Unix(), found.Expires)
	}
	return &found, nil
}

// audience is the one audience of a token, or the first of several.
func (c *claims) audience() string {
	switch audience := c.Audience.(type) {
	case string:
		return audience
	case []any:
		if len(audience) > 0 {
			first, _ := audience[0].(string)
			return first
		}
	}
	return ""
}

type samlInput struct {
	RoleArn         string `valid:"required,min=20,max=2048"`
	PrincipalArn    string `valid:"required,min=20,max=2048"`
	SAMLAssertion   string `valid:"required,min=4,max=100000"`
	DurationSeconds *int32 `valid:"min=900,max=43200"`
	sessionPolicies
}

type samlOutput struct {
	*assumeRoleOutput
	Subject, SubjectType, Issuer, Audience, NameQualifier string
}

// assertion is what STS reads of a SAML response.
type assertion struct {
	Assertion struct {
		Issuer  string
		Subject struct {
			NameID struct {
				Format string `xml:",attr"`
				Value  string `xml:",chardata"`
			}
			SubjectConfirmation struct {
				SubjectConfirmationData struct {
					Recipient string `xml:",attr"`
				}
			}
		}
		AttributeStatement struct {
			Attribute []struct {
				Name           string `xml:",attr"`
				AttributeValue []string
			}
		}
	}
}

// The attributes of AWS's SAML contract.
const (
	samlRole    = "https://aws.amazon.com/SAML/Attributes/Role"
	samlSession = "https://aws.amazon.com/SAML/Attributes/RoleSessionName"
)

// assumeRoleWithSAML trades a SAML response for a session of a role that it names.
func (s *STS) assumeRoleWithSAML(c *core.Call, in *samlInput) (*samlOutput, error) {
	text, err := base64.StdEncoding.DecodeString(in.SAMLAssertion)
	var response assertion
	if err != nil || xml.Unmarshal(text, &response) != nil {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidIdentityToken", "Invalid base64 SAMLResponse")
	}
	session, named := response.session(in.RoleArn, in.PrincipalArn)
	if session == "" {
		return nil, core.Errorf(http.StatusBadRequest, "InvalidIdentityToken", "RoleSessionName is required in AuthnResponse")
	}
	const refusal = "Not authorized to perform sts:AssumeRoleWithSAML"
	if !named {
		return nil, core.Errorf(http.StatusForbidden, "AccessDenied", refusal)
	}
	assumed, err := s.assume(c, in.RoleArn, session, seconds(in.DurationSeconds, time.Hour), refusal)
	if err != nil {
		return nil, err
	}
	a := &response.Assertion
	kind := a.Subject.NameID.Format[strings.LastIndexByte(a.Subject.NameID.Format, ':')+1:]
	return &samlOutput{
		assumeRoleOutput: assumed,
		Subject:          strings.TrimSpace(a.Subject.NameID.Value),
		SubjectType:      kind,
		Issuer:           strings.TrimSpace(a.Issuer),
		Audience:         a.Subject.SubjectConfirmation.SubjectConfirmationData.Recipient,
		NameQualifier:    nameQualifier(strings.TrimSpace(a.Issuer), in.PrincipalArn),
	}, nil
}

// session is the session's name, and named whether the assertion names the role with
// the provider.
func (a *assertion) session(role, provider string) (session string, named bool) {
	for _, attribute := range a.Assertion.AttributeStatement.Attribute {
		for _, value := range attribute.AttributeValue {
			value = strings.TrimSpace(value)
			switch attribute.Name {
			case samlSession:
				session = value
			case samlRole:
				named = named || value == role+","+provider || value == provider+","+role
			}
		}
	}
	return session, named
}

// nameQualifier is the hash that AWS's reference gives: of the issuer, the account id
// and the provider's name.
func nameQualifier(issuer, provider string) string {
	account, name := "", provider[strings.LastIndexByte(provider, '/')+1:]
	if parts := strings.Split(provider, ":"); len(parts) > 4 {
		account = parts[4]
	}
	sum := sha1.Sum([]byte(issuer + account + "/" + name))
	return base64.StdEncoding.EncodeToString(sum[:])
}

type federationInput struct {
	Name            string `valid:"required,min=2,max=32,pattern=[a-zA-Z0-9_+=,.@-]*"`
	DurationSeconds *int32 `valid:"min=900,max=129600"`
	sessionPolicies
}

type federatedUser struct{ FederatedUserId, Arn string }

type federationOutput struct {
	Credentials   *Credentials
	FederatedUser *federatedUser
}

// getFederationToken returns credentials of a federated user, whom only the caller
// knows.
func (s *STS) getFederationToken(c *core.Call, in *federationInput) (*federationOutput, error) {
	if c.Caller.Role != "" || strings.Contains(c.Caller.ARN, ":federated-user/") {
		return nil, core.Errorf(http.StatusForbidden, "AccessDenied", "Cannot call GetFederationToken with session credentials")
	}
	expires, shown := c.World.Lasting(seconds(in.DurationSeconds, 12*time.Hour))
	return &federationOutput{
		Credentials: s.issue(c.Caller.Account, c.SessionToken(c.Caller.Account, "", in.Name, expires), shown),
		FederatedUser: &federatedUser{
			FederatedUserId: c.Caller.Account + ":" + in.Name,
			Arn:             c.FederatedPrincipal(c.Caller.Account, in.Name).ARN,
		},
	}, nil
}

type accessKeyInput struct {
	AccessKeyId string `valid:"required,min=16,max=128,pattern=[a-zA-Z0-9_]*"`
}

type accessKeyOutput struct{ Account string }

// accountInKey finds the account that a test's key names. Keys that the embedded AWS
// hands out are account ids, which this action's model finds too short.
var accountInKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]{12}`) })

// getAccessKeyInfo returns the account that a key belongs to: one named in it, else
// that of every key without one.
func (s *STS) getAccessKeyInfo(_ *core.Call, in *accessKeyInput) (*accessKeyOutput, error) {
	if account := accountInKey().FindString(in.AccessKeyId); account != "" {
		return &accessKeyOutput{account}, nil
	}
	return &accessKeyOutput{s.world.Options.Account}, nil
}

type decodeInput struct {
	EncodedMessage string `valid:"required,min=1,max=10240"`
}

type decodeOutput struct{ DecodedMessage string }

// decodeMessage refuses every message: the embedded AWS encodes none.
func (s *STS) decodeMessage(*core.Call, *decodeInput) (*decodeOutput, error) {
	return nil, core.Errorf(http.StatusBadRequest, "InvalidAuthorizationMessageException", "Message is not valid: the embedded AWS's errors carry no encoded message")
}
