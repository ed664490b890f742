package main

import (
	"encoding/binary"
	"fmt"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack"
)

// An item is a parsed CBOR item.
type item struct {
	all   []byte // the item
	heads []byte // its tags and its head
	tag   uint64 // the last tag
	major byte   // of what the tags enclose
	arg   uint64
	body  []byte // of a string
	keys  []item // of a map
	elems []item // of an array, or the values of a map
	size  int    // of the head without tags
}

// parseItem parses the item at the beginning of b, which is valid.
func parseItem(b []byte) (it item, rest []byte) {
	at := 0
	for {
		it.major, it.arg, it.size = readHead(b[at:])
		at += it.size
		if it.major != 6 {
			break
		}
		it.tag = it.arg
	}
	it.heads = b[:at]
	rest = b[at:]
	switch it.major {
	case 2, 3:
		it.body, rest = rest[:it.arg], rest[it.arg:]
	case 4, 5:
		for range it.arg {
			var x item
			if it.major == 5 {
				x, rest = parseItem(rest)
				it.keys = append(it.keys, x)
			}
			x, rest = parseItem(rest)
			it.elems = append(it.elems, x)
		}
	}
	it.all = b[:len(b)-len(rest)]
	return it, rest
}

// each calls f with the item and all that it has inside. A text that is JSON is
// what it stands for.
func (it *item) each(f func(x *item, key bool)) {
	if it.major == 2 || it.major == 3 {
		if inner, ok := jsonItem(it.body); ok {
			x, _ := parseItem(inner)
			x.each(f)
			return
		}
	}
	f(it, false)
	for i := range it.elems {
		if it.major == 5 {
			f(&it.keys[i], true)
		}
		it.elems[i].each(f)
	}
}

// jsonItem returns the item of a text that is JSON.
func jsonItem(text []byte) (item []byte, ok bool) {
	var t cbor.Tape
	if !pack.JSONTape(&t, string(text)) {
		return nil, false
	}
	return t.Append(nil), true
}

// tapeOf puts an item on a tape.
func tapeOf(b []byte) *cbor.Tape {
	t := new(cbor.Tape)
	if err := t.Read(b, 0); err != nil {
		panic(fmt.Sprintf("%x: %v", b, err)) // unreachable: the input is valid
	}
	return t
}

// bitsOf returns how many bits an item is packed to.
func bitsOf(p *pack.Packer, b []byte) (bits int) {
	for _, x := range p.ExplainTape(tapeOf(b)) {
		bits += x.Bits
	}
	return bits
}

// isText reports whether the item is a text without a tag.
func (it *item) isText() bool { return it.major == 3 && len(it.heads) == it.size }

// tagHead returns the head of a tag.
func tagHead(t uint64) string { return string(head(6, int(t))) }

// head returns the shortest head of an argument that fits 16 bits.
func head(major byte, arg int) []byte {
	switch ib := major << 5; {
	case arg < 24:
		return []byte{ib | byte(arg)}
	case arg < 1<<8:
		return []byte{ib | 24, byte(arg)}
	case arg < 1<<16:
		return []byte{ib | 25, byte(arg >> 8), byte(arg)}
	}
	panic("nothing is so long")
}

func headSize(ib byte) int {
	if ib&31 < 24 {
		return 1
	}
	return 1 + 1<<(ib&31-24)
}

func readHead(b []byte) (major byte, arg uint64, size int) {
	major = b[0] >> 5
	switch ai := b[0] & 31; ai {
	case 24:
		return major, uint64(b[1]), 2
	case 25:
		return major, uint64(binary.BigEndian.Uint16(b[1:])), 3
	case 26:
		return major, uint64(binary.BigEndian.Uint32(b[1:])), 5
	case 27:
		return major, binary.BigEndian.Uint64(b[1:]), 9
	default:
		return major, uint64(ai), 1
	}
}
