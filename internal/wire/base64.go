package wire

import (
	"encoding/binary"
	"slices"
)

// The text of a token is unpadded base64url (RFC 4648, Section 5). It is strict
// about the alphabet and about trailing bits, so that one token has one text.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// pairs has two characters for 12 bits.
var pairs = func() (t [1 << 12]uint16) {
	for i := range t {
		t[i] = uint16(alphabet[i>>6])<<8 | uint16(alphabet[i&63])
	}
	return t
}()

// values has 6 bits for a character of the alphabet, at each of the places that
// it may have among four characters, and noValue for any other one.
var values = func() (t [4][256]uint32) {
	for k := range t {
		for c := range t[k] {
			t[k][c] = noValue
		}
		for i, c := range []byte(alphabet) {
			t[k][c] = uint32(i) << (18 - 6*k)
		}
	}
	return t
}()

const noValue = 1 << 31

// bits returns the 24 bits of four characters, or noValue and anything else.
func bits[T string | []byte](c T) uint32 {
	return values[0][c[0]] | values[1][c[1]] | values[2][c[2]] | values[3][c[3]]
}

// Chars returns how many characters the text of a token of n bytes has.
func Chars(n int) int { return n/3*4 + (n%3*8+5)/6 }

// AppendText appends the text of a token to dst.
func AppendText(dst, token []byte) []byte {
	n := Chars(len(token))
	dst = slices.Grow(dst, n)
	text := dst[len(dst) : len(dst)+n]
	for len(token) >= 8 { // 6 of them are taken
		w := binary.BigEndian.Uint64(token)
		binary.BigEndian.PutUint64(text, uint64(pairs[w>>52])<<48|uint64(pairs[w>>40&0xfff])<<32|uint64(pairs[w>>28&0xfff])<<16|uint64(pairs[w>>16&0xfff]))
		token, text = token[6:], text[8:]
	}
	for ; len(token) >= 3; token, text = token[3:], text[4:] {
		w := uint(token[0])<<16 | uint(token[1])<<8 | uint(token[2])
		binary.BigEndian.PutUint32(text, uint32(pairs[w>>12])<<16|uint32(pairs[w&0xfff]))
	}
	switch len(token) {
	case 1:
		binary.BigEndian.PutUint16(text, pairs[uint(token[0])<<4])
	case 2:
		w := uint(token[0])<<10 | uint(token[1])<<2
		binary.BigEndian.PutUint16(text, pairs[w>>6])
		text[2] = alphabet[w&63]
	}
	return dst[:len(dst)+n]
}

// AppendToken appends the token behind a text to dst.
func AppendToken[T string | []byte](dst []byte, text T) ([]byte, error) {
	n := len(text) / 4 * 3
	dst = slices.Grow(dst, n+8) // whole words are written
	out := dst[len(dst):cap(dst)]
	bad := uint32(0)
	for ; len(text) >= 8; text = text[8:] {
		high, low := bits(text[:4]), bits(text[4:8])
		bad |= high | low
		binary.BigEndian.PutUint64(out, uint64(high)<<40|uint64(low)<<16)
		out = out[6:]
	}
	w, left := uint64(0), 64
	for i := range len(text) {
		v := values[3][text[i]]
		bad |= v
		left -= 6
		w |= uint64(v) << left
	}
	binary.BigEndian.PutUint64(out, w)
	whole := (64 - left) / 8
	if bad&noValue != 0 || (64-left)%8 >= 6 || w<<(8*whole) != 0 {
		return dst, ErrEncoding
	}
	return dst[:cap(dst)-len(out)+whole], nil
}
