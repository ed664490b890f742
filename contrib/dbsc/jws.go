package dbsc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
)

// maxJWS bounds what a browser sends as its proof, in bytes. Chromium's has
// about 400 with a key and 300 without.
const maxJWS = 4096

// coordinate is the size of a P-256 coordinate, and of either half of an ES256
// signature, in bytes (RFC 7518, Sections 3.4 and 6.2.1.2).
const coordinate = 32

// Errors of a browser's proof.
var (
	errTooLong   = errors.New("dbsc: a proof of more than 4096 bytes")
	errMalformed = errors.New("dbsc: not a compact JWS (RFC 7515, Section 3.1)")
	errForm      = errors.New("dbsc: not a JWS of type dbsc+jwt with ES256 and a jti")
	errKey       = errors.New("dbsc: not a P-256 key")
	errSignature = errors.New("dbsc: the signature does not verify")
)

// A publicKey is a point of P-256 in compressed form (SEC 1, Section 2.3.3).
type publicKey [1 + coordinate]byte

// An unverified is a parsed JWS whose signature nobody has looked at.
type unverified struct {
	signed    string    // what the signature is over
	signature []byte    // two numbers
	challenge string    // its jti
	key       publicKey // of its header; zero: none
}

// strict has one spelling for each sequence of bytes. The decoder would skip
// line ends, so those are refused before.
var strict = base64.RawURLEncoding.Strict()

func decodeBase64(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errMalformed
	}
	raw, err := strict.DecodeString(text)
	if err != nil {
		return nil, errMalformed
	}
	return raw, nil
}

// parseJWS reads the compact form (RFC 7515, Section 3.1) of a proof. The
// algorithm is not the token's choice: there is one.
func parseJWS(text string) (unverified, error) {
	if len(text) > maxJWS {
		return unverified{}, errTooLong
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return unverified{}, errMalformed
	}
	var header struct {
		Alg, Typ string
		JWK      *struct{ Kty, Crv, X, Y string }
	}
	var claims struct{ JTI string }
	for i, dst := range []any{&header, &claims} {
		raw, err := decodeBase64(parts[i])
		if err != nil || json.Unmarshal(raw, dst) != nil {
			return unverified{}, errMalformed
		}
	}
	if header.Alg != "ES256" || header.Typ != "dbsc+jwt" || claims.JTI == "" {
		return unverified{}, errForm
	}
	signature, err := decodeBase64(parts[2])
	if err != nil || len(signature) != 2*coordinate {
		return unverified{}, errMalformed
	}
	p := unverified{signed: text[:len(parts[0])+1+len(parts[1])], signature: signature, challenge: claims.JTI}
	if k := header.JWK; k != nil {
		if k.Kty != "EC" || k.Crv != "P-256" {
			return unverified{}, errKey
		}
		if p.key, err = compress(k.X, k.Y); err != nil {
			return unverified{}, err
		}
	}
	return p, nil
}

// compress returns the point with these coordinates, if it is one of the curve.
func compress(x, y string) (key publicKey, err error) {
	rawX, errX := decodeBase64(x)
	rawY, errY := decodeBase64(y)
	if errX != nil || errY != nil || len(rawX) != coordinate || len(rawY) != coordinate {
		return publicKey{}, errKey
	}
	point := append(append([]byte{4}, rawX...), rawY...)
	if _, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point); err != nil {
		return publicKey{}, errKey
	}
	key[0] = 2 | rawY[coordinate-1]&1
	copy(key[1:], rawX)
	return key, nil
}

// verify checks the signature under a key (RFC 7518, Section 3.4). Under none,
// nothing verifies.
func (p *unverified) verify(key publicKey) error {
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), key[:])
	if x == nil {
		return errKey
	}
	point := make([]byte, 1+2*coordinate)
	point[0] = 4
	x.FillBytes(point[1 : 1+coordinate])
	y.FillBytes(point[1+coordinate:])
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return errKey
	}
	sum := sha256.Sum256([]byte(p.signed))
	r, s := new(big.Int).SetBytes(p.signature[:coordinate]), new(big.Int).SetBytes(p.signature[coordinate:])
	if !ecdsa.Verify(public, sum[:], r, s) {
		return errSignature
	}
	return nil
}

// headerString returns the string in a header's value. The draft quotes it, as
// a structured field (RFC 9651, Section 3.3.3); Chromium 156 sends it bare.
func headerString(value string) string {
	quoted, ok := strings.CutPrefix(value, `"`)
	if !ok {
		return value
	}
	text, rest, ok := strings.Cut(quoted, `"`)
	if !ok || rest != "" && rest[0] != ';' {
		return ""
	}
	return text
}
