package main

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"reflect"

	"github.com/andybalholm/brotli"
	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/chacha20poly1305"
)

// Names of forms that others are compared with.
const (
	minimumName     = "the minimum"
	jsonGCMName     = "JSON + AES-256-GCM, by hand"
	cborXChaChaName = "CBOR + XChaCha20-Poly1305, by hand"
	brotliName      = "CBOR + Brotli 11 + XChaCha20-Poly1305, by hand"
)

// minimumForm is the least that an encrypted cookie costs, as in the root
// module's BenchmarkMinimum: a fresh buffer, 24 random bytes,
// XChaCha20-Poly1305 of the JSON text, which is made outside the measurement,
// and base64; and the way back, where the text is decrypted in place.
func minimumForm() ([]*form, error) {
	aead, err := chacha20poly1305.NewX(randomBytes(chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	const nonceSize = chacha20poly1305.NonceSizeX
	return []*form{{
		name: minimumName, group: minimum, bytes: true,
		note: "seals JSON that was made before",
		seal: func(value any) (string, error) {
			text := value.([]byte)
			token := make([]byte, nonceSize, nonceSize+len(text)+chacha20poly1305.Overhead)
			_, _ = rand.Read(token)
			return base64.RawURLEncoding.EncodeToString(aead.Seal(token, token, text, nil)), nil
		},
		open: func(text string, _ any) error {
			token, err := base64.RawURLEncoding.DecodeString(text)
			if err != nil {
				return err
			}
			_, err = aead.Open(token[nonceSize:nonceSize], token[:nonceSize], token[nonceSize:], nil)
			return err
		},
	}}, nil
}

// A serializer turns values into bytes and back.
type serializer struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}

// handForms are the some 30 lines that an engineer writes instead of using a
// library.
func handForms() ([]*form, error) {
	block, err := aes.NewCipher(randomBytes(32))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	xchacha, err := chacha20poly1305.NewX(randomBytes(chacha20poly1305.KeySize))
	if err != nil {
		return nil, err
	}
	decoder, err := cbor.DecOptions{DefaultMapType: reflect.TypeFor[map[string]any]()}.DecMode()
	if err != nil {
		return nil, err
	}
	asJSON := serializer{json.Marshal, json.Unmarshal}
	asCBOR := serializer{cbor.Marshal, decoder.Unmarshal}
	var all []*form
	for _, row := range []struct {
		name string
		note string
		serializer
		aead cipher.AEAD
	}{
		{jsonGCMName, "", asJSON, gcm},
		{"CBOR + AES-256-GCM, by hand", "", asCBOR, gcm},
		{"JSON + XChaCha20-Poly1305, by hand", "", asJSON, xchacha},
		{cborXChaChaName, "", asCBOR, xchacha},
		{"CBOR + DEFLATE 9 + XChaCha20-Poly1305, by hand", oracle, asCBOR.compressed(deflate, inflate), xchacha},
		{brotliName, oracle, asCBOR.compressed(brotliCompress, brotliDecompress), xchacha},
	} {
		f := &form{name: row.name, group: byHand, note: row.note}
		f.seal, f.open = row.sealed(row.aead)
		all = append(all, f)
	}
	return all, nil
}

// sealed seals the bytes that s makes, with the cookie's name as additional
// data.
func (s serializer) sealed(aead cipher.AEAD) (seal func(any) (string, error), open func(string, any) error) {
	nonceSize := aead.NonceSize()
	seal = func(value any) (string, error) {
		text, err := s.marshal(value)
		if err != nil {
			return "", err
		}
		token := make([]byte, nonceSize, nonceSize+len(text)+aead.Overhead())
		_, _ = rand.Read(token)
		return base64.RawURLEncoding.EncodeToString(aead.Seal(token, token, text, []byte(cookieName))), nil
	}
	open = func(value string, dst any) error {
		token, err := base64.RawURLEncoding.DecodeString(value)
		if err != nil {
			return err
		}
		if len(token) < nonceSize {
			return errors.New("too short")
		}
		nonce, sealed := token[:nonceSize], token[nonceSize:]
		text, err := aead.Open(sealed[:0], nonce, sealed, []byte(cookieName))
		if err != nil {
			return err
		}
		return s.unmarshal(text, dst)
	}
	return seal, open
}

// compressed compresses the bytes that s makes. A byte before them says whether
// they got smaller.
func (s serializer) compressed(compress func([]byte) ([]byte, error), decompress func([]byte) ([]byte, error)) serializer {
	return serializer{
		marshal: func(value any) ([]byte, error) {
			text, err := s.marshal(value)
			if err != nil {
				return nil, err
			}
			small, err := compress(text)
			if err != nil {
				return nil, err
			}
			if len(small) < len(text) {
				return append([]byte{1}, small...), nil
			}
			return append([]byte{0}, text...), nil
		},
		unmarshal: func(text []byte, dst any) error {
			if len(text) == 0 {
				return errors.New("too short")
			}
			if text[0] == 0 {
				return s.unmarshal(text[1:], dst)
			}
			text, err := decompress(text[1:])
			if err != nil {
				return err
			}
			return s.unmarshal(text, dst)
		},
	}
}

// maxPlain bounds the result of decompressing.
const maxPlain = 64 << 10

func deflate(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

func inflate(small []byte) ([]byte, error) {
	return io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(small)), maxPlain))
}

func brotliCompress(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

func brotliDecompress(small []byte) ([]byte, error) {
	return io.ReadAll(io.LimitReader(brotli.NewReader(bytes.NewReader(small)), maxPlain))
}
