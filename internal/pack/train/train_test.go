package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/form"
	"example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/tag"
)

func readTestInput(t *testing.T) *input {
	t.Helper()
	in, err := readInput("../../../testdata", "testdata")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestGenerated checks that the files in the tree are what the trainer makes.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("it trains")
	}
	if strconv.IntSize < 64 {
		t.Skip("the trainer's sums need 64 bits")
	}
	tables, err := train(readTestInput(t))
	if err != nil {
		t.Fatal(err)
	}
	goFile, jsonFile := filepath.Join(t.TempDir(), "tables.go"), filepath.Join(t.TempDir(), "tables.json")
	if err := writeGo(goFile, tables); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(jsonFile, tables); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{goFile, "../tables/tables_gen.go"}, {jsonFile, "../../../docs/packing-v1.json"}} {
		got, err := os.ReadFile(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what go generate makes", pair[1])
		}
	}
}

// TestFilesHaveTheTables checks that each field of the tables is written to
// both files.
func TestFilesHaveTheTables(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes the files once for each field")
	}
	written := func(f form.Tables, write func(string, *form.Tables) error) (text string) {
		defer func() {
			if recover() != nil {
				text = "it needs the field"
			}
		}()
		file := filepath.Join(t.TempDir(), "tables")
		if err := write(file, &f); err != nil {
			return err.Error()
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	all := tables.V1
	goFile, jsonFile := written(all, writeGo), written(all, writeJSON)
	for field, value := range reflect.ValueOf(&all).Elem().Fields() {
		if value.IsZero() {
			t.Errorf("tables.V1.%s is empty", field.Name)
		}
		without := tables.V1
		reflect.ValueOf(&without).Elem().FieldByIndex(field.Index).SetZero()
		if written(without, writeGo) == goFile {
			t.Errorf("the Go file lacks %s", field.Name)
		}
		if written(without, writeJSON) == jsonFile {
			t.Errorf("the JSON file lacks %s", field.Name)
		}
	}
}

// TestLengths compares package-merge with weights whose best codes are known.
func TestLengths(t *testing.T) {
	powers := make([]int, 20) // a code without a limit would have 19 bits
	for i := range powers {
		powers[i] = 1 << i
	}
	for _, test := range []struct {
		weights, want []int
	}{
		{[]int{1, 1}, []int{1, 1}},
		{[]int{5, 1, 1, 1}, []int{1, 3, 3, 2}},
		{[]int{8, 4, 2, 1, 1}, []int{1, 2, 3, 4, 4}},
		{powers[:5], []int{4, 4, 3, 2, 1}},
	} {
		got := lengths(test.weights)
		if cost(test.weights, got) != cost(test.weights, test.want) || space(got) != 1<<form.MaxCode {
			t.Errorf("weights %v: lengths %v, want %v", test.weights, got, test.want)
		}
	}
	if got := lengths(powers); slices.Max(got) != form.MaxCode || space(got) != 1<<form.MaxCode {
		t.Errorf("lengths %v", got)
	}
}

func cost(weights, lengths []int) int {
	sum := 0
	for i, w := range weights {
		sum += w * lengths[i]
	}
	return sum
}

func space(lengths []int) int {
	sum := 0
	for _, n := range lengths {
		sum += 1 << (form.MaxCode - n)
	}
	return sum
}

func TestLog2(t *testing.T) {
	for _, test := range []struct{ x, want int }{
		{1, 0}, {2, 256}, {3, 405}, {1000, 2551}, {1 << 30, 30 * 256}, {1<<30 - 1, 30*256 - 1},
	} {
		if got := log2(test.x); got != test.want {
			t.Errorf("log2(%d) is %d/256, want %d", test.x, got, test.want)
		}
	}
}

// TestModels has keys of several spellings.
func TestModels(t *testing.T) {
	c := readTestInput(t).models
	for key, want := range map[string]string{
		"email": "email", "userEmail": "email", "user_email": "email", "UserEmail": "email", "EMAIL": "email",
		"first_name": "first", "firstname": "first", "userId": "id", "user_ids": "id", "isReady": "bool", "createdAt": "time",
		"xyz": "generic", "": "generic", "42": "generic",
	} {
		if got := c.names[c.of(key)]; got != want {
			t.Errorf("%q is %s, want %s", key, got, want)
		}
	}
}

// TestEmitted checks that the tables have no code that nothing is written with:
// of values and keys in each code, of text symbols in any. Those of text that
// the trainer's own texts do not need have another text that does.
func TestEmitted(t *testing.T) {
	f := &tables.V1
	idle, err := idle(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range idle {
		t.Errorf("model %s: nothing is written by %+v", f.Models[x.model], f.Values[x.symbol])
	}
	p := pack.New(f)
	for code, list := range f.Key {
		before := strings.Repeat("\x00", []int{0, 1, 6, 10, 0}[code])
		for _, e := range list {
			symbol := int(e >> 4)
			if symbol < form.Entry {
				continue
			}
			key := f.Keys[symbol-form.Entry]
			var item []byte
			switch code {
			case form.FirstKey:
				item = append(append([]byte{0xa1}, textItem(key)...), 0xf6)
			case form.JSONKey:
				item = textItem(`{"` + key + `":1}`)
			default:
				item = append(append(append([]byte{0xa2}, textItem(before)...), 0xf6), append(textItem(key), 0xf6)...)
			}
			emitted := false
			err := p.Observe(tapeOf(item), form.Generic, &pack.Notes{Key: func(c uint8, s int) { emitted = emitted || int(c) == code && s == symbol }})
			if err != nil || !emitted {
				t.Errorf("key code %d: nothing is written by %q, %v", code, key, err)
			}
		}
	}
	tr := &trainer{in: readTestInput(t)}
	tr.findKeys()
	tr.text.setPhrases(f.Phrases)
	if err := tr.observe(f); err != nil {
		t.Fatal(err)
	}
	coded := make([]bool, form.Phrase+len(f.Phrases))
	for _, list := range f.Text {
		for _, e := range list {
			coded[e>>4] = true
		}
	}
	for symbol, has := range coded {
		n := 0
		for book := range tr.textCounts {
			for _, counts := range tr.textCounts[book] {
				if counts != nil {
					n += counts[symbol]
				}
			}
		}
		switch {
		case symbol >= form.Phrase && n == 0:
			t.Errorf("nothing is written by the phrase %q", f.Phrases[symbol-form.Phrase])
		case n == 0 && has && !writesText(t, p, symbol):
			t.Errorf("nothing is written by the text symbol %d", symbol)
		case n > 0 && !has:
			t.Errorf("the text symbol %d has no code", symbol)
		}
	}
}

// TestHygiene checks what no symbol may be.
func TestHygiene(t *testing.T) {
	for _, s := range tables.V1.Values {
		b := []byte(s.Bytes)
		for s.Kind == form.Raw && len(b) > 1 && b[0]>>5 == 6 && headSize(b[0]) < len(b) {
			b = b[headSize(b[0]):]
		}
		if s.Kind == form.Raw && len(b) > 1 && b[0]>>5 <= 1 {
			t.Errorf("a number is a literal: %x", s.Bytes)
		}
	}
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}|^[0-9]+$|[0-9]{4}|/[0-9]`)
	for _, key := range tables.V1.Keys {
		// Laravel's is the same in all programs.
		if id.MatchString(key) && !strings.HasPrefix(key, "login_web_") {
			t.Errorf("the key %q is an id, or has one", key)
		}
	}
}

// writesText reports whether a symbol that the trainer's texts do not need is
// written by another text: by the character that it is, or by one of its form.
func writesText(t *testing.T, p *pack.Packer, symbol int) bool {
	t.Helper()
	texts := []string{
		"id: 550E8400-E29B-41D4-A716-446655440000",
		"key: q83vEjRWeJq83vEjRWeJ3w==", "key: q83vEjRW/Jq83v+jRWeJ3w==",
		"key: q83vEjRWeJq83vE-RWeJ3wQ8", "key: q83vEjRW/Jq83v+jRWeJ3wQ8",
		"id: 8F3A91C04BE27D56", "id: k3j9x0q7w2m5z8v1", "id: MFRGGZDFMZTWQ2LKNNWG23TP",
	}
	if symbol < form.End {
		texts = []string{"a" + string([]byte{byte(symbol)}) + "b", "a" + string(rune(symbol)) + "b", "a \U0001f600 b"}
	}
	written := false
	for _, text := range texts {
		for book := range form.Books {
			if err := p.ObserveText(text, book, &pack.Notes{Text: func(_ int, _ uint8, s int) { written = written || int(s) == symbol }}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return written
}

// TestTags checks that each tag that a value may have begins a symbol of every
// model that has values, so that no type costs the bytes of its tag.
func TestTags(t *testing.T) {
	heads := map[string]bool{tagHead(tag.Time): true, tagHead(tag.Base64): true, tagHead(tag.Hex): true, tagHead(tag.UUID): true}
	for n := uint64(tag.First); n < tag.End; n++ {
		heads[tagHead(n)] = true
	}
	for head := range heads {
		coded := make([]bool, len(tables.V1.Models))
		for model, list := range tables.V1.Value {
			for _, e := range list {
				if strings.HasPrefix(tables.V1.Values[e>>4].Bytes, head) {
					coded[model] = true
				}
			}
		}
		for model, ok := range coded {
			if !ok && model != form.InToken && model != form.KeyStep && model != form.KeyNumber {
				t.Errorf("model %s has no symbol for the tag %x", tables.V1.Models[model], head)
			}
		}
	}
}

// TestTyped checks that the generator has a value of each tag and keys of each
// type, and that no tag of another seed's sessions is spelled in bytes.
func TestTyped(t *testing.T) {
	missing := make(map[string]bool)
	for n := uint64(tag.First); n < tag.End; n++ {
		missing[tagHead(n)] = true
	}
	for _, key := range []string{"unsigned", "negative", "text", "bytes", "time", "bool", "float"} {
		missing[key] = true
	}
	docs, err := typed(trainingSeed)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		it, _ := parseItem(d.item)
		it.each(func(x *item, key bool) {
			for at := 0; x.heads[at]>>5 == 6; at += headSize(x.heads[at]) {
				delete(missing, string(x.heads[at:at+headSize(x.heads[at])]))
			}
			if !key {
				return
			}
			kind := [...]string{"unsigned", "negative", "bytes", "text", "", "", "", "bool"}[x.major]
			if x.major == 7 && x.size > 1 {
				kind = "float"
			}
			if x.tag == tag.Time {
				kind = "time"
			}
			delete(missing, kind)
		})
	}
	for what := range missing {
		t.Errorf("the generator makes no %q", what)
	}

	again, err := typed(trainingSeed)
	if err != nil {
		t.Fatal(err)
	}
	others, err := typed(judgingSeed)
	if err != nil {
		t.Fatal(err)
	}
	p := pack.New(&tables.V1)
	for i, d := range others {
		if !bytes.Equal(docs[i].item, again[i].item) {
			t.Errorf("%s is not the same twice", d.kind)
		}
		spelled := make(map[uint64]bool)
		tape := tapeOf(d.item)
		for _, k := range tape.Tokens {
			if k.Kind == cbor.Tag {
				spelled[k.N] = true
			}
		}
		err := p.Observe(tape, form.Generic, &pack.Notes{Value: func(_ uint8, symbol int) {
			s := tables.V1.Values[symbol]
			for b := s.Bytes; s.Kind != form.Word && b != "" && b[0]>>5 == 6; b = b[headSize(b[0]):] {
				_, n, _ := readHead([]byte(b))
				delete(spelled, n)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if len(spelled) > 0 {
			t.Errorf("%s, %x: these tags have no symbol: %v", d.kind, d.item, slices.Sorted(maps.Keys(spelled)))
		}
	}
}
