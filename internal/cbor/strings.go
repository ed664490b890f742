package cbor

import (
	"encoding/base64"
	"encoding/hex"
	"unicode/utf8"
)

// appendString appends a string value that has depth levels around it.
func appendString(dst []byte, s string, depth int) ([]byte, error) {
	if len(s) >= minSpelled {
		if form := spellingOf(s); form != plain && depth+levels(form) <= MaxDepth {
			return appendSpelled(dst, s, form), nil
		}
	}
	return appendPlain(dst, s, depth)
}

// levels is how many levels a form takes. Where they are too many the string
// stays text, so that depth never decides whether a string can be stored.
func levels(form spelling) int {
	if form == dotted {
		return 2
	}
	return 1
}

// appendPlain appends a string as it is. Map keys are always so.
func appendPlain(dst []byte, s string, depth int) ([]byte, error) {
	if isUTF8String(s) {
		return appendText(dst, s), nil
	}
	if depth >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(appendTag(dst, tagNotUTF8), majorBytes, uint64(len(s)))
	return append(dst, s...), nil
}

// isUTF8String is isUTF8 for a string.
func isUTF8String(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || i == 16 {
			return utf8.ValidString(s[i:])
		}
	}
	return true
}

// string reads a string value that has depth levels around it: text, or one of
// the tagged forms.
func (d *decoder) string(depth int) (string, error) {
	if ib := d.peek(); ib>>5 == majorText && ib&31 < 24 {
		d.pos++
		return d.plainString(uint64(ib&31), depth)
	}
	ib, n, err := d.head()
	if err != nil {
		return "", err
	}
	switch ib >> 5 {
	case majorText:
		return d.plainString(n, depth)
	case majorTag:
		if err := d.enter(depth); err != nil {
			return "", err
		}
		s, ok, err := d.taggedString(n, depth)
		if err == nil && !ok {
			err = d.mismatch(ib, nil)
		}
		return s, err
	}
	return "", d.mismatch(ib, nil)
}

// plainString reads the text of n bytes whose head was read.
func (d *decoder) plainString(n uint64, depth int) (string, error) {
	s, err := d.utf8(n)
	if len(s) >= minSpelled {
		if form := spellingOf(s); form != plain && depth+levels(form) <= MaxDepth {
			d.respelled = true
		}
	}
	return s, err
}

// taggedString reads what follows the head of a tag, if the tag is one of those
// of strings; depth is that of the tag.
func (d *decoder) taggedString(tag uint64, depth int) (s string, ok bool, err error) {
	var form spelling
	switch tag {
	case tagNotUTF8:
		s, err = d.notUTF8()
		return s, true, err
	case tagUUID:
		form = uuid
		s, err = d.uuid()
	case tagHex:
		form = hexBytes
		s, err = d.hex()
	case tagBase64:
		form, s, err = d.base64(depth + 1)
	case tagISOTime:
		form = isoTime
		s, err = d.isoTime()
	default:
		return "", false, nil
	}
	if err == nil && spellingOf(s) != form {
		d.respelled = true
	}
	return s, true, err
}

// byteString reads a byte string, and returns that part of the input itself.
func (d *decoder) byteString() ([]byte, error) {
	ib, n, err := d.head()
	if err != nil {
		return nil, err
	}
	if ib>>5 != majorBytes {
		return nil, d.mismatch(ib, nil)
	}
	return d.bytes(n)
}

func (d *decoder) notUTF8() (string, error) {
	b, err := d.byteString()
	if err != nil {
		return "", err
	}
	if utf8.Valid(b) {
		return "", d.syntax("UTF-8 that is tagged as not UTF-8")
	}
	return d.slice(d.pos-len(b), d.pos), nil
}

func (d *decoder) uuid() (string, error) {
	b, err := d.byteString()
	if err != nil {
		return "", err
	}
	if len(b) != 16 {
		return "", d.refuse("a UUID that is not of 16 bytes")
	}
	var s [uuidLength]byte
	at := 0
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			s[at] = '-'
			at++
		}
		const digits = "0123456789abcdef"
		s[at], s[at+1] = digits[c>>4], digits[c&15]
		at += 2
	}
	return string(s[:]), nil
}

func (d *decoder) hex() (string, error) {
	b, err := d.byteString()
	if err != nil {
		return "", err
	}
	var short [96]byte
	return string(hex.AppendEncode(short[:0], b)), nil
}

// base64 reads what stands under tagBase64, below depth levels.
func (d *decoder) base64(depth int) (spelling, string, error) {
	var short [256]byte
	out := short[:0]
	if d.peek()>>5 != majorArray {
		b, err := d.byteString()
		return base64s, string(base64.RawURLEncoding.AppendEncode(out, b)), err
	}
	if err := d.enter(depth); err != nil {
		return dotted, "", err
	}
	_, n, err := d.head()
	if err != nil {
		return dotted, "", err
	}
	count, err := d.count(n, 1)
	if err != nil {
		return dotted, "", err
	}
	if count < 2 {
		return dotted, "", d.refuse("a dotted string of fewer than two parts")
	}
	for i := range count {
		if i > 0 {
			out = append(out, '.')
		}
		b, err := d.byteString()
		if err != nil {
			return dotted, "", err
		}
		out = base64.RawURLEncoding.AppendEncode(out, b)
	}
	return dotted, string(out), nil
}

func (d *decoder) isoTime() (string, error) {
	ms, err := d.int64()
	if err != nil {
		return "", err
	}
	if ms < minISOTime || ms > maxISOTime {
		return "", d.refuse("a time beyond the years 0 to 9999")
	}
	return formatISOTime(ms), nil
}

// int64 reads an integer that fits int64, without any conversion.
func (d *decoder) int64() (int64, error) {
	ib, n, err := d.head()
	if err != nil {
		return 0, err
	}
	if n > 1<<63-1 && ib>>5 <= majorNeg {
		return 0, d.refuse("an integer beyond 64 bits")
	}
	switch ib >> 5 {
	case majorUint:
		return int64(n), nil
	case majorNeg:
		return ^int64(n), nil
	}
	return 0, d.mismatch(ib, nil)
}
