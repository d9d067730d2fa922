package dashboard

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits of the server, so that clients which send half a request, read nothing or
// come in crowds cannot make it unreachable.
const (
	headerTime     = 10 * time.Second // to send a request's header
	requestTime    = 20 * time.Second // to send a request whole
	answerTime     = time.Minute      // to take an answer; streams lift it
	idleTime       = 2 * time.Minute  // between two requests of a connection
	headerBytes    = 64 << 10
	maxConnections = 1024
)

// Serve serves until the context ends, then lets requests under way finish for five
// seconds. The listener is closed when it returns.
func Serve(ctx context.Context, listener net.Listener, s *Server) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: answerTime,
		IdleTimeout: idleTime, MaxHeaderBytes: headerBytes,
	}
	server.RegisterOnShutdown(s.Close)
	done := make(chan error, 1)
	go func() {
		done <- server.Serve(&boundedListener{Listener: listener, free: make(chan struct{}, maxConnections)})
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, server.Close())
	}
	return nil
}

// boundedListener closes connections beyond as many as free holds at once: waiting
// for a place would let the crowd outside block the listener's queue.
type boundedListener struct {
	net.Listener
	free chan struct{}
}

// Accept returns the next connection that there is a place for.
func (l *boundedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.free <- struct{}{}:
			return &boundedConn{Conn: c, release: sync.OnceFunc(func() { <-l.free })}, nil
		default:
			_ = c.Close() // refused: there is no place, and no one to tell
		}
	}
}

type boundedConn struct {
	net.Conn
	release func()
}

func (c *boundedConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// attempts slows wrong tokens: an address that has brought several is refused for a
// while, whatever it brings.
type attempts struct {
	mu     sync.Mutex // guards wrong
	wrong  map[string]*rate.Limiter
	perTry time.Duration
}

const (
	freeAttempts      = 10              // wrong tokens of one address before it is slowed
	attemptEvery      = 2 * time.Second // then one more each
	rememberedWrong   = 4096            // addresses; beyond, all are forgotten
	attemptsRetryHint = "2"             // seconds
)

func newAttempts() *attempts {
	return &attempts{wrong: map[string]*rate.Limiter{}, perTry: attemptEvery}
}

// allowed reports whether the address may try a token now.
func (a *attempts) allowed(r *http.Request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.wrong[addressOf(r)]
	return l == nil || l.Tokens() >= 1
}

// failed notes a wrong token.
func (a *attempts) failed(r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	address := addressOf(r)
	if a.wrong[address] == nil {
		if len(a.wrong) >= rememberedWrong {
			clear(a.wrong)
		}
		a.wrong[address] = rate.NewLimiter(rate.Every(a.perTry), freeAttempts)
	}
	a.wrong[address].Allow()
}

// addressOf returns who sends the request, without the port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
