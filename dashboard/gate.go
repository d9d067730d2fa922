package dashboard

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	leastToken = 16
	cookieName = "setmend_pass"
	passTime   = 12 * time.Hour
)

// gate lets in who may see the dashboard: on loopback without a token, whoever
// calls it by a loopback name; otherwise who brings a token, as a bearer or as
// the cookie that the login form gives for it. It names who that is.
type gate struct {
	tokens []knownToken
	local  string // who calls on loopback without a token; "" where a token is needed
	key    []byte // signs cookies; new in every process
	secure bool
	tries  *attempts
}

type knownToken struct {
	name string
	sum  [sha256.Size]byte // of the secret; compared in constant time
}

// unnamed is who brings a token that has no name.
const unnamed = "token holder"

func newGate(config Config) (gate, error) {
	g := gate{secure: config.SecureCookie, key: make([]byte, 32), tries: newAttempts()}
	tokens := config.Tokens
	if config.Token != "" {
		tokens = append([]Token{{unnamed, config.Token}}, tokens...)
	}
	for _, t := range tokens {
		if len(t.Secret) < leastToken {
			return gate{}, fmt.Errorf("making the dashboard server: the bearer token of %q has fewer than %d characters", t.Name, leastToken)
		}
		g.tokens = append(g.tokens, knownToken{cmp.Or(t.Name, unnamed), sha256.Sum256([]byte(t.Secret))})
	}
	if len(tokens) == 0 {
		if !Loopback(config.Address) {
			return gate{}, fmt.Errorf("making the dashboard server: %s can be reached from outside this machine, so a bearer token is needed", config.Address)
		}
		g.local = cmp.Or(config.LocalName, "local user")
	}
	_, err := rand.Read(g.key)
	return g, err
}

// whoKey is where a request's context holds who makes it.
type whoKey struct{}

// whoAsks returns the name of who makes the request: a token's, never an address.
func whoAsks(ctx context.Context) string {
	name, _ := ctx.Value(whoKey{}).(string)
	return cmp.Or(name, unnamed)
}

// Loopback reports whether an address to listen on can be reached from this
// machine only. An empty host means every interface, and is not.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (g gate) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open := g.local != ""
		if !open && !g.tries.allowed(r) {
			tooMany(w)
			return
		}
		switch name, ok := g.admits(r); {
		case ok:
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, name)))
		case open:
			http.Error(w, "This dashboard answers to localhost only.", http.StatusForbidden)
		case r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="setmend"`)
			http.Error(w, "A bearer token is needed.", http.StatusUnauthorized)
		}
	})
}

// tooMany refuses an address that has brought too many wrong tokens.
func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", attemptsRetryHint)
	http.Error(w, "Too many wrong tokens came from this address. Wait a few seconds.", http.StatusTooManyRequests)
}

// admits returns who makes the request, false if it may not be made. It looks at the
// host's name on loopback because a web page elsewhere can make its own name resolve to
// 127.0.0.1, and would then share our origin.
func (g gate) admits(r *http.Request) (string, bool) {
	if g.local != "" {
		return g.local, Loopback(r.Host)
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		name, ok := g.holder(token)
		if !ok {
			g.tries.failed(r)
		}
		return name, ok
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return "", false
	}
	return g.vouches(cookie.Value, time.Now())
}

// holder returns the name of who holds a token. It takes as long for every token.
func (g gate) holder(token string) (name string, ok bool) {
	sum := sha256.Sum256([]byte(token))
	for _, t := range g.tokens {
		if subtle.ConstantTimeCompare(sum[:], t.sum[:]) == 1 {
			name, ok = t.name, true
		}
	}
	return name, ok
}

// pass is a cookie's value: when it ends and whose it is, signed.
func (g gate) pass(name string, end time.Time) string {
	text := strconv.FormatInt(end.Unix(), 10) + "." + base64.RawURLEncoding.EncodeToString([]byte(name))
	return text + "." + g.sign(text)
}

func (g gate) sign(text string) string {
	mac := hmac.New(sha256.New, g.key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// vouches returns whose pass it is, false if it has ended or is not ours.
func (g gate) vouches(pass string, now time.Time) (string, bool) {
	cut := strings.LastIndexByte(pass, '.')
	if cut < 0 || !hmac.Equal([]byte(pass[cut+1:]), []byte(g.sign(pass[:cut]))) {
		return "", false
	}
	ends, holder, ok := strings.Cut(pass[:cut], ".")
	end, err := strconv.ParseInt(ends, 10, 64)
	name, wrong := base64.RawURLEncoding.DecodeString(holder)
	if !ok || err != nil || wrong != nil || now.Unix() >= end {
		return "", false
	}
	return string(name), true
}

const formStyle = `body{font:16px/1.5 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0;color-scheme:light dark}form{width:min(22rem,90vw)}input,button{font:inherit;box-sizing:border-box;width:100%;padding:.5rem;margin:.3rem 0 1rem}`

var formTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>setmend</title>
<style>` + formStyle + `</style></head>
<body><main><form method="post" action="/login"><h1>setmend</h1>
{{with .}}<p role="alert">{{.}}</p>{{end}}
<label for="token">Token</label><input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Open the dashboard</button></form></main></body></html>
`))
})

func (g gate) serveForm(w http.ResponseWriter, _ *http.Request) { g.form(w, http.StatusOK, "") }

func (g gate) form(w http.ResponseWriter, status int, complaint string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Add("Content-Security-Policy", "default-src 'none'; style-src '"+hash(formStyle)+"'; form-action 'self'; base-uri 'none'")
	w.WriteHeader(status)
	_ = formTemplate().Execute(w, complaint) // the reader has left
}

// serveLogin gives a cookie for the token. The token itself is not kept in the
// browser, and never travels in an address.
func (g gate) serveLogin(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		g.form(w, http.StatusBadRequest, loginComplaint(err))
		return
	}
	if g.local == "" && !g.tries.allowed(r) {
		w.Header().Set("Retry-After", attemptsRetryHint)
		g.form(w, http.StatusTooManyRequests, "Too many wrong tokens came from your address. Wait a few seconds.")
		return
	}
	name, ok := g.holder(r.PostForm.Get("token"))
	if g.local != "" || !ok {
		g.tries.failed(r)
		g.form(w, http.StatusUnauthorized, "That is not the token.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: g.pass(name, time.Now().Add(passTime)), Path: "/", MaxAge: int(passTime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: g.secure || r.TLS != nil})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func loginComplaint(err error) string {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return "That is too long for a token."
	}
	return "The form could not be read."
}
