package dashboard

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// Clients that send half a login and wait do not keep others out: each is cut off
// after a while, and beyond a number new ones are refused at once.
func TestHalfSentRequestsAreCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		server := newTestServer(t, &memory{}, func(c *Config) { c.Address, c.Token = ":8080", token })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, listener, server) }()
		started := time.Now()
		conns := make([]net.Conn, 200)
		for i := range conns {
			conns[i] = listener.dial()
			go fmt.Fprint(conns[i], "POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ntoken=")
		}
		for _, c := range conns {
			for err := error(nil); err == nil; { // until the server closes it
				_, err = c.Read(make([]byte, 4096))
			}
		}
		if waited := time.Since(started); waited > requestTime+time.Second {
			t.Errorf("half-sent requests were kept for %s", waited)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestConnectionsBeyondTheLimitAreRefusedAtOnce(t *testing.T) {
	pipes := newPipes()
	defer pipes.Close()
	l := &boundedListener{Listener: pipes, free: make(chan struct{}, 2)}
	accepted := make(chan net.Conn, 3)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	pipes.dial()
	first := <-accepted
	pipes.dial()
	<-accepted
	third := pipes.dial()
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was taken")
	}
	first.Close()
	pipes.dial()
	<-accepted // there is a place again
}

// A client that tries tokens is slowed, also when the right one comes at last; others
// are not.
func TestWrongTokensAreSlowed(t *testing.T) {
	source := &memory{}
	source.become(reportOf(10))
	synctest.Test(t, func(t *testing.T) {
		server := newTestServer(t, source, func(c *Config) { c.Address, c.Token = ":8080", token })
		from := func(address string) func(*http.Request) {
			return func(r *http.Request) { r.RemoteAddr = address + ":1" }
		}
		for i := range freeAttempts {
			if got := ask(server, "GET", "/report.json", "", bearer("wrong"), from("192.0.2.1")).Code; got != http.StatusUnauthorized {
				t.Fatalf("attempt %d: %d", i, got)
			}
		}
		if got := ask(server, "GET", "/report.json", "", bearer(token), from("192.0.2.1")).Code; got != http.StatusTooManyRequests {
			t.Errorf("after %d wrong tokens: %d", freeAttempts, got)
		}
		form := with("Content-Type", "application/x-www-form-urlencoded")
		if got := ask(server, "POST", "/login", "token="+token, form, from("192.0.2.1")).Code; got != http.StatusTooManyRequests {
			t.Errorf("the form after %d wrong tokens: %d", freeAttempts, got)
		}
		if got := ask(server, "GET", "/report.json", "", bearer(token), from("192.0.2.2")).Code; got != http.StatusOK {
			t.Errorf("another address: %d", got)
		}
		time.Sleep(attemptEvery)
		if got := ask(server, "GET", "/report.json", "", bearer(token), from("192.0.2.1")).Code; got != http.StatusOK {
			t.Errorf("after a while: %d", got)
		}
	})
}

// pipes is a listener within the process.
type pipes struct {
	incoming chan net.Conn
	closed   context.Context
	close    context.CancelFunc
}

func newPipes() *pipes {
	p := &pipes{incoming: make(chan net.Conn)}
	p.closed, p.close = context.WithCancel(context.Background())
	return p
}

func (p *pipes) dial() net.Conn {
	here, there := net.Pipe()
	p.incoming <- there
	return here
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.close(); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080} }
