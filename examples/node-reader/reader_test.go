// Package nodereader_test has the reader in JavaScript open what Go sealed.
package nodereader_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/keytext"
	"example.com/cookiesession/internal/value"
)

// readerFolder is the variable of the environment with the folder of a copy of
// the reader that has its package installed. Without it this one counts.
const readerFolder = "NODE_READER"

// folder skips the test where the reader can't run.
func folder(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("there is no node here")
	}
	dir := os.Getenv(readerFolder)
	if dir == "" {
		dir = "."
		if _, err := os.Stat("node_modules/@noble/ciphers"); err != nil {
			t.Skip("the reader's package is not installed: run npm ci in examples/node-reader")
		}
	}
	return dir
}

// run runs read.mjs and returns what it wrote.
func run(t *testing.T, stdin string, args ...string) (stdout []byte, code int) {
	t.Helper()
	command := exec.Command("node", append([]string{filepath.Join(folder(t), "read.mjs")}, args...)...)
	command.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.Output()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("stderr:\n%s", &stderr)
	}
	return stdout, command.ProcessState.ExitCode()
}

// A vector is an input of read.mjs -vectors: one of testdata/vectors.json, or a
// session of this test, which has a header.
type vector struct {
	Comment  string `json:"comment"`
	Secret   string `json:"secret"`
	Name     string `json:"name"`
	Label    string `json:"label,omitempty"`
	IssuedAt int64  `json:"issued_at"`
	ID       string `json:"id,omitempty"`
	Created  int64  `json:"created,omitempty"`
	KeyID    string `json:"key_id"`
	Lifetime int64  `json:"lifetime,omitempty"`

	BrowserSession bool   `json:"browser_session,omitempty"`
	Binding        string `json:"binding,omitempty"`
	BindingPending bool   `json:"binding_pending,omitempty"`

	Item       string `json:"item"`
	ItemSHA256 string `json:"item_sha256,omitempty"`
	Packed     bool   `json:"packed"`
	Token      string `json:"token,omitempty"`
	Header     string `json:"header,omitempty"`
	Error      string `json:"error,omitempty"`

	value any
}

// A reading is what read.mjs prints for a vector.
type reading struct {
	Error    string          `json:"error"`
	Value    json.RawMessage `json:"value"`
	ID       *string         `json:"id"`
	Created  int64           `json:"created"`
	Issued   int64           `json:"issued"`
	Key      string          `json:"key"`
	Item     string          `json:"item"`
	SHA256   string          `json:"item_sha256"`
	Packed   bool            `json:"packed"`
	Lifetime int64           `json:"lifetime"`

	BrowserSession bool   `json:"browser_session"`
	Binding        string `json:"binding"`
	BindingPending bool   `json:"binding_pending"`
}

// want is the reading of a vector, without the value.
func (v *vector) want() reading {
	if v.Error != "" {
		return reading{Error: v.Error}
	}
	want := reading{
		Created: v.Created, Issued: v.IssuedAt, Key: v.KeyID, Item: v.Item, SHA256: v.ItemSHA256, Packed: v.Packed, Lifetime: v.Lifetime,
		BrowserSession: v.BrowserSession, Binding: v.Binding, BindingPending: v.BindingPending,
	}
	if want.Created == 0 {
		want.Created = v.IssuedAt
	}
	if v.ID != "" {
		want.ID = &v.ID
	}
	return want
}

// read has one process read all vectors.
func read(t *testing.T, file string, n int) []reading {
	t.Helper()
	output, code := run(t, "", "--vectors", file)
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	var readings []reading
	for line := range bytes.Lines(output) {
		var r reading
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		readings = append(readings, r)
	}
	if len(readings) != n {
		t.Fatalf("%d readings of %d vectors", len(readings), n)
	}
	return readings
}

