package value_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/document"
)

// corpus returns the sessions of testdata by file name, as what a program would
// have put into a map[string]any: whole numbers are int.
func corpus(tb testing.TB) map[string]map[string]any {
	tb.Helper()
	files, err := filepath.Glob("../../testdata/sessions/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no sessions: %v", err)
	}
	sessions := make(map[string]map[string]any)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		v, err := document.Parse(text)
		if err != nil {
			tb.Fatalf("%s: %v", file, err)
		}
		sessions[strings.TrimSuffix(filepath.Base(file), ".json")] = v.(map[string]any)
	}
	return sessions
}

// TestCorpus checks that each session comes back, and logs what the forms of
// strings save: run it with -v when the rule of spell.go is tuned.
func TestCorpus(t *testing.T) {
	sizes := make(map[string]int) // of all sessions with only this form, in bytes
	fired := make(map[string]int) // strings
	sessions := corpus(t)
	for name, v := range sessions {
		b := encode(t, v)
		got, exact := decode[map[string]any](t, b)
		if !reflect.DeepEqual(v, got) || !exact {
			t.Errorf("%s came back otherwise, or is not exact", name)
		}
		sizes["all"] += len(b)
		sizes["none"] += len(b)
		walkStrings(v, func(s string) {
			enc := encode(t, s)
			form := formOf(enc)
			fired[form]++
			text := headBytes(len(s)) + len(s)
			sizes["none"] += text - len(enc)
			for _, other := range []string{"UUID", "hex", "base64url", "dotted", "ISO time"} {
				if form == other {
					sizes["without "+other] += text - len(enc)
				}
			}
		})
	}
	n := float64(len(sessions))
	t.Logf("%d sessions; mean CBOR %.1f bytes, %.1f with all strings as text", len(sessions), float64(sizes["all"])/n, float64(sizes["none"])/n)
	for _, form := range []string{"text", "UUID", "hex", "base64url", "dotted", "ISO time"} {
		t.Logf("%-10s %4d strings, %.1f bytes a session saved", form, fired[form], float64(sizes["without "+form])/n)
	}
	if sizes["all"] >= sizes["none"] {
		t.Error("the forms of strings save nothing")
	}
}

func walkStrings(v any, f func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			walkStrings(x, f)
		}
	case []any:
		for _, x := range v {
			walkStrings(x, f)
		}
	case string:
		f(v)
	}
}

func formOf(item []byte) string {
	switch {
	case bytes.HasPrefix(item, []byte{0xd8, 37}):
		return "UUID"
	case item[0] == 0xc0|23:
		return "hex"
	case item[0] == 0xc0|21 && item[1]>>5 == 4:
		return "dotted"
	case item[0] == 0xc0|21:
		return "base64url"
	case item[0]>>5 == 6:
		return "ISO time"
	}
	return "text"
}

func headBytes(n int) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	}
	return 3
}

func BenchmarkCorpus(b *testing.B) {
	p := mustPlan(b, reflect.TypeFor[map[string]any]())
	var values []reflect.Value
	var items [][]byte
	for _, v := range corpus(b) {
		values = append(values, reflect.ValueOf(v))
		items = append(items, encode(b, v))
	}
	per := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(items)), "ns/session")
	}
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			for _, v := range values {
				dst, _ = p.Append(dst[:0], v)
			}
		}
		per(b)
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, item := range items {
				var v map[string]any
				if _, err := p.Decode(item, reflect.ValueOf(&v).Elem()); err != nil {
					b.Fatal(err)
				}
			}
		}
		per(b)
	})
	b.Run("valid", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, item := range items {
				if err := cbor.Valid(item); err != nil {
					b.Fatal(err)
				}
			}
		}
		per(b)
	})
}
