package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"aidanwoods.dev/go-paseto"
	"github.com/fernet/fernet-go"
	"github.com/go-jose/go-jose/v4"
	"github.com/gofiber/fiber/v3/middleware/encryptcookie"
	"github.com/gorilla/securecookie"
	"github.com/pierrec/lz4/v4"
	"github.com/vmihailenco/msgpack/v5"
)

func init() {
	// As the documentation of gorilla/sessions and of scs asks for.
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

const gorillaName = "gorilla/securecookie, gob"

// lifetime is that of the forms with a time in them.
const lifetime = 14 * 24 * time.Hour

func peerForms() ([]*form, error) {
	all := []*form{gorillaForm(gorillaName, nil), gorillaForm("gorilla/securecookie, JSON", securecookie.JSONEncoder{})}
	all = append(all, scsForm(), fiberForm(), oauth2ProxyForm(), fernetForm(), pasetoForm())
	for _, row := range []struct {
		name        string
		compression jose.CompressionAlgorithm
		note        string
	}{
		{"JWE, go-jose, dir + A256GCM", jose.NONE, ""},
		{"JWE, go-jose, dir + A256GCM + DEFLATE", jose.DEFLATE, oracle},
	} {
		f, err := joseForm(row.compression)
		if err != nil {
			return nil, err
		}
		f.name, f.note = row.name, row.note
		all = append(all, f)
	}
	return all, nil
}

// gorillaForm is the codec of gorilla/sessions' CookieStore, with encryption;
// serializer nil: gob, as there.
func gorillaForm(name string, serializer securecookie.Serializer) *form {
	codec := securecookie.New(randomBytes(64), randomBytes(32)).MaxLength(0)
	f := &form{
		name: name, group: peer, module: "github.com/gorilla/securecookie",
		seal: func(value any) (string, error) { return codec.Encode(cookieName, value) },
		open: func(text string, dst any) error { return codec.Decode(cookieName, text, dst) },
	}
	if serializer != nil {
		codec.SetSerializer(serializer)
		return f
	}
	f.convert = asGobValues
	f.note = "the form of gorilla/sessions and of packages on it"
	return f
}

// scsForm is scs as it is: the cookie names a session in the server's memory.
func scsForm() *form {
	manager := newSCS()
	return &form{
		name: "alexedwards/scs, memory store", group: peer, module: "github.com/alexedwards/scs/v2", convert: asGobEntries,
		note: onServer,
		seal: sealedBySCS(manager, manager.LoadAndSave),
	}
}

// fiberForm is fiber's encryptcookie, around JSON.
func fiberForm() *form {
	key := encryptcookie.GenerateKey(32)
	return &form{
		name: "fiber encryptcookie, JSON", group: peer, module: "github.com/gofiber/fiber/v3",
		note: "no time in it",
		seal: func(value any) (string, error) {
			text, err := json.Marshal(value)
			if err != nil {
				return "", err
			}
			return encryptcookie.EncryptCookie(cookieName, string(text), key)
		},
		open: func(text string, dst any) error {
			plain, err := encryptcookie.DecryptCookie(cookieName, text, key)
			if err != nil {
				return err
			}
			return json.Unmarshal([]byte(plain), dst)
		},
	}
}

// oauth2ProxyForm is that of oauth2-proxy, whose packages are internal to it:
// msgpack, LZ4, AES-256-CFB, base64, the time, and an HMAC-SHA256 over all.
func oauth2ProxyForm() *form {
	secret := randomBytes(32)
	return &form{
		name: "oauth2-proxy's form: msgpack + LZ4", group: peer, module: "github.com/vmihailenco/msgpack/v5",
		note: "put together from its dependencies; " + oracle,
		seal: func(value any) (string, error) {
			packed, err := msgpack.Marshal(value)
			if err != nil {
				return "", err
			}
			var b bytes.Buffer
			w := lz4.NewWriter(&b)
			if err := w.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.CompressionLevelOption(lz4.Fast)); err != nil {
				return "", err
			}
			if _, err := w.Write(packed); err != nil {
				return "", err
			}
			if err := w.Close(); err != nil {
				return "", err
			}
			block, err := aes.NewCipher(secret)
			if err != nil {
				return "", err
			}
			sealed := make([]byte, aes.BlockSize+b.Len())
			_, _ = rand.Read(sealed[:aes.BlockSize])
			//lint:ignore SA1019 oauth2-proxy uses it
			cipher.NewCFBEncrypter(block, sealed[:aes.BlockSize]).XORKeyStream(sealed[aes.BlockSize:], b.Bytes())
			text := base64.URLEncoding.EncodeToString(sealed)
			at := strconv.FormatInt(time.Now().Unix(), 10)
			return text + "|" + at + "|" + oauth2ProxySignature(secret, text, at), nil
		},
		open: func(value string, dst any) error {
			parts := strings.Split(value, "|")
			if len(parts) != 3 || !hmac.Equal([]byte(oauth2ProxySignature(secret, parts[0], parts[1])), []byte(parts[2])) {
				return errors.New("not valid")
			}
			if at, err := strconv.ParseInt(parts[1], 10, 64); err != nil || time.Since(time.Unix(at, 0)) > lifetime {
				return errors.New("expired")
			}
			sealed, err := base64.URLEncoding.DecodeString(parts[0])
			if err != nil || len(sealed) < aes.BlockSize {
				return fmt.Errorf("not valid: %w", err)
			}
			block, err := aes.NewCipher(secret)
			if err != nil {
				return err
			}
			small := sealed[aes.BlockSize:]
			//lint:ignore SA1019 oauth2-proxy uses it
			cipher.NewCFBDecrypter(block, sealed[:aes.BlockSize]).XORKeyStream(small, small)
			packed, err := io.ReadAll(lz4.NewReader(bytes.NewReader(small)))
			if err != nil {
				return err
			}
			return msgpack.Unmarshal(packed, dst)
		},
	}
}