func TestVectors(t *testing.T) {
	const path = "../../testdata/vectors.json"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Defaults vector
		Vectors  []json.RawMessage
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for i, got := range read(t, path, len(file.Vectors)) {
		v := file.Defaults
		if err := json.Unmarshal(file.Vectors[i], &v); err != nil {
			t.Fatal(err)
		}
		got.Value = nil
		if diff := cmp.Diff(v.want(), got); diff != "" {
			t.Errorf("%s: %s", v.Comment, diff)
			continue
		}
		passed++
	}
	t.Logf("%d of %d vectors", passed, len(file.Vectors))
}

// TestSessions has sessions read that were written a moment ago.
func TestSessions(t *testing.T) {
	const sessions = 500
	folder(t)
	seed := rand.Uint64()
	if text := os.Getenv("SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("SEED=%d repeats these sessions", seed)
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 0)), documents: documents(t)}
	vectors := make([]vector, sessions)
	for i := range vectors {
		vectors[i] = w.session(t)
	}
	text, err := json.Marshal(map[string]any{"vectors": vectors})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sessions.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}

	var packed, split, compared int
	for i, got := range read(t, file, sessions) {
		v := &vectors[i]
		if v.checkValue(t, got.Value) {
			compared++
		}
		got.Value = nil
		if diff := cmp.Diff(v.want(), got); diff != "" {
			t.Errorf("%s: %s", v.Comment, diff)
		}
		if got.Packed {
			packed++
		}
		if strings.Contains(v.Header, v.Name+"_2=") {
			split++
		}
	}
	t.Logf("%d sessions: %d packed, %d in several cookies, %d compared as JSON, too", sessions, packed, split, compared)
	if packed < sessions/2 || split < sessions/50 || compared < sessions/2 {
		t.Error("the sessions are not as random as this test wants them")
	}
}

// checkValue compares a value with what encoding/json makes of it, where that
// can.
func (v *vector) checkValue(t *testing.T, got json.RawMessage) bool {
	text, err := json.Marshal(v.value)
	if err != nil || v.Error != "" || got == nil {
		return false
	}
	if diff := cmp.Diff(parseJSON(t, text), parseJSON(t, got), cmp.Comparer(sameNumber)); diff != "" {
		t.Errorf("%s: %s", v.Comment, diff)
	}
	return true
}

func parseJSON(t *testing.T, text []byte) (v any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// sameNumber takes 1e3 and 1000 for the same, but tells integers apart that a
// float64 does not.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	_, aInt := strconv.ParseInt(a.String(), 10, 64)
	_, bInt := strconv.ParseInt(b.String(), 10, 64)
	x, errX := a.Float64()
	y, errY := b.Float64()
	return (aInt != nil || bInt != nil) && errX == nil && errY == nil && x == y
}

// documents returns the texts of the sessions in testdata.
func documents(t *testing.T) (texts [][]byte) {
	t.Helper()
	for _, dir := range []string{"sessions", "wild"} {
		files, err := filepath.Glob("../../testdata/" + dir + "/*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("no documents in %s: %v", dir, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, text)
		}
	}
	return texts
}

type writer struct {
	*rand.Rand
	documents [][]byte
}

