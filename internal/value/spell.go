package value

import (
	"strings"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
	"example.com/cookiesession/internal/wire"
)

// Some strings spell out bytes: a UUID's 36 characters are 16 bytes. The
// encoder carries them as those bytes, under a tag that says how to spell them,
// and the decoder gives back exactly the same string.
//
// Which form a string takes is a function of the string alone (spellingOf
// below). The rule is not part of the format: the decoder accepts every form of
// every string, so the rule may be tuned from release to release. A string in a
// form that today's rule would not choose decodes, but is reported as not
// exact.
//
// The rule looks for strings that a machine drew at random, since those are
// what text codes can do nothing about. Words, numbers, dates and host names
// are often canonical hex or base64url, too, but pack better as text.
type spelling byte

const (
	plain    spelling = iota // text, or tag.NotUTF8
	uuid                     // tag.UUID
	hexBytes                 // tag.Hex
	base64s                  // tag.Base64 over a byte string
	dotted                   // tag.Base64 over an array of byte strings
	isoTime                  // tag.ISOTime
)

// The rule's constants, in characters.
const (
	minSpelled  = minHex // no shorter string is looked at
	minHex      = 8
	minBase64   = 16
	minDotted   = 16
	uuidLength  = 36
	isoLength   = len("2006-01-02T15:04:05.000Z")
	mixedFactor = 3 // at least every third character is of another class than the one before it
)

// Classes of characters. The alphabet of base64url is the first four.
const (
	digit byte = 1 << iota
	lower
	upper
	dash     // - and _
	dot      // separates the parts of a JWT
	hexDigit // a digit of lower-case hex, which is digit or lower, too

	kinds = hexDigit - 1
)

var classOf = func() (c [256]byte) {
	for b := '0'; b <= '9'; b++ {
		c[b] = digit | hexDigit
	}
	for b := 'a'; b <= 'z'; b++ {
		c[b] = lower
	}
	for b := 'a'; b <= 'f'; b++ {
		c[b] |= hexDigit
	}
	for b := 'A'; b <= 'Z'; b++ {
		c[b] = upper
	}
	c['-'], c['_'], c['.'] = dash, dash, dot
	return c
}()

// spellingOf is the rule.
func spellingOf(s string) spelling {
	if len(s) < minBase64 {
		if isHex(s) {
			return hexBytes
		}
		return plain
	}
	any, all := byte(0), hexDigit
	for i := range len(s) {
		c := classOf[s[i]]
		if c == 0 {
			if s[i] == ':' && isISOTime(s) {
				return isoTime
			}
			return plain
		}
		any |= c
		all &= c
	}
	switch {
	case any&dot != 0:
		if isJWT(s) {
			return dotted
		}
		return plain
	case all == hexDigit:
		if any == digit|lower|hexDigit && len(s)%2 == 0 {
			return hexBytes
		}
		return plain
	case len(s) == uuidLength && s[8] == '-' && isUUID(s):
		return uuid
	}
	if any&(digit|lower|upper) == digit|lower|upper && isBase64(s) && isMixed(s) {
		return base64s
	}
	return plain
}

// isHex is the rule for strings that are too short for any other form.
func isHex(s string) bool {
	if len(s) < minHex || len(s)%2 != 0 {
		return false
	}
	any := byte(0)
	for i := range len(s) {
		c := classOf[s[i]]
		if c&hexDigit == 0 {
			return false
		}
		any |= c
	}
	return any == digit|lower|hexDigit
}

// isMixed reports whether the kinds of characters change so often as in random
// base64url.
func isMixed(s string) bool {
	mixed, last := 0, byte(0)
	for i := range len(s) {
		c := classOf[s[i]] & kinds
		mixed += int(c^last+kinds) >> 5 // 1, if they differ
		last = c
	}
	return mixed*mixedFactor >= len(s)
}

// isUUID reports whether s, which has 36 characters of base64url, is a
// lower-case UUID.
func isUUID(s string) bool {
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if classOf[s[i]]&hexDigit == 0 {
				return false
			}
		}
	}
	return true
}

// isBase64 reports whether s, whose characters are of the alphabet, is what
// base64url without padding makes of some bytes.
func isBase64(s string) bool {
	if s == "" {
		return true
	}
	last := s[len(s)-1]
	switch len(s) % 4 { // the trailing bits are zero
	case 0:
		return true
	case 2:
		return strings.IndexByte("AQgw", last) >= 0
	case 3:
		return strings.IndexByte("AEIMQUYcgkosw048", last) >= 0
	}
	return false
}