func oauth2ProxySignature(secret []byte, text, at string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(cookieName))
	mac.Write([]byte(text))
	mac.Write([]byte(at))
	return base64.URLEncoding.EncodeToString(mac.Sum(nil))
}

func fernetForm() *form {
	key := new(fernet.Key)
	copy(key[:], randomBytes(len(key)))
	keys := []*fernet.Key{key}
	return &form{
		name: "Fernet, fernet-go, JSON", group: peer, module: "github.com/fernet/fernet-go",
		note: "not bound to the cookie's name",
		seal: func(value any) (string, error) {
			text, err := json.Marshal(value)
			if err != nil {
				return "", err
			}
			token, err := fernet.EncryptAndSign(text, key)
			return string(token), err
		},
		open: func(text string, dst any) error {
			plain := fernet.VerifyAndDecrypt([]byte(text), lifetime, keys)
			if plain == nil {
				return errors.New("not valid")
			}
			return json.Unmarshal(plain, dst)
		},
	}
}

// pasetoForm has the session as one claim beside the expiry.
func pasetoForm() *form {
	key := paseto.NewV4SymmetricKey()
	return &form{
		name: "PASETO v4.local, go-paseto", group: peer, module: "aidanwoods.dev/go-paseto",
		note: "an expiry and one claim",
		seal: func(value any) (string, error) {
			token := paseto.NewToken()
			token.SetExpiration(time.Now().Add(lifetime))
			if err := token.Set("session", value); err != nil {
				return "", err
			}
			return token.V4Encrypt(key, []byte(cookieName)), nil
		},
		open: func(text string, dst any) error {
			parser := paseto.NewParser()
			token, err := parser.ParseV4Local(key, text, []byte(cookieName))
			if err != nil {
				return err
			}
			return token.Get("session", dst)
		},
	}
}

func joseForm(compression jose.CompressionAlgorithm) (*form, error) {
	key := randomBytes(32)
	encrypter, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: key}, &jose.EncrypterOptions{Compression: compression})
	if err != nil {
		return nil, err
	}
	algorithms, encryptions := []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM}
	return &form{
		group: peer, module: "github.com/go-jose/go-jose/v4",
		seal: func(value any) (string, error) {
			text, err := json.Marshal(value)
			if err != nil {
				return "", err
			}
			object, err := encrypter.Encrypt(text)
			if err != nil {
				return "", err
			}
			return object.CompactSerialize()
		},
		open: func(text string, dst any) error {
			object, err := jose.ParseEncryptedCompact(text, algorithms, encryptions)
			if err != nil {
				return err
			}
			plain, err := object.Decrypt(key)
			if err != nil {
				return err
			}
			return json.Unmarshal(plain, dst)
		},
	}, nil
}
