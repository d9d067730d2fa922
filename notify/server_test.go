package notify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// pipes is a network in memory, so that servers and clients work in virtual
// time: a hanging server hangs for an hour in no time.
type pipes struct {
	connections chan net.Conn
	once        sync.Once
	closed      chan struct{}
}

func newPipes() *pipes {
	return &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.connections:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := buffered()
	select {
	case p.connections <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, errors.Join(errors.New("connection refused"), ours.Close())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), ours.Close())
	}
}

// buffered is a connection whose writes do not wait for reads, as the kernel's do
// not. TLS writes as it closes, to whoever may have gone.
func buffered() (a, b net.Conn) {
	a, nearA := net.Pipe()
	b, nearB := net.Pipe()
	go pump(nearA, nearB)
	go pump(nearB, nearA)
	return a, b
}

// pump carries what it reads from one end to the other, until the first closes.
func pump(from, to net.Conn) {
	queue := make(chan []byte, 10_000)
	go func() {
		for data := range queue {
			_, _ = to.Write(data) // fails once nobody is there any more
		}
		to.Close()
	}()
	defer close(queue)
	for {
		data := make([]byte, 32<<10)
		n, err := from.Read(data)
		if err != nil {
			return
		}
		queue <- data[:n]
	}
}

// exampleURL is of the servers that serve makes; its path and query are secret.
const exampleURL = "https://example.com/hooks/T0CANARYSECRETPATH/x?sig=CANARYSECRETSIGNATURE"

// certificate is of example.com, for the time in bubbles (2000) and out of them.
var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"example.com"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
})

// serve makes a TLS server on pipes, known as example.com, and a client of it. It
// is for use in a synctest bubble.
func serve(t *testing.T, handler http.HandlerFunc) *client {
	t.Helper()
	network := newPipes()
	server := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go server.Serve(tls.NewListener(network, &tls.Config{Certificates: []tls.Certificate{certificate()}}))
	t.Cleanup(func() {
		server.Close()
		time.Sleep(time.Minute) // in virtual time: until all connections have ended
	})
	roots := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(certificate().Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots.AddCert(leaf)
	c := newClient(nil, roots)
	c.http.Transport.(*http.Transport).DialContext = network.dial
	return c
}

// secret keeps a text in an environment variable and returns the reference.
func secret(t *testing.T, name, text string) Reference {
	t.Helper()
	t.Setenv(name, text)
	return Reference("env:" + name)
}

// sendParts renders and sends a message as a channel does, without an outbox.
func sendParts(t *testing.T, n Notifier, m Message) error {
	t.Helper()
	return sendAll(t.Context(), Channel{Name: "test", Notifier: n}, m)
}

func mustTexts(t *testing.T, name string, mark markup) texts {
	t.Helper()
	texts, err := loadTexts(name, mark, "")
	if err != nil {
		t.Fatal(err)
	}
	return texts
}
