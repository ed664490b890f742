package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"example.com/cookiesession/internal/wire"
)

const headerChars = wire.HeaderSize / 3 * 4

// A token is the part of a cookie value that everybody can read.
type token struct {
	parts  int
	key    string
	issued time.Time
	size   int // bytes
}

// A cause is the reason why a cookie does not open, as one word, for scripts.
type cause string

const (
	causeEmpty       cause = "empty"
	causeBase64      cause = "not-base64url"
	causeShort       cause = "too-short"
	causeVersion     cause = "version"
	causeParts       cause = "too-many-parts"
	causeMissingPart cause = "missing-part"
	causeFuture      cause = "future"
	causeUnknownKey  cause = "unknown-key"
	causeRetiredKey  cause = "retired-key"
	causeRevokedKey  cause = "revoked-key"
	causeAltered     cause = "altered"
	causeNewer       cause = "newer"
	causeMalformed   cause = "malformed"
	causeValue       cause = "value"
	causeExpired     cause = "expired"
)

// A refusal says why a cookie does not open.
type refusal struct {
	cause cause
	why   string
}

func refuse(c cause, format string, args ...any) *refusal {
	return &refusal{c, fmt.Sprintf(format, args...)}
}

// parseHeader reads the header of a token's text. It needs the first 32
// characters.
func parseHeader(text string) (token, *refusal) {
	if text == "" {
		return token{}, refuse(causeEmpty, "it is empty")
	}
	if r := checkAlphabet(text); r != nil {
		return token{}, r
	}
	if len(text) < headerChars {
		return token{}, refuse(causeShort, "it has %d characters, where the header alone has %d: not a cookie of this library, or cut", len(text), headerChars)
	}
	h, err := wire.ParseHeader(text)
	if err != nil {
		return token{}, refuse(causeBase64, "its header is not base64url")
	}
	if h.Version != wire.Version {
		return token{}, refuse(causeVersion, "its version is %d, and this program reads version %d: not a cookie of this library, or of a newer one", h.Version, wire.Version)
	}
	return token{parts: h.Parts, key: hex.EncodeToString(h.KeyID[:]), issued: time.Unix(h.Issued, 0).UTC()}, nil
}

// parseToken reads the text of a whole token.
func parseToken(text string) (token, *refusal) {
	t, r := parseHeader(text)
	if r != nil {
		return t, r
	}
	raw, err := wire.AppendToken(nil, text)
	t.size = len(raw)
	switch {
	case err != nil && len(text)%4 == 1:
		return t, refuse(causeBase64, "base64 never has %d characters: one or more are missing", len(text))
	case err != nil:
		return t, refuse(causeBase64, "its last character has bits that must be zero: altered, or cut")
	case t.size < wire.Overhead+wire.MinRecord:
		return t, refuse(causeShort, "it has %d bytes, where a cookie has at least %d: cut", t.size, wire.Overhead+wire.MinRecord)
	}
	return t, nil
}

// checkAlphabet says why a text is not base64url.
func checkAlphabet(text string) *refusal {
	i := strings.IndexFunc(text, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
	})
	if i < 0 {
		return nil
	}
	what := "a character that base64url does not have"
	switch c := text[i]; c {
	case '=':
		what = "padding (=), which cookies of this library do not have"
	case '+', '/':
		what = fmt.Sprintf("a %q, which is ordinary base64: cookies of this library are base64url", c)
	case '%':
		what = "a percent sign: decode it first"
	case '"', '\'':
		what = "a quotation mark, which is not part of a cookie"
	case '\n', '\r', ' ', '\t':
		what = "white space: was it wrapped?"
	case '.':
		what = "a dot: a JSON Web Token?"
	}
	return refuse(causeBase64, "character %d is %s", i+1, what)
}
