package cookiesession

import (
	"crypto/cipher"
	"crypto/fips140"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"example.com/cookiesession/internal/wire"
)

// A cookie value is the unpadded, strict base64url encoding (RFC 4648, Section
// 5) of a Token (in the notation of RFC 8446, Section 3):
//
//	struct {
//	    uint8  version_parts;      /* low half: version = 1; high half: parts - 1 */
//	    opaque key_id[3];
//	    uint32 issued_at;          /* Unix seconds, unsigned: good until 2106 */
//	    opaque random[16];
//	    opaque sealed[n + 16];     /* XChaCha20-Poly1305 of the n-byte Record */
//	} Token;
//
// The first 24 bytes are the nonce. So the version, the number of parts, the
// key id and the time are authenticated and cost nothing: a nonce has to be
// sent anyway, and altering it makes the tag fail. The whole overhead is 24 +
// 16 = 40 bytes.
//
// Nonces repeat only if the same 128 random bits are drawn in the same second
// under the same key: for 10^6 tokens a second during ten years the chance is
// 2^-61. Security does not rest on the clock: were it stuck for all that time,
// it would be 2^-33. XChaCha20 feeds the first 16 bytes of the nonce to
// HChaCha20, whose output is 256 bits wide, so that the place where the nonce
// is split adds no second birthday bound. A repeated nonce would cost the XOR
// of two records and forgeries under that one nonce, not the key. Forging costs
// 2^95 tries for one full cookie (Poly1305), so a key has no limit of use: keys
// are rotated because they leak.
//
// The additional data is
//
//	uint16 len(name) || name || label
//
// which ties a value to its cookie name and to the application, environment or
// tenant that the label names. The length prefix keeps the boundary between the
// two from being moved.
//
// The secret of a [Key] is used through HKDF-SHA256 alone (RFC 5869, no salt:
// the secret is uniform): once for the AEAD key, once for the key id. Both
// labels carry the version.
//
// XChaCha20-Poly1305 does not commit to its key, and nothing here needs it to:
// the attack on non-committing AEADs wants keys that can be guessed and one
// ciphertext that is tried under several. Here keys are 256 random bits and the
// id picks exactly one. That argument ends with the first passphrase and with
// the first trial decryption; add neither.
//
// Every change of the layout takes a new version. The sizes are those of
// package wire: an array of another length does not convert, should one drift.
var _ = [chacha20poly1305.NonceSizeX]byte([wire.HeaderSize]byte{})
var _ = [chacha20poly1305.Overhead]byte([wire.TagSize]byte{})

// A keyID is public: it stands in clear in every cookie.
type keyID [wire.KeyIDSize]byte

// String returns the id as 6 lower-case hexadecimal digits.
func (id keyID) String() string { return hex.EncodeToString(id[:]) }

// deriveKeyID returns the id of the key with this secret.
func deriveKeyID(secret *[32]byte) keyID {
	return keyID(derive(secret, "cookiesession v1 key id", wire.KeyIDSize))
}

var errFIPS = errors.New("XChaCha20-Poly1305 is not allowed in FIPS 140-only mode (GODEBUG=fips140=only)")

// newXAEAD returns the AEAD of the key with this secret. The module x/crypto
// knows of the mode only in some of its versions.
func newXAEAD(secret *[32]byte) (cipher.AEAD, error) {
	if fips140.Enforced() {
		return nil, errFIPS
	}
	return chacha20poly1305.NewX(derive(secret, "cookiesession v1 seal", chacha20poly1305.KeySize))
}

func derive(secret *[32]byte, label string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret[:], nil, label, size)
	if err != nil {
		panic("cookiesession: internal error: " + err.Error()) // unreachable: size is far below 255 hashes
	}
	return out
}

var (
	errTag   = errors.New("altered, or sealed under another key, name or label")
	errClock = errors.New("the clock is outside 1970 to 2106")
)

// checkClock refuses a time that a token can't have.
func checkClock(issuedAt int64) error {
	if issuedAt < 0 || issuedAt > math.MaxUint32 {
		return fmt.Errorf("%w: %s", errClock, time.Unix(issuedAt, 0).UTC().Format(time.RFC3339))
	}
	return nil
}

// A tokenHeader is the beginning of a token, and all of its nonce.
type tokenHeader struct {
	parts  int
	key    keyID
	issued int64
	random [wire.RandomSize]byte
}

// appendHeader appends a token's header to dst.
func appendHeader(dst []byte, h tokenHeader) []byte {
	dst = append(dst, byte(wire.Version|(h.parts-1)<<4))
	dst = append(dst, h.key[:]...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.issued))
	return append(dst, h.random[:]...)
}

// appendAdditionalData appends the additional data of a cookie to dst. The name
// has at most 65,535 bytes; callers check that.
func appendAdditionalData(dst []byte, name, label string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(name)))
	dst = append(dst, name...)
	return append(dst, label...)
}

// sealToken seals, in place, a token that consists of its header and the record
// in clear, and returns the whole token.
func sealToken(k *ringKey, token, additionalData []byte) []byte {
	nonce, record := token[:wire.HeaderSize], token[wire.HeaderSize:]
	return k.seal(nonce, nonce, record, additionalData)
}

// openToken opens a token in place and returns the record and when it was
// issued, in Unix seconds. On failure the token's bytes are gone.
func openToken(k *ringKey, token, additionalData []byte) (record []byte, issuedAt int64, err error) {
	if len(token) < wire.Overhead {
		return nil, 0, wire.ErrTooShort
	}
	nonce, sealed := token[:wire.HeaderSize], token[wire.HeaderSize:]
	record, err = k.open(sealed[:0], nonce, sealed, additionalData)
	if err != nil {
		return nil, 0, errTag
	}
	return record, int64(binary.BigEndian.Uint32(nonce[wire.TimeOffset:])), nil
}
