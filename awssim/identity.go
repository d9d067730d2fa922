package awssim

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// signature is what a request's SigV4 says about it.
type signature struct {
	key, region, service string
	token                string
}

var credential = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`Credential=([^/,\s]+)/[^,\s]*`) })

// signatureOf reads the signature from the header or, of a presigned URL, from
// the query.
func signatureOf(r *http.Request) (signature, bool) {
	if old, ok := oldSignature(r); ok {
		return old, true
	}
	scope := r.URL.Query().Get("X-Amz-Credential")
	token := r.URL.Query().Get("X-Amz-Security-Token")
	if scope == "" {
		token = r.Header.Get("X-Amz-Security-Token")
		if found := credential().FindString(r.Header.Get("Authorization")); found != "" {
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

// oldSignature reads a signature of version 2, with which boto3 still presigns URLs of
// S3 in us-east-1. It names neither service nor region.
func oldSignature(r *http.Request) (signature, bool) {
	query := r.URL.Query()
	if key := query.Get("AWSAccessKeyId"); key != "" && query.Get("Signature") != "" {
		return signature{key, "us-east-1", "s3", query.Get("x-amz-security-token")}, true
	}
	if rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "AWS "); ok {
		if key, _, ok := strings.Cut(rest, ":"); ok {
			return signature{key, "us-east-1", "s3", r.Header.Get("X-Amz-Security-Token")}, true
		}
	}
	return signature{}, false
}

// dropOldSignature takes a version 2 signature out of a URL, whose other parameters
// are the request's.
func dropOldSignature(r *http.Request) {
	query := r.URL.Query()
	if query.Get("AWSAccessKeyId") == "" {
		return
	}
	for _, name := range []string{"AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"} {
		query.Del(name)
	}
	r.URL.RawQuery = query.Encode()
}

// longestPresigned is how long a presigned URL can be good for: seven days.
const longestPresigned = 7 * 24 * time.Hour

// presigned returns why a presigned URL is not good (any more), nil for one that is
// and for requests signed otherwise. Its times are the signer's, and so the wall's,
// whatever the world's time is.
func presigned(r *http.Request) *core.Error {
	query := r.URL.Query()
	expired := core.Errorf(http.StatusForbidden, "AccessDenied", "Request has expired")
	if seconds, err := strconv.ParseInt(query.Get("Expires"), 10, 64); err == nil && query.Get("Signature") != "" {
		if time.Unix(seconds, 0).Before(time.Now()) {
			return expired
		}
		return nil
	}
	if query.Get("X-Amz-Credential") == "" {
		return nil
	}
	signed, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
	seconds, bad := strconv.ParseInt(query.Get("X-Amz-Expires"), 10, 64)
	lasts := time.Duration(seconds) * time.Second
	switch {
	case err != nil || bad != nil || seconds < 0 || query.Get("X-Amz-Signature") == "":
		return core.Errorf(http.StatusBadRequest, "AuthorizationQueryParametersError",
			"Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	case seconds > int64(longestPresigned/time.Second):
		return core.Errorf(http.StatusBadRequest, "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	case signed.Add(lasts).Before(time.Now()):
		return expired
	}
	return nil
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