// session seals a random session.
func (w *writer) session(t *testing.T) vector {
	t.Helper()
	secret := [32]byte(w.bytes(32))
	key, err := cookiesession.ParseKey(keytext.EncodeKey(&secret))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := cookiesession.NewKeyring(key)
	if err != nil {
		t.Fatal(err)
	}
	v := vector{
		Secret: hex.EncodeToString(secret[:]), KeyID: key.ID(),
		Name:  pick(w, "session", "__Host-session", "s", "a.long~name-of+a!cookie"),
		Label: pick(w, "", "", "shop", "Gesch\u00e4ft"),
		value: w.root(t),
	}
	codec, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{
		Label: v.Label, MaxCookies: 8, MaxSize: pick(w, 0, 1024), PadTo: pick(w, 0, 0, 16, 100),
		Lifetime: 400 * 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}

	meta := cookiesession.Meta{BrowserSession: w.one(4)}
	if w.one(2) {
		v.ID = hex.EncodeToString(w.bytes(16))
		meta.ID = v.ID
	}
	if w.one(3) {
		v.Lifetime = 1 + w.Int64N(400*24*3600)
		meta.Lifetime = time.Duration(v.Lifetime) * time.Second
	}
	if w.one(3) {
		age := w.Int64N(400 * 24 * 3600)
		if v.Lifetime != 0 {
			age = w.Int64N(v.Lifetime)
		}
		meta.Created = time.Now().Truncate(time.Second).Add(time.Duration(-age) * time.Second)
	}
	if w.one(4) {
		meta.Binding, meta.BindingPending = [16]byte(w.bytes(16)), w.one(2)
	}
	text, err := codec.Seal(v.Name, v.value, meta)
	if tooLarge := new(cookiesession.TooLargeError); errors.As(err, &tooLarge) {
		return w.session(t)
	}
	if err != nil {
		t.Fatalf("%#v: %v", v.value, err)
	}

	var cookies []string
	for _, c := range codec.Cookies(v.Name, text) {
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	if w.one(3) {
		cookies = append(cookies, "other=1", v.Name+"=of another application", v.Name+"_9=x")
		w.Shuffle(len(cookies), func(i, j int) { cookies[i], cookies[j] = cookies[j], cookies[i] })
	}
	v.Header = strings.Join(cookies, pick(w, "; ", ";", " ;\t"))

	v.describe(t, codec)
	v.Comment = fmt.Sprintf("%.300s", v.Header)
	return v
}

// describe fills in what Go reads in the header.
func (v *vector) describe(t *testing.T, codec *cookiesession.Codec) {
	t.Helper()
	request := &http.Request{Header: http.Header{"Cookie": {v.Header}}}
	var discard any
	if s := reflect.TypeOf(v.value); s.Kind() == reflect.Struct {
		discard = reflect.New(s).Interface()
	} else {
		discard = new(any)
	}
	meta, err := codec.OpenRequest(request, v.Name, discard)
	if err != nil {
		t.Fatalf("%s: %v", v.Header, err)
	}
	size, err := codec.Measure(v.Name, v.value)
	if err != nil {
		t.Fatal(err)
	}
	item, err := value.Append(nil, v.value)
	if err != nil {
		t.Fatal(err)
	}
	v.Packed, v.Item = size.Body < size.CBOR, hex.EncodeToString(item)
	v.IssuedAt, v.Created = meta.Issued.Unix(), meta.Created.Unix()
	v.BrowserSession, v.BindingPending = meta.BrowserSession, meta.BindingPending
	if meta.Binding != [16]byte{} {
		v.Binding = hex.EncodeToString(meta.Binding[:])
	}
}

func pick[T any](w *writer, of ...T) T { return of[w.IntN(len(of))] }

// one is true once in n times.
func (w *writer) one(n int) bool { return w.IntN(n) == 0 }

func (w *writer) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(w.Uint32())
	}
	return b
}

type item struct {
	SKU   string    `json:"sku,omitzero"`
	Count int32     `json:"count,omitzero"`
	Price float64   `json:"price,omitzero"`
	Added time.Time `json:"added,omitzero"`
}

type visitor struct {
	User    string         `json:"user,omitzero"`
	ID      uint64         `json:"id,omitzero"`
	Seen    time.Time      `json:"seen,omitzero"`
	Items   []item         `json:"items,omitzero"`
	Tags    []string       `json:"tags,omitzero"`
	Counts  map[string]int `json:"counts,omitzero"`
	Nonce   []byte         `json:"nonce,omitzero"`
	Timeout time.Duration  `json:"timeout,omitzero"`
	Extra   map[string]any `json:"extra,omitzero"`
	Ratio   float32        `json:"ratio,omitzero"`
}

func init() { cookiesession.Register("shop.Item", item{}) }

