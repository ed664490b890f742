package pack_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/value"
)

var packer = pack.New(&tables.V1)

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
		"", "dark", "Zürich", "登录成功", "\xff\xfe", "\x00", "a quick brown fox", "THE END", strings.Repeat("long text ", 300), strings.Repeat("x", 1023) + "é",
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