// isJWT reports whether s, whose characters are of base64url and dots, is a
// signed or encrypted token: base64url parts of which the first is a JSON
// object ("eyJ"), or all look random.
func isJWT(s string) bool {
	if len(s) < minDotted {
		return false
	}
	jwt := strings.HasPrefix(s, "eyJ")
	parts, size := uint64(0), 0
	for part := range strings.SplitSeq(s, ".") {
		if !isBase64(part) || !jwt && spellingOf(part) != base64s {
			return false
		}
		n := len(part) * 3 / 4
		size += cbor.HeadSize(uint64(n)) + n
		parts++
	}
	return 1+cbor.HeadSize(parts)+size < cbor.HeadSize(uint64(len(s)))+len(s)
}

// isISOTime reports whether s is what JavaScript's toISOString writes for a
// time in the years 0 to 9999.
func isISOTime(s string) bool {
	if len(s) != isoLength {
		return false
	}
	_, ok := parseISOTime(s)
	return ok
}

// parseISOTime returns the milliseconds since 1970 of a string of isoLength.
func parseISOTime(s string) (ms int64, ok bool) {
	const form = "dddd-dd-ddTdd:dd:dd.dddZ"
	for i := range len(form) {
		if form[i] == 'd' {
			if classOf[s[i]]&digit == 0 {
				return 0, false
			}
		} else if s[i] != form[i] {
			return 0, false
		}
	}
	year, month, day := number(s[:4]), number(s[5:7]), number(s[8:10])
	hour, minute, second := number(s[11:13]), number(s[14:16]), number(s[17:19])
	if hour > 23 || minute > 59 || second > 59 {
		return 0, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	if t.Month() != time.Month(month) || t.Day() != day {
		return 0, false // time.Date took 30 February for 1 or 2 March
	}
	return t.UnixMilli() + int64(number(s[20:23])), true
}

func number(s string) int {
	n := 0
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	return n
}

// The range of [tag.ISOTime], in milliseconds since 1970: the years 0 to 9999.
var (
	minISOTime = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxISOTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli() - 1
)

// formatISOTime formats a time of that range. RFC 3339 without a fraction is
// the layout that package time is fast at.
func formatISOTime(ms int64) string {
	var s [isoLength]byte
	b := time.UnixMilli(ms).UTC().AppendFormat(s[:0], time.RFC3339)
	// Z becomes a fraction, before a new Z. The remainder of a time before 1970
	// is negative.
	n := (ms%1000 + 1000) % 1000
	b = append(b[:len(b)-1], '.', byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10), 'Z')
	return string(b)
}

// writeSpelled writes s in one of the forms other than plain.
func writeSpelled(t *cbor.Tape, s string, form spelling) {
	switch form {
	case uuid:
		at := t.Open(cbor.Tag, tag.UUID)
		from := len(t.Data)
		for _, part := range [...]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]} {
			t.Data = appendHex(t.Data, part)
		}
		t.AddData(from)
		t.Close(at)
	case hexBytes:
		at := t.Open(cbor.Tag, tag.Hex)
		from := len(t.Data)
		t.Data = appendHex(t.Data, s)
		t.AddData(from)
		t.Close(at)
	case base64s:
		at := t.Open(cbor.Tag, tag.Base64)
		writeBase64(t, s)
		t.Close(at)
	case dotted:
		at := t.Open(cbor.Tag, tag.Base64)
		parts := t.Open(cbor.Array, uint64(strings.Count(s, ".")+1))
		for part := range strings.SplitSeq(s, ".") {
			writeBase64(t, part)
		}
		t.Close(parts)
		t.Close(at)
	case isoTime:
		at := t.Open(cbor.Tag, tag.ISOTime)
		ms, _ := parseISOTime(s)
		t.AddInt(ms)
		t.Close(at)
	}
}

func appendHex(dst []byte, s string) []byte {
	for i := 0; i+1 < len(s); i += 2 {
		dst = append(dst, hexValue(s[i])<<4|hexValue(s[i+1]))
	}
	return dst
}

// hexValue returns the value of a digit. There is no telling whether a digit is
// a letter, so it does without a branch.
func hexValue(c byte) byte { return c&15 + 9*(c>>6) }

// writeBase64 writes the bytes that s, which isBase64, spells.
func writeBase64(t *cbor.Tape, s string) {
	from := len(t.Data)
	t.Data, _ = wire.AppendToken(t.Data, s) // without an error, since s isBase64
	t.AddData(from)
}
