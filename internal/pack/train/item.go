package main

import (
	"encoding/binary"
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

// each calls f with the item and all that it has inside.
func (it *item) each(f func(x *item, key bool)) {
	f(it, false)
	for i := range it.elems {
		if it.major == 5 {
			f(&it.keys[i], true)
		}
		it.elems[i].each(f)
	}
}

// isText reports whether the item is a text without a tag.
func (it *item) isText() bool { return it.major == 3 && len(it.heads) == it.size }

// tagHead returns the head of a tag.
func tagHead(t uint64) string {
	switch {
	case t < 24:
		return string([]byte{0xc0 + byte(t)})
	case t < 1<<8:
		return string([]byte{0xd8, byte(t)})
	case t < 1<<16:
		return string([]byte{0xd9, byte(t >> 8), byte(t)})
	}
	panic("no tag is so great")
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
