package notify

import (
	"fmt"
	"net/netip"
	"syscall"
)

// unroutable are the address ranges that no public service has: those of the
// IANA special-purpose registries, and the ranges that carry an IPv4 address
// inside an IPv6 one, through which the former could be reached.
var unroutable = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
	"2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// guard refuses connections to addresses that are not public, unless allowed.
// It is a net.Dialer's Control: it sees the address that is about to be
// connected to, after name resolution and for every address tried.
type guard struct{ allowed []netip.Prefix }

func (g guard) control(_, address string, _ syscall.RawConn) error {
	where, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("checking address %s: %w", address, err)
	}
	return g.check(where.Addr())
}

func (g guard) check(addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	if within(addr, g.allowed) || !within(addr, unroutable) {
		return nil
	}
	return rejected("If this is meant, add the address to allowAddresses, as in 10.1.2.0/24.",
		"%s is not a public address, and not allowed", addr)
}

func within(addr netip.Addr, list []netip.Prefix) bool {
	for _, prefix := range list {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
