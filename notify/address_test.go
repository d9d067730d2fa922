package notify

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

func TestOnlyPublicAddressesAreConnectedTo(t *testing.T) {
	for address, public := range map[string]bool{
		"8.8.8.8": true, "52.94.5.1": true, "2600:1f14::1": true, "2a00:1450:4001::8a": true, "1.1.1.1": true,
		"127.0.0.1": false, "127.8.8.8": false, "::1": false, "0.0.0.0": false, "::": false,
		"10.0.0.1": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false,
		"169.254.169.254": false, "169.254.170.2": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false,
		"fc00::1": false, "fec0::1": false, "ff02::1": false, "224.0.0.1": false, "255.255.255.255": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::127.0.0.1": false,
		"64:ff9b::a9fe:a9fe": false, "64:ff9b:1::a9fe:a9fe": false, "2002:a9fe:a9fe::1": false, "2001::1": false, "2001:db8::1": false,
		"192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "198.18.0.1": false, "240.0.0.1": false, "192.0.0.192": false,
		"172.32.0.1": true, "100.128.0.1": true, "169.253.0.1": true,
	} {
		err := (guard{}).check(netip.MustParseAddr(address))
		if (err == nil) != public {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestAllowedAddressesAreConnectedTo(t *testing.T) {
	allowed, errs := parseAddresses([]string{"10.1.2.0/24", "192.168.7.7", "::1"})
	if errs != nil {
		t.Fatal(errs)
	}
	for address, ok := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.1.3.3": false, "192.168.7.7": true, "192.168.7.8": false, "::1": true, "127.0.0.1": false,
	} {
		if err := (guard{allowed}).check(netip.MustParseAddr(address)); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, errs := parseAddresses([]string{"everything", "10.0.0.0/99"}); len(errs) != 2 {
		t.Errorf("got %v", errs)
	}
}

// TestAnAddressIsCheckedWhenItIsDialled has a server on this machine and asks for
// it in every spelling; it must never see a connection.
func TestAnAddressIsCheckedWhenItIsDialled(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a request came through")
	}))
	server.Config.ConnState = func(net.Conn, http.ConnState) { t.Error("a connection came through") }
	server.StartTLS()
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "0x7f000001"} {
		_, err := newClient(nil, nil).send(t.Context(), request{method: "POST", url: "https://" + host + ":" + port})
		outcome, _ := outcomeOf(err)
		notFound := errors.As(err, new(*DeliveryError)) && strings.Contains(err.Error(), "no such host")
		if outcome != Rejected && !notFound {
			t.Errorf("%s is %s: %v", host, outcome, err)
		}
	}
}

func TestAnAllowedAddressIsReached(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	allowed, _ := parseAddresses([]string{"127.0.0.1"})
	c := newClient(allowed, server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs)
	if _, err := c.send(t.Context(), request{method: "POST", url: server.URL}); err != nil {
		t.Error(err)
	}
}

// TestANameThatChangesItsAddressGainsNothing: to whoever looks the name up first
// it is public, and to whoever connects it is this machine.
func TestANameThatChangesItsAddressGainsNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		if c, err := listener.Accept(); err == nil {
			t.Error("a connection came through")
			c.Close()
		}
	}()
	names := &changingName{answers: []netip.Addr{netip.MustParseAddr("52.94.5.1"), netip.MustParseAddr("127.0.0.1")}}
	resolver := &net.Resolver{PreferGo: true, Dial: names.dial}
	looked, err := resolver.LookupNetIP(t.Context(), "ip4", "rebinding.example.")
	if err != nil || (guard{}).check(looked[0]) != nil {
		t.Fatalf("the first look finds %v (%v), want a public address", looked, err)
	}
	dialer := net.Dialer{Resolver: resolver, Control: guard{}.control}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	_, err = dialer.DialContext(t.Context(), "tcp4", "rebinding.example.:"+port)
	if outcome, _ := outcomeOf(err); outcome != Rejected || !strings.Contains(err.Error(), "127.0.0.1 is not a public address") {
		t.Errorf("dialling: %v", err)
	}
}

// changingName is a name server that gives another answer each time, the last
// one for ever. It speaks just enough of DNS.
type changingName struct{ answers []netip.Addr }

func (n *changingName) dial(context.Context, string, string) (net.Conn, error) {
	ours, theirs := net.Pipe() // which is not a packet connection, so TCP's framing is used
	go n.serve(theirs)
	return ours, nil
}

func (n *changingName) serve(c net.Conn) {
	defer c.Close()
	var size [2]byte
	if _, err := io.ReadFull(c, size[:]); err != nil {
		return
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(c, query); err != nil {
		return
	}
	end := 12
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	question := query[12 : end+5] // the name, its final zero, type and class
	answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0}, question...)
	answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4) // A, IN, TTL 0
	answer = append(answer, n.answers[0].AsSlice()...)
	if len(n.answers) > 1 {
		n.answers = n.answers[1:]
	}
	_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
}

func TestOnlyHTTPSIsSpoken(t *testing.T) {
	for _, url := range []string{"http://example.com/CANARYSECRET", "ftp://example.com/CANARYSECRET", "example.com/CANARYSECRET", "https:///CANARYSECRET", "://CANARYSECRET", "https://exa mple/CANARYSECRET"} {
		_, err := newClient(nil, nil).send(t.Context(), request{method: "POST", url: url})
		if outcome, _ := outcomeOf(err); outcome != Rejected {
			t.Errorf("%s: %v", url, err)
		}
		wantNoSecret(t, err.Error())
	}
}
