package awssim

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// signature is what a request's SigV4 says about it.
type signature struct {
	key, region, service string
	token                string
}

var credential = regexp.MustCompile(`Credential=([^/,\s]+)/[^,\s]*`)

// signatureOf reads the signature from the header or, of a presigned URL, from
// the query.
func signatureOf(r *http.Request) (signature, bool) {
	scope := r.URL.Query().Get("X-Amz-Credential")
	token := r.URL.Query().Get("X-Amz-Security-Token")
	if scope == "" {
		token = r.Header.Get("X-Amz-Security-Token")
		if found := credential.FindString(r.Header.Get("Authorization")); found != "" {
			scope = strings.TrimPrefix(found, "Credential=")
		}
	}
	parts := strings.Split(scope, "/")
	switch len(parts) {
	case 5: // key/date/region/service/aws4_request
		return signature{parts[0], parts[2], parts[3], token}, true
	case 4: // SigV4a: key/date/service/aws4_request
		return signature{parts[0], "us-east-1", parts[2], token}, true
	}
	return signature{}, false
}

// accountID is what an access key looks like that names an account.
var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// principal is who signed.
func (a *AWS) principal(s signature) (core.Principal, *core.Error) {
	if s.token != "" {
		if p, expires, ok := a.world.SessionPrincipal(s.token); ok {
			if !a.world.Now().Before(expires) {
				return p, core.Errorf(http.StatusForbidden, "ExpiredToken",
					"The security token included in the request is expired")
			}
			return p, nil
		}
	}
	if accountID.MatchString(s.key) {
		return a.world.UserPrincipal(s.key), nil
	}
	return a.world.UserPrincipal(a.world.Options.Account), nil
}

// route finds the service that a request is for: by its signature, else by its
// JSON target, else by the host's name. service is nil for one that the embedded
// AWS does not have, which name names.
func (a *AWS) route(s signature, r *http.Request) (service *core.Service, name string) {
	service, name = a.addressed(s, r)
	if service != nil {
		name = service.Name
	}
	return service, name
}

func (a *AWS) addressed(s signature, r *http.Request) (*core.Service, string) {
	if s.service != "" {
		return a.services[s.service], s.service
	}
	if prefix, _, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		for _, name := range a.names() {
			if a.services[name].TargetPrefix == prefix {
				return a.services[name], name
			}
		}
		return nil, prefix
	}
	for label := range strings.SplitSeq(r.Host, ".") {
		if service := a.services[label]; service != nil {
			return service, label
		}
	}
	return a.services["s3"], "s3" // which also answers for hosts and paths of its own
}
