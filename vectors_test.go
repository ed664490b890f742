package cookiesession_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/value"
)

// A vector is one token, or one Cookie header. testdata/vectors.json is meant
// for implementations in other languages as well: docs/FORMAT.md explains the
// fields.
type vector struct {
	Comment  string `json:"comment,omitempty"`   // what it is for
	Secret   string `json:"secret,omitempty"`    // hex, of the only key
	Keyring  string `json:"keyring,omitempty"`   // instead of a secret: the text of a keyring
	KeyID    string `json:"key_id,omitempty"`    // hex, of the key that sealed it
	Name     string `json:"name,omitempty"`      // of the cookie
	Label    string `json:"label,omitempty"`     // additional data
	IssuedAt int64  `json:"issued_at,omitempty"` // Unix seconds
	Now      int64  `json:"now,omitempty"`       // when it is opened; absent: issued_at
	Random   string `json:"random,omitempty"`    // hex
	ID       string `json:"id,omitempty"`        // hex
	Created  int64  `json:"created,omitempty"`   // Unix seconds; absent: issued_at
	Lifetime int64  `json:"lifetime,omitempty"`

	BrowserSession bool   `json:"browser_session,omitempty"`
	Binding        string `json:"binding,omitempty"`         // hex
	BindingPending bool   `json:"binding_pending,omitempty"` // only with a binding
	PadTo          int    `json:"pad_to,omitempty"`          // bytes

	Token   string `json:"token,omitempty"`   // the cookie's value
	Header  string `json:"header,omitempty"`  // instead of a token: the value of a Cookie header
	Record  string `json:"record,omitempty"`  // hex, what is sealed, unless that is long
	Packed  bool   `json:"packed,omitempty"`  // the body is packed
	Foreign bool   `json:"foreign,omitempty"` // opens, and this library would seal the value in another way

	Item       string `json:"item,omitempty"`        // the value as CBOR, hex
	ItemSHA256 string `json:"item_sha256,omitempty"` // hex, of an item that is long, instead of it
	Error      string `json:"error,omitempty"`       // it does not open, see vectorErrors

	item []byte
}

// long is how many bytes of an item, or of a record, the file does not have in
// full.
const long = 1024

const vectorsFile = "testdata/vectors.json"

var vectorErrors = map[string]error{
	"no-cookie":   cookiesession.ErrNoSession,
	"invalid":     cookiesession.ErrInvalid,
	"newer":       cookiesession.ErrNewer,
	"unknown-key": cookiesession.ErrUnknownKey,
	"revoked":     cookiesession.ErrRevoked,
	"expired":     cookiesession.ErrExpired,
}

// vectorFile is all of testdata/vectors.json.
type vectorFile struct {
	Version  int      `json:"version"`
	Frozen   bool     `json:"frozen"`   // no flag rewrites the file: the version has been released
	Defaults vector   `json:"defaults"` // what a vector has that does not say otherwise
	Vectors  []vector `json:"vectors"`
}

