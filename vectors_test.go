package cookiesession_test

import (
	"bytes"
	"crypto/sha3"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/keytext"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors.json")

// A vector is one token. testdata/vectors.json is meant for implementations in
// other languages as well: docs/FORMAT.md explains the fields.
type vector struct {
	Comment  string `json:"comment"`
	Secret   string `json:"secret"`            // hex
	KeyID    string `json:"key_id"`            // hex
	Name     string `json:"name"`              // of the cookie
	Label    string `json:"label,omitempty"`   // additional data
	IssuedAt int64  `json:"issued_at"`         // Unix seconds
	Random   string `json:"random"`            // hex
	ID       string `json:"id,omitempty"`      // hex
	Created  int64  `json:"created,omitempty"` // Unix seconds; absent: issued_at
	Lifetime int64  `json:"lifetime,omitempty"`
	Item     string `json:"item"`            // the value as CBOR, hex
	Packed   bool   `json:"packed"`          // the body is packed
	Foreign  bool   `json:"foreign"`         // opens, and this library would seal the value in another way
	Token    string `json:"token,omitempty"` // the cookie value
	Error    string `json:"error,omitempty"` // it does not open: invalid, unknown-key, expired
}

const vectorsFile = "testdata/vectors.json"

// vectorFile is all of testdata/vectors.json.
type vectorFile struct {
	Version int      `json:"version"`
	Frozen  bool     `json:"frozen"` // no flag rewrites the file: the version has been released
	Vectors []vector `json:"vectors"`
}

func readVectors(t testing.TB) []vector { return readVectorFile(t).Vectors }

func readVectorFile(t testing.TB) (file vectorFile) {
	t.Helper()
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func keyFromSecret(t testing.TB, secret []byte) cookiesession.Key {
	t.Helper()
	key, err := cookiesession.ParseKey(keytext.EncodeKey((*[32]byte)(secret)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func decodeItem(t testing.TB, item []byte) (value any) {
	t.Helper()
	plan, err := cbor.PlanFor(reflect.TypeFor[any]())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Decode(item, reflect.ValueOf(&value).Elem()); err != nil {
		t.Fatal(err)
	}
	return value
}

// codec returns what opens and seals a vector.
func (v *vector) codec(t testing.TB) *cookiesession.Codec {
	key := keyFromSecret(t, unhex(t, v.Secret))
	if key.ID() != v.KeyID {
		t.Fatalf("key id %s, want %s", key.ID(), v.KeyID)
	}
	return newCodec(t, newRing(t, key), &cookiesession.CodecOptions{Label: v.Label, Lifetime: 400 * 24 * time.Hour})
}

func (v *vector) seal(t testing.TB) string {
	meta := cookiesession.Meta{ID: v.ID, Lifetime: time.Duration(v.Lifetime) * time.Second}
	if v.Created != 0 {
		meta.Created = time.Unix(v.Created, 0)
	}
	value := decodeItem(t, unhex(t, v.Item))
	token, err := v.codec(t).SealWithRandom(v.Name, value, meta, time.Unix(v.IssuedAt, 0), [16]byte(unhex(t, v.Random)))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// sealUnpacked seals the item itself, which a record may have though it packs.
func (v *vector) sealUnpacked(t testing.TB) string {
	record, age := []byte{0}, uint64(0)
	if v.Created != 0 {
		age = uint64(v.IssuedAt - v.Created)
	}
	record = binary.AppendUvarint(record, age)
	if v.ID != "" {
		record[0] |= 1 << 1
		record = append(record, unhex(t, v.ID)...)
	}
	if v.Lifetime != 0 {
		record[0] |= 1 << 2
		record = binary.AppendUvarint(record, uint64(v.Lifetime))
	}
	record = append(record, unhex(t, v.Item)...)
	return v.codec(t).SealRecordWithRandom(v.Name, record, time.Unix(v.IssuedAt, 0), [16]byte(unhex(t, v.Random)))
}

// TestVectors checks that tokens stay what they are: each opens to its item,
// and its item seals to it. Clocks in bubbles start in 2000, so vectors are
// from then.
func TestVectors(t *testing.T) {
	if *update {
		updateVectors(t)
	}
	vectors := readVectors(t)
	if len(vectors) < 12 {
		t.Fatalf("only %d vectors", len(vectors))
	}
	for _, v := range vectors {
		t.Run(v.Comment, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Unix(v.IssuedAt, 0)))
				v.check(t)
			})
		})
	}
}

