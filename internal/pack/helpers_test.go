package pack_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/value"
)

// packer packs and unpacks by the tables of version 1.
var packer = itemPacker{pack.New(&tables.V1)}

// An itemPacker is a packer for items that are CBOR.
type itemPacker struct{ *pack.Packer }

// tapeOf puts an item on a tape. It need not be deterministic, but well-formed.
func tapeOf(item []byte) *cbor.Tape {
	t := new(cbor.Tape)
	if rest := tapeItem(t, item); len(rest) > 0 {
		panic(fmt.Sprintf("%x behind an item", rest))
	}
	return t
}

func tapeItem(t *cbor.Tape, b []byte) (rest []byte) {
	kind, n, size := parseHead(b)
	ib, rest := b[0], b[size:]
	items := uint64(0)
	switch kind := cbor.Kind(kind); kind {
	case cbor.Uint:
		t.AddUint(n)
	case cbor.Neg:
		t.Tokens = append(t.Tokens, cbor.Token{Kind: kind, Size: 1, N: n})
	case cbor.Bytes:
		t.AddBytes(rest[:n])
		rest = rest[n:]
	case cbor.Text:
		t.AddText(string(rest[:n]))
		rest = rest[n:]
	case cbor.Array, cbor.Map, cbor.Tag:
		items = map[cbor.Kind]uint64{cbor.Array: n, cbor.Map: 2 * n, cbor.Tag: 1}[kind]
		at := t.Open(kind, n)
		for range items {
			rest = tapeItem(t, rest)
		}
		t.Close(at)
	default:
		if size == 1 {
			t.AddSimple(ib)
		} else {
			f, _ := cbor.FloatOf(ib, n)
			t.AddFloat(f)
		}
	}
	return rest
}

// coders are packer's, to be used again: what one leaves behind harms none.
var coders = sync.Pool{New: func() any { return packer.NewCoder() }}

// AppendTape and ReadTape are a Coder's.
func (itemPacker) AppendTape(dst []byte, t *cbor.Tape) []byte {
	c := coders.Get().(*pack.Coder)
	defer coders.Put(c)
	return c.AppendTape(dst, t)
}

func (itemPacker) ReadTape(t *cbor.Tape, packed []byte, max int) error {
	c := coders.Get().(*pack.Coder)
	defer coders.Put(c)
	return c.ReadTape(t, packed, max)
}

// Append appends the packed form of an item.
func (p itemPacker) Append(dst, item []byte) []byte { return p.AppendTape(dst, tapeOf(item)) }

// Unpack appends the item of a packed form to dst. It returns dst as it was if
// the tape cannot be read.
func (p itemPacker) Unpack(dst, packed []byte, max int) ([]byte, error) {
	var t cbor.Tape
	if err := p.ReadTape(&t, packed, max); err != nil {
		return dst, err
	}
	return t.Append(dst), nil
}

// Bits returns how many bits of the packed form are no filling.
func (p itemPacker) Bits(item []byte) (bits int) {
	for _, x := range p.Explain(item) {
		bits += x.Bits
	}
	return bits
}

// Explain is ExplainTape for an item.
func (p itemPacker) Explain(item []byte) []pack.PathBits { return p.ExplainTape(tapeOf(item)) }

// Observe is that of a Packer for an item.
func (p itemPacker) Observe(item []byte, model uint8, notes *pack.Notes) error {
	return p.Packer.Observe(tapeOf(item), model, notes)
}

// corpus returns the sessions of testdata as items, by file name.
func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	items := make(map[string][]byte)
	for name, value := range corpusValues(tb) {
		items[name] = encode(tb, value)
	}
	return items
}

// corpusValues returns the sessions of testdata, by file name.
func corpusValues(tb testing.TB) map[string]map[string]any {
	tb.Helper()
	files, err := filepath.Glob("../../testdata/sessions/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no sessions: %v", err)
	}
	values := make(map[string]map[string]any)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		v, err := document.Parse(text)
		if err != nil {
			tb.Fatalf("%s: %v", file, err)
		}
		values[strings.TrimSuffix(filepath.Base(file), ".json")] = v.(map[string]any)
	}
	return values
}

func encode(tb testing.TB, v any) []byte {
	tb.Helper()
	item, err := value.Append(nil, v)
	if err != nil {
		tb.Fatal(err)
	}
	return item
}

