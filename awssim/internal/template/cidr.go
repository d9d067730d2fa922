package template

import (
	"math/big"
	"net/netip"
	"strconv"
)

// cidr is Fn::Cidr: the first count blocks inside ipBlock, each with cidrBits
// host bits.
func (b *Binding) cidr(f *Func) (any, error) {
	l := f.list()
	block, err := b.text(l[0])
	if err != nil {
		return nil, err
	}
	count, err := b.number(l[1], 256)
	if err != nil {
		return nil, err
	}
	prefix, perr := netip.ParsePrefix(block)
	if perr != nil {
		return nil, failf("Template error: Fn::Cidr: %s is not a valid CIDR block", block)
	}
	bits := 8
	if len(l) == 3 {
		if bits, err = b.number(l[2], 128); err != nil {
			return nil, err
		}
	}
	return subnets(prefix.Masked(), count, bits)
}

func (b *Binding) number(v any, most int) (int, error) {
	text, err := b.text(v)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, failf("Template error: Fn::Cidr: %s is not a number from 1 to %d", text, most)
	}
	return n, nil
}

func subnets(prefix netip.Prefix, count, hostBits int) (any, error) {
	size := prefix.Addr().BitLen() - hostBits
	room := new(big.Int).Lsh(big.NewInt(1), uint(max(size-prefix.Bits(), 0)))
	if size < prefix.Bits() || room.Cmp(big.NewInt(int64(count))) < 0 {
		return nil, failf("Template error: Fn::Cidr: %d blocks of %d bits do not fit into %s", count, hostBits, prefix)
	}
	start := new(big.Int).SetBytes(prefix.Addr().AsSlice())
	step := new(big.Int).Lsh(big.NewInt(1), uint(hostBits))
	out := []any{}
	for range count {
		raw := start.FillBytes(make([]byte, prefix.Addr().BitLen()/8))
		addr, _ := netip.AddrFromSlice(raw)
		out = append(out, netip.PrefixFrom(addr, size).String())
		start.Add(start, step)
	}
	return out, nil
}
