// Package wire is the outside of this library's cookies: sizes and limits, the
// names of parts, the header of a token, reading a Cookie header, and cutting
// and joining. Everything here is a pure function, without keys and without
// cryptography. docs/FORMAT.md describes the same for other programs.
//
// The root package, the command and the modules under contrib share it, so each
// of these facts stands in one place. A contrib module may be built with a
// later release of the core than the one that it was released with. So within a
// major version exported names are added here, and never changed or removed.
// TestAPI compares them with testdata/api.txt.
package wire

import (
	"errors"
	"time"
)

// Sizes of a token, in bytes.
const (
	Version = 1 // in the low half of the first byte

	KeyIDSize  = 3
	RandomSize = 16
	TimeOffset = 1 + KeyIDSize                  // of the time of issue, in the header
	HeaderSize = 1 + KeyIDSize + 4 + RandomSize // all of the nonce
	TagSize    = 16
	Overhead   = HeaderSize + TagSize // of a token, beside the record

	// MinRecord is the least that a token seals: flags, age and a byte of body.
	MinRecord = 3
)

// Limits.
const (
	// MaxCookie is the smallest limit that a browser in use has for a cookie's
	// name and value, in bytes. A browser ignores a larger cookie without an
	// error.
	MaxCookie = 4093

	// MaxParts is how many cookies a session can have.
	MaxParts = 8

	// MinSplit is the least limit of a cookie that can be one of several, in
	// bytes of name and value. The first part has to hold the header, and any
	// name is shorter than the rest.
	MinSplit = 1024

	// MaxTries bounds how many cookies of one name a request can have opened.
	MaxTries = 8

	// MaxUnpacked is the most that a packed body may unpack to, in bytes. A
	// larger value is stored as it is, if the size limit lets it.
	MaxUnpacked = 64 << 10

	// HeaderLine is the longest header line that nginx, Apache and others take
	// by default, in bytes. A browser sends all cookies of a host in one.
	HeaderLine = 8192

	// DefaultLifetime is how long a session lives from its creation.
	DefaultLifetime = 14 * 24 * time.Hour

	// MaxLifetime is how long browsers keep a cookie (RFC 6265bis, Section
	// 5.5).
	MaxLifetime = 400 * 24 * time.Hour

	// MaxSkew is how far ahead the clock of the replica that issued a cookie
	// may be.
	MaxSkew = 5 * time.Minute
)

// A Header is the part of a token that can be read without a key. Nobody has
// authenticated it until the tag has verified.
type Header struct {
	Version int
	Parts   int
	KeyID   [KeyIDSize]byte
	Issued  int64 // Unix seconds
}

// headerChars is the length of the text of version, parts, key id and time of
// issue: whole groups of four characters, for three bytes each.
const headerChars = 12

// Errors of [ParseHeader] and [AppendToken].
var (
	ErrTooShort = errors.New("shorter than any token")
	ErrEncoding = errors.New("not strict base64url")
)

// ParseHeader reads the header of a token's text without decoding the rest. A
// value whose key is unknown costs no more than that. It does not judge the
// version.
func ParseHeader(text string) (Header, error) {
	if len(text) < headerChars {
		return Header{}, ErrTooShort
	}
	first, id, issued := bits(text[:4]), bits(text[4:8]), bits(text[8:12])
	if (first|id|issued)&noValue != 0 {
		return Header{}, ErrEncoding
	}
	return Header{
		Version: int(first >> 16 & 0x0f),
		Parts:   int(first>>20) + 1,
		KeyID:   [KeyIDSize]byte{byte(first >> 8), byte(first), byte(id >> 16)},
		Issued:  int64(id&0xffff)<<16 | int64(issued>>8),
	}, nil
}
