package core

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// sessionPrefix marks the session tokens that this world hands out.
const sessionPrefix = "IQoJsim."

// SessionToken is the token that goes with the credentials of an assumed role.
// The access key that goes with it is the account's id.
func (w *World) SessionToken(account, role, session string, expires time.Time) string {
	text := strings.Join([]string{account, role, session, strconv.FormatInt(expires.Unix(), 10)}, "/")
	return sessionPrefix + base64.RawURLEncoding.EncodeToString([]byte(text))
}

// Lasting returns until when credentials that last for d are good in the world, and
// the Expiration that their bearer is shown. Clients renew them by their own clock: in
// a world of another speed they last for d of that clock, not of the world's.
func (w *World) Lasting(d time.Duration) (expires, shown time.Time) {
	expires = w.Now().UTC().Truncate(time.Second).Add(d)
	paced, ok := w.clock.(interface{ Speed() float64 })
	if !ok || paced.Speed() == 1 {
		return expires, expires
	}
	stretched := time.Duration(float64(d) * paced.Speed())
	return expires.Add(stretched - d), time.Now().UTC().Truncate(time.Second).Add(d)
}

// SessionPrincipal is whom a session token makes its bearer, and until when. A
// token of another make is not ok.
func (w *World) SessionPrincipal(token string) (p Principal, expires time.Time, ok bool) {
	encoded, ours := strings.CutPrefix(token, sessionPrefix)
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	parts := strings.Split(string(raw), "/")
	if !ours || err != nil || len(parts) != 4 {
		return Principal{}, time.Time{}, false
	}
	seconds, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil {
		return Principal{}, time.Time{}, false
	}
	if parts[1] == "" {
		return w.FederatedPrincipal(parts[0], parts[2]), time.Unix(seconds, 0), true
	}
	return w.RolePrincipal(parts[0], parts[1], parts[2]), time.Unix(seconds, 0), true
}

// FederatedPrincipal is a federated user of an account, as GetFederationToken makes
// them: a session without a role.
func (w *World) FederatedPrincipal(account, name string) Principal {
	return Principal{Account: account, ARN: fmt.Sprintf("arn:%s:sts::%s:federated-user/%s", w.Options.Partition, account, name)}
}

// RolePrincipal is a session of a role in an account.
func (w *World) RolePrincipal(account, role, session string) Principal {
	return Principal{
		Account: account,
		ARN:     fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/%s", w.Options.Partition, account, role, session),
		Role:    role,
	}
}

// UserPrincipal is whoever acts as an account without a role.
func (w *World) UserPrincipal(account string) Principal {
	return Principal{Account: account, ARN: fmt.Sprintf("arn:%s:iam::%s:user/operator", w.Options.Partition, account)}
}
