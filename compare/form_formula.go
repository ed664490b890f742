package main

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

const phoenixName = "Phoenix encrypted cookie"

// formulaForms are those that nothing here can run: their size is computed from
// how they are specified.
func formulaForms() ([]*form, error) {
	return []*form{
		{name: "Branca, JSON", group: formula, chars: branca, note: "by its specification"},
		{name: "Rails encrypted cookie", group: formula, chars: rails, note: "AES-256-GCM of base64 of JSON in an envelope, with the session id that Rails adds"},
		{name: phoenixName, group: formula, chars: phoenix, note: "plug_crypto 2, external term format"},
		{name: "Flask", group: formula, chars: flask, note: signedOnly},
		{name: "Django signed_cookies", group: formula, chars: django, note: signedOnly},
	}, nil
}

// unpadded returns the characters of n bytes in base64 without padding.
func unpadded(n int) int { return base64.RawStdEncoding.EncodedLen(n) }

// branca is one byte of version, four of time, a nonce of 24, the text, a tag
// of 16, written as one number in base 62. The version is 0xBA.
func branca(s session) (int, error) {
	rest := 4 + 24 + len(s.text) + 16
	return int((math.Log(0xBA)+float64(rest)*math.Log(256))/math.Log(62)) + 1, nil
}

// rails is base64 of the sealed envelope, the nonce and the tag, joined by --
// and escaped for the cookie: of random base64 one character in 32 is a + or /,
// and takes two more.
func rails(s session) (int, error) {
	const sessionID = `"session_id":"00112233445566778899aabbccddeeff",`
	message := base64.StdEncoding.EncodedLen(len(sessionID) + len(s.text))
	envelope := len(`{"_rails":{"message":"","pur":"cookie._app_session"}}`) + message
	return railsEscaped(envelope) + len("--") + railsEscaped(12) + len("--") + railsEscaped(16), nil
}

func railsEscaped(n int) int {
	chars, padding := unpadded(n), base64.StdEncoding.EncodedLen(n)-unpadded(n)
	return chars + (chars+8)/16 + padding*len("%3D")
}

// phoenix is XCP. and base64 of a nonce of 24 bytes, a tag of 16 and the term.
func phoenix(s session) (int, error) {
	n, err := termSize(asMap(s.value))
	return len("XCP.") + unpadded(24+16+1+n), err
}

// termSize returns the bytes of a value in Erlang's external term format,
// without the version.
func termSize(value any) (int, error) {
	switch value := value.(type) {
	case nil:
		return 2 + len("nil"), nil
	case bool:
		return 2 + len(fmt.Sprint(value)), nil
	case int:
		return termInteger(int64(value)), nil
	case int64:
		return termInteger(value), nil
	case float64:
		return 9, nil
	case string:
		return 5 + len(value), nil
	case []any:
		if len(value) == 0 {
			return 1, nil
		}
		if len(value) <= math.MaxUint16 && !slices.ContainsFunc(value, func(v any) bool { n, ok := v.(int); return !ok || n < 0 || n > math.MaxUint8 }) {
			return 3 + len(value), nil // of bytes, as a string
		}
		size := 6
		for _, v := range value {
			n, err := termSize(v)
			if err != nil {
				return 0, err
			}
			size += n
		}
		return size, nil
	case map[string]any:
		size := 5
		for k, v := range value {
			n, err := termSize(v)
			if err != nil {
				return 0, err
			}
			size += 5 + len(k) + n
		}
		return size, nil
	}
	return 0, fmt.Errorf("no term for a %T", value)
}

func termInteger(n int64) int {
	switch {
	case n >= 0 && n <= math.MaxUint8:
		return 2
	case n >= math.MinInt32 && n <= math.MaxInt32:
		return 5
	}
	magnitude := uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	return 3 + (bits.Len64(magnitude)+7)/8
}

// flask is itsdangerous' URLSafeTimedSerializer: base64 of the JSON text,
// deflated if that is smaller, a time of four bytes and a SHA-1 HMAC.
func flask(s session) (int, error) {
	n, err := maybeDeflated(s.text)
	return n + len(".") + unpadded(4) + len(".") + unpadded(20), err
}

// django is the same with a time in base 62 and a SHA-256 HMAC.
func django(s session) (int, error) {
	n, err := maybeDeflated(s.text)
	return n + len(":") + 6 + len(":") + unpadded(32), err
}

// maybeDeflated returns the characters of base64 of a JSON text as Python
// writes it, by zlib behind a dot if that is smaller.
func maybeDeflated(text []byte) (int, error) {
	text = pythonJSON(text)
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	if b.Len() < len(text)-1 {
		return len(".") + unpadded(b.Len()), nil
	}
	return unpadded(len(text)), nil
}

// pythonJSON escapes all but ASCII, as Python's json module does.
func pythonJSON(text []byte) []byte {
	escaped := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r < utf8.RuneSelf:
			escaped = append(escaped, text[0])
		case r > math.MaxUint16:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
		text = text[n:]
	}
	return escaped
}
