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

// values has 6 bits for a character of the alphabet, and noValue for any other.
var values = func() (t [256]uint8) {
	for i := range t {
		t[i] = noValue
	}
	for i, c := range []byte(alphabet) {
		t[c] = uint8(i)
	}
	return t
}()

const noValue = 0x80

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
	bad := uint64(0)
	i := 0
	for ; len(text)-i >= 8; i += 8 {
		s := text[i : i+8]
		a, b, c, d := uint64(values[s[0]]), uint64(values[s[1]]), uint64(values[s[2]]), uint64(values[s[3]])
		e, f, g, h := uint64(values[s[4]]), uint64(values[s[5]]), uint64(values[s[6]]), uint64(values[s[7]])
		bad |= a | b | c | d | e | f | g | h
		binary.BigEndian.PutUint64(out, a<<58|b<<52|c<<46|d<<40|e<<34|f<<28|g<<22|h<<16)
		out = out[6:]
	}
	w, left := uint64(0), 64
	for ; i < len(text); i++ {
		v := uint64(values[text[i]])
		bad |= v
		left -= 6
		w |= v << left
	}
	binary.BigEndian.PutUint64(out, w)
	whole := (64 - left) / 8
	if bad&noValue != 0 || (64-left)%8 >= 6 || w<<(8*whole) != 0 {
		return dst, ErrEncoding
	}
	return dst[:cap(dst)-len(out)+whole], nil
}
