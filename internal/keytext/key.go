package keytext

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// SecretSize is the size of a key's secret, in bytes.
const SecretSize = 32

// A key is written as
//
//	csk1_ base64url(secret[32] || SHA-256(secret)[:4])
//
// without padding, which 36 bytes do not need. Scanners of repositories and
// logs find a key by its prefix. The checksum catches a key that was mistyped
// or cut. It tells nothing more to a reader, because the secret stands beside
// it.
const (
	prefix       = "csk1_"
	checksumSize = 4
	keyLength    = len(prefix) + (SecretSize+checksumSize)/3*4 // in characters
)

var (
	errNoKey    = errors.New("not a key: it does not begin with csk1_ (make one with NewKey, or with the command cookiesession keygen)")
	errAlphabet = errors.New("a key with a character that is not base64url")
	errChecksum = errors.New("a key whose checksum is wrong: mistyped?")
	errSpace    = errors.New("a key with white space around it or in it")
)

// EncodeKey returns the text of a key.
func EncodeKey(secret *[SecretSize]byte) string {
	sum := sha256.Sum256(secret[:])
	b := make([]byte, 0, SecretSize+checksumSize)
	b = append(append(b, secret[:]...), sum[:checksumSize]...)
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// DecodeKey returns the secret of a key's text, which has one spelling. Its
// errors name the kind of mistake and quote nothing of the text.
func DecodeKey(text string) ([SecretSize]byte, error) {
	none := [SecretSize]byte{}
	switch {
	case !strings.HasPrefix(strings.TrimSpace(text), prefix):
		return none, errNoKey
	case strings.ContainsAny(text, " \t\r\n"): // base64 would skip CR and LF
		return none, errSpace
	case len(text) != keyLength:
		return none, fmt.Errorf("a key of %d characters, not %d: cut, or two in one?", len(text), keyLength)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text[len(prefix):])
	if err != nil {
		return none, errAlphabet // err would say at which character, which is no help
	}
	secret, checksum := [SecretSize]byte(b), b[SecretSize:]
	sum := sha256.Sum256(secret[:])
	if subtle.ConstantTimeCompare(sum[:checksumSize], checksum) != 1 {
		return none, errChecksum
	}
	return secret, nil
}