// root is the value of a session: mostly a document, with more values in it.
func (w *writer) root(t *testing.T) any {
	if w.one(10) {
		return w.visitor()
	}
	if w.one(20) {
		return []any{w.value(0)}
	}
	m, ok := w.document(t).(map[string]any)
	if !ok {
		return []any{w.value(0)}
	}
	for range pick(w, 0, 1, 2, 3, 30) {
		m[w.key()] = w.value(0)
	}
	return m
}

// document is one of testdata. Its numbers are float64, or int where they are
// whole.
func (w *writer) document(t *testing.T) (v any) {
	text := pick(w, w.documents...)
	if w.one(2) {
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	return whole(parseJSON(t, text))
}

func whole(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = whole(v[key])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return int(n)
		}
		f, _ := v.Float64()
		return f
	}
	return v
}

func (w *writer) visitor() visitor {
	v := visitor{
		User: w.text(), ID: w.Uint64() >> w.IntN(64), Seen: w.time(), Tags: w.texts(),
		Nonce: w.bytes(1 + w.IntN(40)), Timeout: time.Duration(w.integer()), Ratio: w.float32(),
		Counts: map[string]int{w.key(): int(w.integer()), w.key(): int(w.integer())},
		Extra:  map[string]any{w.key(): w.value(0)},
	}
	for range w.IntN(5) {
		v.Items = append(v.Items, w.item())
	}
	return v
}

func (w *writer) item() item {
	return item{fmt.Sprintf("SKU-%05d", w.IntN(100000)), int32(w.IntN(20)), float64(w.IntN(100000)) / 100, w.time()}
}

func (w *writer) key() string {
	return pick(w, "theme", "user_id", "createdAt", "cart", "id", "", "Stra\u00dfe", strconv.Itoa(w.IntN(3000)), w.text())
}

func (w *writer) integer() int64 {
	n := int64(w.Uint64() >> w.IntN(64))
	if w.one(3) {
		return -n
	}
	return n
}

// float32 has no more digits than encoding/json writes of a float32, which has
// the value of a float64 in the cookie.
func (w *writer) float32() float32 { return float32(w.IntN(8000)) / 8 }

// time is in the years 1900 to 2100, with any fraction and any offset.
func (w *writer) time() time.Time {
	t := time.Unix(w.Int64N(200*365*24*3600)-70*365*24*3600, 0)
	if w.one(2) {
		t = t.Add(time.Duration(w.IntN(1e9)))
	}
	if w.one(2) {
		return t.In(time.FixedZone("", 60*(w.IntN(28*60)-14*60)))
	}
	return t.UTC()
}

func (w *writer) texts() []string {
	list := make([]string, w.IntN(5))
	for i := range list {
		list[i] = w.text()
	}
	return list
}