func readVectorFile(t testing.TB) (file vectorFile) {
	t.Helper()
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	strict := func(text []byte, into any) {
		t.Helper()
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	strict(text, &file)
	var rows struct{ Vectors []json.RawMessage }
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows.Vectors {
		file.Vectors[i] = file.Defaults
		strict(row, &file.Vectors[i])
	}
	return file
}

// without returns v without what the defaults say.
func (v vector) without(defaults vector) vector {
	drop(&v.Secret, defaults.Secret)
	drop(&v.KeyID, defaults.KeyID)
	drop(&v.Name, defaults.Name)
	drop(&v.IssuedAt, defaults.IssuedAt)
	return v
}

func drop[T comparable](field *T, value T) {
	if *field == value {
		*field = *new(T)
	}
}

func decodeItem(t testing.TB, item []byte) (v any) {
	t.Helper()
	plan, err := value.PlanFor(reflect.TypeFor[any]())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Decode(item, reflect.ValueOf(&v).Elem()); err != nil {
		t.Fatalf("%x: %v", item, err)
	}
	return v
}

// codec returns what seals a vector, with the one key of its secret.
func (v *vector) codec(t testing.TB) *cookiesession.Codec {
	t.Helper()
	return v.codecOf(t, newRing(t, keyFromSecret(t, unhex(t, v.Secret))))
}

func (v *vector) codecOf(t testing.TB, ring *cookiesession.Keyring) *cookiesession.Codec {
	t.Helper()
	return newCodec(t, ring, &cookiesession.CodecOptions{Label: v.Label, Lifetime: 400 * 24 * time.Hour, PadTo: v.PadTo})
}

// opener returns what opens a vector. A keyring is read at the time of opening.
func (v *vector) opener(t testing.TB) *cookiesession.Codec {
	t.Helper()
	if v.Keyring == "" {
		return v.codec(t)
	}
	ring, err := cookiesession.ParseKeyring(v.Keyring)
	if err != nil {
		t.Fatal(err)
	}
	return v.codecOf(t, ring)
}

// meta returns what stands beside the value.
func (v *vector) meta(t testing.TB) cookiesession.Meta {
	t.Helper()
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

// now is when a vector is opened.
func (v *vector) now() time.Time {
	if v.Now != 0 {
		return time.Unix(v.Now, 0)
	}
	return time.Unix(v.IssuedAt, 0)
}

// seal seals a value as this library does.
func (v *vector) seal(t testing.TB, value any) string {
	t.Helper()
	token, err := v.trySeal(t, value)
	if err != nil {
		t.Fatalf("%s: %v", v.Comment, err)
	}
	return token
}

func (v *vector) trySeal(t testing.TB, value any) (token string, err error) {
	t.Helper()
	return v.codec(t).SealWithRandom(v.Name, value, v.meta(t), time.Unix(v.IssuedAt, 0), [16]byte(unhex(t, v.Random)))
}

// sealRecord seals what need not be a record.
func (v *vector) sealRecord(t testing.TB, record []byte, parts int) string {
	t.Helper()
	return v.codec(t).SealRecordWithRandom(v.Name, record, parts, time.Unix(v.IssuedAt, 0), [16]byte(unhex(t, v.Random)))
}

// request returns a request that brings the vector.
func (v *vector) request() *http.Request {
	header := v.Header
	if header == "" {
		header = v.Name + "=" + v.Token
	}
	return &http.Request{Header: http.Header{"Cookie": {header}}}
}

// TestVectors checks that tokens stay what they are: each opens to its item, or
// is refused with its error, and what this library would seal is sealed to the
// same text. Clocks in bubbles start in 2000, so vectors are from then.
func TestVectors(t *testing.T) {
	if *update {
		updateVectors(t)
	}
	for _, v := range readVectors(t) {
		t.Run(v.Comment, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(v.now()))
				v.check(t)
			})
		})
	}
}

func (v *vector) check(t *testing.T) {
	var opened any
	meta, err := v.opener(t).OpenRequest(v.request(), v.Name, &opened)
	if v.Error != "" {
		if opened != nil || !isError(err, v.Error) {
			t.Errorf("opens to %v, %v: want %s", opened, err, v.Error)
		}
		return
	}
	if err != nil && strconv.IntSize < 64 && strings.Contains(err.Error(), "hold an integer beyond") {
		t.Skip("an int of this machine does not hold the value")
	}
	if err != nil {
		t.Fatal(err)
	}
	if v.Item == "" {
		if sum := fmt.Sprintf("%x", sha256.Sum256(itemOf(t, opened))); sum != v.ItemSHA256 {
			t.Errorf("it opens to an item whose digest is %s", sum)
		}
	} else if v.Item != "" && opened != nil {
		sameItem(t, decodeItem(t, unhex(t, v.Item)), opened)
	} else if v.Item != "" && v.Item != "f6" {
		t.Error("opens to nil")
	}
	want := v.meta(t)
	want.KeyID, want.Issued, want.Stale = v.KeyID, time.Unix(v.IssuedAt, 0).UTC(), meta.Stale
	if diff := cmp.Diff(want, meta); diff != "" {
		t.Error(diff)
	}
	if !v.Foreign && v.Token != "" {
		if got := v.seal(t, opened); got != v.Token {
			t.Errorf("seals to\n%s, want\n%s", got, v.Token)
		}
	}
}