// itemsOfEveryKind returns items that have each part of the format.
func itemsOfEveryKind(tb testing.TB) [][]byte {
	tb.Helper()
	deep := any(1)
	for range 63 {
		deep = []any{deep}
	}
	record := func(id int, name string) map[string]any {
		return map[string]any{"id": id, "name": name, "role": "admin", "tags": []any{"a", "b"}}
	}
	values := []any{
		true, 0, 23, 24, 255, 256, 1 << 20, int64(1 << 40), -1, -25, int64(-1 << 40), uint64(math.MaxUint64), int64(7), uint8(200),
		0.0, 1.5, 19.99, 40.0, 1e300, 167772.14, 167772.16, -3.25, float32(2.5), math.Inf(1),
		"", "dark", "Zürich", "登录成功", "\xff\xfe", "\x00", "a quick brown fox", "THE END", strings.Repeat("long text ", 300), strings.Repeat("https://www.example.com/session?token=", 60), strings.Repeat("x", 1023) + "é",
		"550e8400-e29b-41d4-a716-446655440000", "in 550e8400-e29b-41d4-a716-446655440000.", "0123456789abcdef01234567", "/img/0123456789abcdef01234567.png",
		"q8rP7jg4j6BdiQKRMXabSeSZkMgcqrckPrrYy0Pf", "p/q8rP7jg4j6BdiQKRMXabSeSZkMgcqrckPrrYy0Pf.jpg", "2024-10-29T13:06:08.141Z", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
		[]byte{}, []byte{0, 1, 255}, []byte(`{"alg":"none"}`), []byte(`{"` + strings.Repeat("\xff", 50)),
		`{"version":-1,"rehydrated":true}`, `[]`, `{}`, `[{"id":1,"name":"A"},{"id":2,"name":"A"},null,0.5,19.99,18446744073709551615,-9223372036854775808]`,
		`{"b":"{\"a\":[1,\"x\"]}","a":"\u0001\n\"é","12":[],"13":[[]]}`, `[["__json_message",0,25,"gel\u00f6scht \ud83d\ude00"]]`, `["\u003ca href=x\u003e"]`,
		`{"url": "http:\/\/example.com\/"}`, "{\n  \"a\": [\n    1,\n    {}\n  ]\n}", `{"a":1,"a":2}`, `[1.50]`, `[01]`, `{"a":1`, strings.Repeat("[", 64) + strings.Repeat("]", 64),
		"550E8400-E29B-41D4-A716-446655440000", "upload_550E8400-E29B-41D4-A716-446655440000", "2024-02-17", "2012-01-01", "2034-06-05", "2034-06-06", "2023-02-29", "on 2024-02-29 at 23:59:59.", "21:52:59", "24:00:00",
		"2024-02-17T21:52:59Z", "2024-02-17T21:52:59", "2024-02-17 21:52:59", "2024-02-17 21:52:59.123456", "2024-02-17T21:52:59.000001", "2024-02-17T21:52:59+05:45", "2024-02-17T21:52:59-00:00", "2024-02-17T21:52:59+05:46",
		`{"at":"2024-02-17T21:52:59.123Z"}`, "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2b$12$N9qo8uLOickgx2ZMRZoMye", "$2y$04$N9qo8uLOickgx2ZMRZoMyf", "$2x$10$N9qo8uLOickgx2ZMRZoMye",
		"bXktc2VjcmV0LXNlc3Npb24ta2V5LTEyMzQ1Ng==", "csrf/bXktc2VjcmV0LXNlc3Npb24ta2V5LT+/MjM0NTY=", "bXktc2VjcmV0LXNlc3Npb24ta2V5LT-_MjM0NTY=", "bXktc2VjcmV0LXNlc3Npb24ta2V5LTEyMzQ1N4==",
		"102938475610293847561", "0000", "user-1029384756", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "DEADBEEFCAFE00112233", "#1A2B3C", "ckxyz0123456789abcdefghij", "aZ+/0123456789abcdefghijkl", strings.Repeat("0123456789", 200), strings.Repeat("0a", 600),
		[]any{`{"a":"x","b":1}`, `{"a":"x","b":1}`, `{"a":"y","b":1}`},
		map[int]int{5: 1, 6: 1, 7: 1, 100: 1, 1000000: 1}, map[string]int{"1169": 1, "1170": 1, "0": 2, "007": 3, "12345678901234567890": 4, "9223372036854775807": 5},
		1.0, 2.0, 100.0, 65504.0, 65505.0, 1767225600.0, 1767225600123.0, 4503599627370495.0, 4503599627370496.0, -1.0, math.Copysign(0, -1), 1e20,
		time.Unix(1767225600, 0), time.Unix(1767225600, 5), time.Minute,
		[]string{"admin", "user", "user"}, map[string]string{"a": "b"}, map[int]int{1: 1, 2: 2, 30: 3, 31: 3, 39: 3, 1000: 4}, []int{1, 1, 2},
		map[any]any{1: "a", "b": 2, true: 3, -4: 4, uint8(5): 5},
		[]any{}, []any{1, 1, "x", "x", nil, nil}, []any{[]any{"success", "one"}, []any{"success", "two"}, []any{}, []any{"error"}},
		map[string]any{}, map[string]any{"theme": "dark", "somethingElse": 1, "12": []any{1}, "13": []any{1}, "14": 5, "15": 5, "99999": map[string]any{"a": 1}},
		map[string]any{"cart": []any{record(1, "A"), record(1, "B"), map[string]any{"id": 2}, record(3, "B"), 4, record(4, "B"), map[string]any{"aa": 1, "zzzz": 2}, map[string]any{"zzzz": 2}}},
		map[string]any{"cart": map[string]any{"17": record(1, "A"), "23": record(1, "A"), "24": 6, "25": 6}, "user": record(1, "A")},
		[]any{map[string]any{"1": []any{1, 2}, "2": []any{1, 2}}, map[string]any{"1": []any{1, 2}, "3": []any{1, 2}}},
		deep,
	}
	var items [][]byte
	for _, v := range values {
		items = append(items, encode(tb, v))
	}
	return items
}