// text is of one of the forms that the packer knows, or of none.
func (w *writer) text() string {
	b := w.bytes(w.IntN(60))
	long := w.bytes(18 + w.IntN(40))
	uuid := hex.EncodeToString(w.bytes(16))
	uuid = strings.Join([]string{uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]}, "-")
	at := time.Unix(1325376000+w.Int64N(22*365*24*3600), int64(w.IntN(1e9)))
	offset := at.In(time.FixedZone("", 900*(w.IntN(100)-50)))
	bcrypt := base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
	salt := fmt.Sprintf("$2%s$%02d$%s", pick(w, "a", "b", "y"), 4+w.IntN(28), bcrypt.EncodeToString(w.bytes(16)))
	form := pick(w,
		uuid, strings.ToUpper(uuid), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(long)),
		base64.RawURLEncoding.EncodeToString(b), base64.RawStdEncoding.EncodeToString(long),
		base64.StdEncoding.EncodeToString(long), base64.URLEncoding.EncodeToString(long),
		w.jwt(), salt, salt+bcrypt.EncodeToString(w.bytes(23)),
		at.UTC().Format("2006-01-02T15:04:05.000Z"), at.UTC().Format(time.RFC3339), at.UTC().Format(time.DateOnly),
		at.UTC().Format(time.DateTime), at.UTC().Format("2006-01-02T15:04:05.000000"), at.UTC().Format("2006-01-02 15:04:05.000000"),
		offset.Format("2006-01-02T15:04:05-07:00"), at.UTC().Format("2006-01-02T15:04:05"), at.UTC().Format(time.TimeOnly),
		w.json(), w.json(), w.json(),
		"dark", "", "hello@example.com", "https://example.com/?a=1&b=2", "\u65e5\u672c\u8a9e\u306e\u6587\u5b57", "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440",
		"na\u00efve caf\u00e9 \U0001f36a", "\u039a\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1 \u03ba\u03cc\u03c3\u03bc\u03b5", "\u0645\u0631\u062d\u0628\u0627", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u05e9\u05dc\u05d5\u05dd", "tab\tline\nnull\x00end", "\x1f\x8b\xff",
		strconv.FormatUint(w.Uint64(), 10), strconv.FormatUint(w.Uint64(), 36), "connect.sid=s:"+uuid)
	if w.one(4) {
		return pick(w, "id_", "\u00fc", "token: ") + form + pick(w, "", ".", "/x")
	}
	return form
}

func (w *writer) jwt() string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(w.json())) + "." + part(w.bytes(32))
}

