package cookiesession_test

import (
	"bytes"
	"crypto/sha3"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/value"
)

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

	BrowserSession bool   `json:"browser_session,omitempty"`
	Binding        string `json:"binding,omitempty"`         // hex
	BindingPending bool   `json:"binding_pending,omitempty"` // only with a binding
	PadTo          int    `json:"pad_to,omitempty"`          // bytes
	Record         string `json:"record,omitempty"`          // hex: what is sealed, where this library would seal something else

	Item    string `json:"item"`            // the value as CBOR, hex
	Packed  bool   `json:"packed"`          // the body is packed
	Foreign bool   `json:"foreign"`         // opens, and this library would seal the value in another way
	Token   string `json:"token,omitempty"` // the cookie value
	Error   string `json:"error,omitempty"` // it does not open: invalid, newer, unknown-key, expired
}

const vectorsFile = "testdata/vectors.json"

// vectorFile is all of testdata/vectors.json.
type vectorFile struct {
	Version int      `json:"version"`
	Frozen  bool     `json:"frozen"` // no flag rewrites the file: the version has been released
	Vectors []vector `json:"vectors"`
}

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

func decodeItem(t testing.TB, item []byte) (v any) {
	t.Helper()
	plan, err := value.PlanFor(reflect.TypeFor[any]())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Decode(item, reflect.ValueOf(&v).Elem()); err != nil {
		t.Fatal(err)
	}
	return v
}

// codec returns what opens and seals a vector.
func (v *vector) codec(t testing.TB) *cookiesession.Codec {
	key := keyFromSecret(t, unhex(t, v.Secret))
	if key.ID() != v.KeyID {
		t.Fatalf("key id %s, want %s", key.ID(), v.KeyID)
	}
	return newCodec(t, newRing(t, key), &cookiesession.CodecOptions{Label: v.Label, Lifetime: 400 * 24 * time.Hour, PadTo: v.PadTo})
}

// meta returns what stands beside the value.
func (v *vector) meta(t testing.TB) cookiesession.Meta {
	meta := cookiesession.Meta{
		ID: v.ID, Created: time.Unix(v.IssuedAt, 0).UTC(), Lifetime: time.Duration(v.Lifetime) * time.Second,
		BrowserSession: v.BrowserSession, BindingPending: v.BindingPending,
	}
	if v.Created != 0 {
		meta.Created = time.Unix(v.Created, 0).UTC()
	}
	copy(meta.Binding[:], unhex(t, v.Binding))
	return meta
}

func (v *vector) seal(t testing.TB) string {
	issued, random := time.Unix(v.IssuedAt, 0), [16]byte(unhex(t, v.Random))
	if v.Record != "" {
		return v.codec(t).SealRecordWithRandom(v.Name, unhex(t, v.Record), issued, random)
	}
	value := decodeItem(t, unhex(t, v.Item))
	token, err := v.codec(t).SealWithRandom(v.Name, value, v.meta(t), issued, random)
	if err != nil {
		t.Fatal(err)
	}
	return token
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
	if size, err := v.codec(t).Measure(v.Name, decodeItem(t, unhex(t, v.Item))); err != nil || !v.Foreign && isPacked(size) != v.Packed {
		t.Errorf("packed: %v, want %v; %v", isPacked(size), v.Packed, err)
	}
	if v.isSealedHere() {
		if got := v.seal(t); got != v.Token {
			t.Errorf("seals to\n%s, want\n%s", got, v.Token)
		}
	}
	var value any
	meta, err := v.codec(t).Open(v.Name, v.Token, &value)
	if want, ok := map[string]error{
		"invalid": cookiesession.ErrInvalid, "newer": cookiesession.ErrNewer,
		"unknown-key": cookiesession.ErrUnknownKey, "expired": cookiesession.ErrExpired,
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
	want := v.meta(t)
	want.KeyID, want.Issued = v.KeyID, time.Unix(v.IssuedAt, 0).UTC()
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Error(diff)
	}
}

// Each flag that is known is set in a token that opens.
func TestVectorsHaveTheFlags(t *testing.T) {
	flags := byte(0)
	for _, v := range readVectors(t) {
		if v.Error == "" {
			flags |= cookiesession.RecordOf(v.codec(t), v.Name, v.Token)[0]
		}
	}
	if flags != cookiesession.KnownFlags {
		t.Errorf("the vectors have the flags %#x, known are %#x", flags, cookiesession.KnownFlags)
	}
}

// isSealedHere reports whether the token can be made anew.
func (v *vector) isSealedHere() bool { return v.Record != "" || v.Error == "" && !v.Foreign }

func isPacked(size cookiesession.Size) bool { return size.Body < size.CBOR }

// updateVectors seals the vectors that this library would seal, anew.
func updateVectors(t *testing.T) {
	file := readVectorFile(t)
	if file.Frozen {
		t.Fatalf("%s is frozen: what version %d says never changes", vectorsFile, file.Version)
	}
	for i := range file.Vectors {
		if v := &file.Vectors[i]; v.isSealedHere() {
			v.KeyID = keyFromSecret(t, unhex(t, v.Secret)).ID()
			v.Token = v.seal(t)
			if v.Record != "" {
				continue
			}
			size, err := v.codec(t).Measure(v.Name, decodeItem(t, unhex(t, v.Item)))
			if err != nil {
				t.Fatal(err)
			}
			v.Packed = isPacked(size)
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
	if strconv.IntSize < 64 {
		t.Skip("an int of this machine does not hold the values")
	}
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
	const want = "4239069092e13e6cc6d6d6589baf489e6e1507b9f63bd32c2de1e2a82700a469"
	if got := hex.EncodeToString(sum); got != want {
		t.Errorf("digest of the tokens is %s, want %s", got, want)
	}
}