func (v *vector) check(t *testing.T) {
	if size, err := v.codec(t).Measure(v.Name, decodeItem(t, unhex(t, v.Item))); err != nil || !v.Foreign && size.Packed != v.Packed {
		t.Errorf("packed: %v, want %v; %v", size.Packed, v.Packed, err)
	}
	if v.Error == "" && !v.Foreign {
		if got := v.seal(t); got != v.Token {
			t.Errorf("seals to\n%s, want\n%s", got, v.Token)
		}
	}
	var value any
	meta, err := v.codec(t).Open(v.Name, v.Token, &value)
	if want, ok := map[string]error{
		"invalid": cookiesession.ErrInvalid, "unknown-key": cookiesession.ErrUnknownKey, "expired": cookiesession.ErrExpired,
	}[v.Error]; ok {
		if !errors.Is(err, want) || value != nil {
			t.Errorf("opens to %v, %v: want %v", value, err, want)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(decodeItem(t, unhex(t, v.Item)), value); diff != "" {
		t.Error(diff)
	}
	want := cookiesession.Meta{
		ID: v.ID, KeyID: v.KeyID, Issued: time.Unix(v.IssuedAt, 0).UTC(), Created: time.Unix(v.Created, 0).UTC(),
		Lifetime: time.Duration(v.Lifetime) * time.Second,
	}
	if v.Created == 0 {
		want.Created = want.Issued
	}
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Error(diff)
	}
}

// updateVectors seals the vectors that this library would seal, anew.
func updateVectors(t *testing.T) {
	file := readVectorFile(t)
	if file.Frozen {
		t.Fatalf("%s is frozen: what version %d says never changes", vectorsFile, file.Version)
	}
	for i := range file.Vectors {
		switch v := &file.Vectors[i]; {
		case v.Error != "":
		case v.Foreign:
			v.Token = v.sealUnpacked(t)
		default:
			v.KeyID = keyFromSecret(t, unhex(t, v.Secret)).ID()
			v.Token = v.seal(t)
			size, err := v.codec(t).Measure(v.Name, decodeItem(t, unhex(t, v.Item)))
			if err != nil {
				t.Fatal(err)
			}
			v.Packed = size.Packed
		}
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(vectorsFile, append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestAccumulatedVectors seals a thousand values drawn from SHAKE128 and
// compares one digest of all tokens.
func TestAccumulatedVectors(t *testing.T) {
	random := sha3.NewSHAKE128()
	_, _ = random.Write([]byte("cookiesession v1"))
	draw := func(n int) []byte {
		b := make([]byte, n)
		_, _ = random.Read(b)
		return b
	}
	digest := sha3.NewSHAKE128()
	for range 1000 {
		codec := newCodec(t, newRing(t, keyFromSecret(t, draw(32))), &cookiesession.CodecOptions{Label: string(draw(int(draw(1)[0]) % 8))})
		name := hex.EncodeToString(draw(1 + int(draw(1)[0])%16))
		at := time.Unix(int64(binary.BigEndian.Uint32(draw(4))), 0)
		value := map[string]any{
			"text":  base64.StdEncoding.EncodeToString(draw(int(draw(1)[0]) % 64)),
			"bytes": draw(int(draw(1)[0])),
			"n":     int(binary.BigEndian.Uint64(draw(8))),
			"list":  []any{draw(1)[0] < 128, float64(draw(1)[0]) / 8, nil},
		}
		text, err := codec.SealWithRandom(name, value, cookiesession.Meta{ID: hex.EncodeToString(draw(16))}, at, [16]byte(draw(16)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = digest.Write([]byte(text))
	}
	sum := make([]byte, 32)
	_, _ = digest.Read(sum)
	const want = "2f13f1650d84db53b8dac1e0776d9f62c1ee8aa66597814892e1459a97037911"
	if got := hex.EncodeToString(sum); got != want {
		t.Errorf("digest of the tokens is %s, want %s", got, want)
	}
}