// json is text that is JSON, of one of several writers.
func (w *writer) json() string {
	var v any
	if err := json.Unmarshal(pick(w, w.documents...), &v); err != nil || w.one(2) {
		v = map[string]any{"a": float64(1+w.IntN(99)) / 100, "price": float64(w.IntN(10000)) / 100, "b": []any{true, nil, "https://example.com/a", "<&>'=/\u2028\u00e9\U0001f36a\x7f"}, "c": map[string]any{}}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	style := w.IntN(5)
	encoder.SetEscapeHTML(style == 0)
	if style == 1 {
		encoder.SetIndent("", "  ")
	}
	if encoder.Encode(v) != nil {
		return "{}"
	}
	text := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	switch style {
	case 2: // PHP
		return strings.ReplaceAll(ascii(string(text)), "/", `\/`)
	case 3: // Python
		b := new(bytes.Buffer)
		if json.Indent(b, text, "", "") != nil {
			return "{}"
		}
		return ascii(strings.NewReplacer(",\n", ", ", "\n", "").Replace(b.String()))
	}
	return string(text)
}

// ascii escapes what is beyond ASCII in JSON.
func ascii(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		if unit < 0x7f {
			b.WriteByte(byte(unit))
		} else {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// value is of any type that a Go any can hold.
func (w *writer) value(depth int) any {
	n := w.integer()
	list := func(each func() any) []any {
		l := make([]any, w.IntN(6))
		for i := range l {
			l[i] = each()
		}
		return l
	}
	plain := []any{
		nil, true, false, int(n), float64(n), w.Float64(), -w.Float64(), float64(n) / 100, float64(w.IntN(10000)) / 100,
		math.Copysign(0, -1), math.Inf(1), math.NaN(), float64(w.Float32()), math.SmallestNonzeroFloat64, 65504.0, 65505.0, 0.5, 1.0 / (1 << 24),
		w.bytes(w.IntN(40)), w.time(), w.time(), w.item(),
		int8(n), int16(n), int32(n), n, uint(n), uint8(n), uint16(n), uint32(n), uint64(n), uint64(n) | 1<<63, uintptr(n),
		w.float32(), -w.float32(), time.Duration(n),
		w.texts(), []string(nil), []int{int(n), 1, -1}, []int(nil),
		map[string]string{w.key(): w.text()}, map[string]string(nil), map[string]int{w.key(): int(n)}, map[string]int(nil),
		map[any]any{"a": w.text()}, map[any]any(nil), map[any]any{int(n): 1, "a": w.text(), 2: true},
		map[any]any{1169: w.item(), 1170: w.item(), 1201: w.item()},
		[]byte(nil), []any(nil), map[string]any(nil),
		[]int8{int8(n)}, []int16{int16(n), 1}, []int32{int32(n)}, []int64{n, n}, []uint{uint(n)}, []uint16{uint16(n)}, []uint32{uint32(n)},
		[]uint64{uint64(n), 1 << 63}, []uintptr{uintptr(n)}, []float32{1.5, w.float32()}, []float64{w.Float64(), 1}, []bool{true, false}, []bool(nil),
	}
	if depth > 2 || w.one(2) {
		if w.one(2) {
			return w.text()
		}
		return pick(w, plain...)
	}
	switch w.IntN(5) {
	case 0: // rows
		return list(func() any { return []any{"record", w.text(), map[string]any{"id": int(w.integer()), "on": w.one(2)}} })
	case 1: // records
		return list(func() any { return map[string]any{"sku": w.text(), "qty": w.IntN(5), "tags": []any{"a", w.IntN(3)}} })
	case 2: // by id
		m := map[string]any{}
		for range w.IntN(6) {
			m[strconv.Itoa(1000+w.IntN(500))] = map[string]any{"qty": w.IntN(5), "rows": []any{w.IntN(2), []any{w.IntN(2)}}}
		}
		return m
	case 3:
		m := map[string]any{}
		for range w.IntN(6) {
			m[w.key()] = w.value(depth + 1)
		}
		return m
	}
	return list(func() any { return w.value(depth + 1) })
}

// TestCommand runs the reader as README.md says.
func TestCommand(t *testing.T) {
	folder(t)
	now := time.Now()
	var secrets [2][32]byte
	w := &writer{Rand: rand.New(rand.NewPCG(1, 2))}
	for i := range secrets {
		secrets[i] = [32]byte(w.bytes(32))
	}
	text := fmt.Sprintf("# a comment\n%s activates=%s x-by=rotate\n%s\nrevoked 000000\n",
		keytext.EncodeKey(&secrets[0]), now.Add(-time.Hour).UTC().Format(time.RFC3339), keytext.EncodeKey(&secrets[1]))
	file := filepath.Join(t.TempDir(), "keyring")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ring, err := cookiesession.ParseKeyring(text)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{Label: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := codec.Encode("session", map[string]any{"theme": "dark", "n": 1})
	if err != nil {
		t.Fatal(err)
	}
	header := "a=b; session=" + token + "\n"
	for _, test := range []struct {
		name, header string
		args         []string
		code         int
		err          string
	}{
		{"a session", header, []string{"--label", "shop"}, 0, ""},
		{"one cookie allowed", header, []string{"--label", "shop", "--max-cookies", "1"}, 0, ""},
		{"no label", header, nil, 1, "invalid"},
		{"too late", header, []string{"--label", "shop", "--now", strconv.FormatInt(now.Unix()+400*24*3600+60, 10)}, 1, "expired"},
		{"too early", header, []string{"--label", "shop", "--now", strconv.FormatInt(now.Unix()-360, 10)}, 1, "invalid"},
		{"no cookie", "a=b", []string{"--label", "shop"}, 1, "no-cookie"},
	} {
		t.Run(test.name, func(t *testing.T) {
			output, code := run(t, test.header, append([]string{"--keyring", file, "--name", "session"}, test.args...)...)
			var got reading
			if err := json.Unmarshal(output, &got); err != nil {
				t.Fatalf("%s: %v", output, err)
			}
			if code != test.code || got.Error != test.err {
				t.Errorf("exit code %d, %s", code, output)
			}
			if want := `{"n":1,"theme":"dark"}`; test.code == 0 && !cmp.Equal(parseJSON(t, got.Value), parseJSON(t, []byte(want))) {
				t.Errorf("value %s, want %s", got.Value, want)
			}
		})
	}
}
