package dbsc

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A signer makes proofs, also wrong ones.
type signer struct {
	key  *ecdsa.PrivateKey
	x, y string // of the public key
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key, encode(point[1:33]), encode(point[33:])}
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (s *signer) header(format string, args ...any) string {
	jwk := fmt.Sprintf(`"jwk":{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}`, s.x, s.y)
	return strings.ReplaceAll(fmt.Sprintf(format, args...), "JWK", jwk)
}

func (s *signer) sign(header, claims string) string {
	signed := encode([]byte(header)) + "." + encode([]byte(claims))
	sum := sha256.Sum256([]byte(signed))
	a, b, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		panic(err)
	}
	return signed + "." + encode(append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...))
}

const goodClaims = `{"jti":"challenge"}`

// Each row breaks one thing of a proof that verifies.
func TestJWS(t *testing.T) {
	s := newSigner(t)
	good := s.sign(s.header(`{"alg":"ES256","typ":"dbsc+jwt",JWK}`), goodClaims)
	header := func(format string, args ...any) string { return s.sign(s.header(format, args...), goodClaims) }
	claims := func(claims string) string { return s.sign(s.header(`{"alg":"ES256","typ":"dbsc+jwt",JWK}`), claims) }
	jwk := func(jwk string) string { return header(`{"alg":"ES256","typ":"dbsc+jwt","jwk":%s}`, jwk) }
	parts := strings.Split(good, ".")
	// The last character of a signature has four unused bits.
	last := parts[2][len(parts[2])-1]
	alphabet := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	twin := parts[2][:len(parts[2])-1] + string(alphabet[strings.IndexByte(alphabet, last)|1])
	for _, test := range []struct {
		name, text string
		want       error
	}{
		{"good", good, nil},
		{"other claims as well", claims(`{"jti":"challenge","iat":1,"aud":["x"]}`), nil},
		{"just short enough", claims(`{"jti":"challenge","x":"` + strings.Repeat("a", 2700) + `"}`), nil},
		{"too long", claims(`{"jti":"challenge","x":"` + strings.Repeat("a", 3000) + `"}`), errTooLong},
		{"empty", "", errMalformed},
		{"two parts", parts[0] + "." + parts[1], errMalformed},
		{"four parts", good + ".", errMalformed},
		{"padding", parts[0] + "=." + parts[1] + "." + parts[2], errMalformed},
		{"the other alphabet", strings.Join([]string{parts[0], parts[1], strings.Repeat("+", 86)}, "."), errMalformed},
		{"a line end", parts[0] + "\n." + parts[1] + "." + parts[2], errMalformed},
		{"a line end in the signature", good + "\r\n", errMalformed},
		{"unused bits in the signature", parts[0] + "." + parts[1] + "." + twin, errMalformed},
		{"no JSON", s.sign(`{"alg":"ES256","typ":"dbsc+jwt"`, goodClaims), errMalformed},
		{"two JSON values", s.sign(`{"alg":"ES256","typ":"dbsc+jwt"}{}`, goodClaims), errMalformed},
		{"claims that are no object", claims(`[]`), errMalformed},
		{"a short signature", parts[0] + "." + parts[1] + "." + parts[2][:84], errMalformed},
		{"a long signature", good + "AA", errMalformed},
		{"no signature", parts[0] + "." + parts[1] + ".", errMalformed},
		{"no algorithm", header(`{"alg":"none","typ":"dbsc+jwt",JWK}`), errForm},
		{"another algorithm", header(`{"alg":"HS256","typ":"dbsc+jwt",JWK}`), errForm},
		{"algorithm in lower case", header(`{"alg":"es256","typ":"dbsc+jwt",JWK}`), errForm},
		{"another type", header(`{"alg":"ES256","typ":"JWT",JWK}`), errForm},
		{"no type", header(`{"alg":"ES256",JWK}`), errForm},
		{"no challenge", claims(`{}`), errForm},
		{"an empty challenge", claims(`{"jti":""}`), errForm},
		{"a challenge that is no text", claims(`{"jti":1}`), errMalformed},
		{"no key", header(`{"alg":"ES256","typ":"dbsc+jwt"}`), errKey},
		{"an empty key", jwk(`{}`), errKey},
		{"an RSA key", jwk(`{"kty":"RSA","n":"AQAB","e":"AQAB"}`), errKey},
		{"another curve", jwk(`{"kty":"EC","crv":"P-384","x":"` + s.x + `","y":"` + s.y + `"}`), errKey},
		{"no y", jwk(`{"kty":"EC","crv":"P-256","x":"` + s.x + `"}`), errKey},
		{"a short x", jwk(`{"kty":"EC","crv":"P-256","x":"` + s.x[:42] + `","y":"` + s.y + `"}`), errKey},
		{"not on the curve", jwk(`{"kty":"EC","crv":"P-256","x":"` + s.x + `","y":"` + s.x + `"}`), errKey},
		{"the point at infinity", jwk(`{"kty":"EC","crv":"P-256","x":"` + encode(make([]byte, 32)) + `","y":"` + encode(make([]byte, 32)) + `"}`), errKey},
		{"another key", jwk(fmt.Sprintf(`{"kty":"EC","crv":"P-256","x":"%s","y":"%s"}`, newSigner(t).x, "")), errKey},
		{"altered claims", parts[0] + "." + encode([]byte(`{"jti":"challengf"}`)) + "." + parts[2], errSignature},
		{"altered header", strings.Replace(good, parts[0], encode([]byte(s.header(`{"typ":"dbsc+jwt","alg":"ES256",JWK}`))), 1), errSignature},
		{"a signature of zeros", parts[0] + "." + parts[1] + "." + encode(make([]byte, 64)), errSignature},
		{"a signature of ones", parts[0] + "." + parts[1] + "." + encode(bytes.Repeat([]byte{0xff}, 64)), errSignature},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := parseJWS(test.text)
			if err == nil {
				err = p.verify(p.key)
			}
			if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if err == nil && p.challenge != "challenge" {
				t.Errorf("the challenge is %q", p.challenge)
			}
		})
	}
}