func itemOf(t testing.TB, x any) []byte {
	t.Helper()
	item, err := value.Append(nil, x)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// isError reports whether err is the error of that name, and no closer one.
func isError(err error, name string) bool {
	want, ok := vectorErrors[name]
	return ok && errors.Is(err, want) && (name == "newer" || !errors.Is(err, cookiesession.ErrNewer))
}

// Each flag that is known is set in a token that opens, each error is one of
// some vectors, and each comment says something else.
func TestVectorsAreComplete(t *testing.T) {
	const least = 350
	file := readVectorFile(t)
	if n := len(file.Vectors); n < least {
		t.Errorf("only %d vectors", n)
	}
	flags := byte(0)
	errs, comments := make(map[string]int), make(map[string]bool)
	for _, v := range file.Vectors {
		if v.Error == "" && v.Record != "" {
			flags |= unhex(t, v.Record)[0]
		}
		errs[v.Error]++
		if comments[v.Comment] {
			t.Errorf("two vectors are %q", v.Comment)
		}
		comments[v.Comment] = true
	}
	if flags != cookiesession.KnownFlags {
		t.Errorf("the vectors have the flags %#x, known are %#x", flags, cookiesession.KnownFlags)
	}
	for name := range vectorErrors {
		if errs[name] < 2 {
			t.Errorf("%d vectors have the error %s", errs[name], name)
		}
	}
}

// TestVectorsAreGenerated checks that the file is what the rows say, to the
// byte.
func TestVectorsAreGenerated(t *testing.T) {
	file := readVectorFile(t)
	if strconv.IntSize < 64 {
		t.Skip("an int of this machine does not hold the values")
	}
	if file.Frozen {
		t.Skip("the version has been released: nothing is generated any more")
	}
	text, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, formatVectors(t, file)) {
		t.Errorf("%s is not what the rows of newVectors say: go test -run TestVectors -update .", vectorsFile)
	}
	const most = 500_000
	if len(text) > most {
		t.Errorf("%s has %d bytes: more than %d", vectorsFile, len(text), most)
	}
}

// formatVectors returns the text of the file, with the vectors of now, one a
// line.
func formatVectors(t *testing.T, file vectorFile) []byte {
	var text bytes.Buffer
	row := func(v vector) []byte {
		var line bytes.Buffer
		encoder := json.NewEncoder(&line)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(v); err != nil {
			t.Fatal(err)
		}
		return bytes.TrimSuffix(line.Bytes(), []byte("\n"))
	}
	defaults := vectorDefaults(t)
	fmt.Fprintf(&text, "{\n  \"version\": %d,\n  \"frozen\": %v,\n  \"defaults\": %s,\n  \"vectors\": [\n", file.Version, file.Frozen, row(defaults))
	vectors := newVectors(t)
	for i, v := range vectors {
		end := ","
		if i == len(vectors)-1 {
			end = ""
		}
		fmt.Fprintf(&text, "    %s%s\n", row(v.without(defaults)), end)
	}
	text.WriteString("  ]\n}\n")
	return text.Bytes()
}

func updateVectors(t *testing.T) {
	file := readVectorFile(t)
	if file.Frozen {
		t.Fatalf("%s is frozen: what version %d says never changes", vectorsFile, file.Version)
	}
	if err := os.WriteFile(vectorsFile, formatVectors(t, file), 0o644); err != nil {
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
	const want = "f2e2b5bd346cd9a1f556c08254b721add61d194c752182beb62b281d109c54e3"
	if got := hex.EncodeToString(sum); got != want {
		t.Errorf("digest of the tokens is %s, want %s", got, want)
	}
}