func TestHeaderString(t *testing.T) {
	for _, test := range []struct{ value, want string }{
		{"", ""},
		{"abc", "abc"},
		{`"abc"`, "abc"},
		{`"abc";id="x"`, "abc"},
		{`"abc`, ""},
		{`"abc"d`, ""},
		{`""`, ""},
	} {
		if got := headerString(test.value); got != test.want {
			t.Errorf("headerString(%q) is %q, want %q", test.value, got, test.want)
		}
	}
}

// FuzzJWS checks that a proof is taken only if the key signed just these bytes:
// that what verifies has one spelling, is short enough, and verifies no longer
// if a character changes. What is refused gives the zero value and one of five
// errors.
func FuzzJWS(f *testing.F) {
	s := newSigner(f)
	good := s.sign(s.header(`{"alg":"ES256","typ":"dbsc+jwt",JWK}`), goodClaims)
	for _, text := range []string{
		good, "", "..", good + "=", strings.Replace(good, ".", "\n.", 1), good[:len(good)-1] + "_",
		s.sign(s.header(`{"alg":"none","typ":"dbsc+jwt",JWK}`), goodClaims),
		s.sign(`{"alg":"ES256","typ":"dbsc+jwt","jwk":{"kty":"EC","crv":"P-256","x":"","y":""}}`, goodClaims),
		s.sign(`{"alg":"ES256","typ":"dbsc+jwt"}`, `{"jti":"`+strings.Repeat("a", 3000)+`"}`),
	} {
		f.Add(text, uint(7))
	}
	f.Fuzz(func(t *testing.T, text string, at uint) {
		p, err := parseJWS(text)
		if err != nil {
			known := false
			for _, e := range []error{errTooLong, errMalformed, errForm, errKey} {
				known = known || errors.Is(err, e)
			}
			if !known || p.signed != "" || p.signature != nil || p.challenge != "" || p.key != (publicKey{}) {
				t.Errorf("%v, with %+v", err, p)
			}
			return
		}
		if len(text) > maxJWS || p.signed+"."+encode(p.signature) != text || p.challenge == "" {
			t.Errorf("taken: %q as %+v", text, p)
		}
		if p.verify(p.key) != nil {
			return
		}
		i := at % uint(len(text))
		altered := []byte(text)
		altered[i] ^= 1
		if q, err := parseJWS(string(altered)); err == nil && q.verify(p.key) == nil {
			t.Errorf("verifies with another character at %d", i)
		}
	})
}
