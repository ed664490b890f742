package main

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// TestSealReadsBack has an application open what was sealed from JSON.
func TestSealReadsBack(t *testing.T) {
	codec, ring := newSealer(t)
	type item struct {
		SKU   string
		Count uint8
	}
	type session struct {
		User    string             `json:"user"`
		Visits  int64              `cbor:"v"`
		Small   int8               `json:"small"`
		Large   uint64             `json:"large"`
		Ratio   float32            `json:"ratio"`
		Whole   float64            `json:"whole"`
		Ok      bool               `json:"ok"`
		None    *string            `json:"none"`
		Some    *int               `json:"some"`
		Roles   []string           `json:"roles"`
		Cart    []item             `json:"cart"`
		Scores  map[string]float64 `json:"scores"`
		Any     any                `json:"any"`
		Elapsed time.Duration      `json:"elapsed"`
	}
	const text = `{"user":"ada","v":3,"small":-7,"large":2147483647,"ratio":0.5,"whole":2,"ok":true,"none":null,"some":0,` +
		`"roles":["admin","Grüße"],"cart":[{"SKU":"A-1","Count":2}],"scores":{"a":1.5,"b":2},"any":{"n":[1,null]},"elapsed":2000000000}`
	zero := 0
	want := session{
		User: "ada", Visits: 3, Small: -7, Large: 2147483647, Ratio: 0.5, Whole: 2, Ok: true, Some: &zero,
		Roles: []string{"admin", "Grüße"}, Cart: []item{{"A-1", 2}}, Scores: map[string]float64{"a": 1.5, "b": 2},
		Any: map[string]any{"n": []any{1, nil}}, Elapsed: 2 * time.Second,
	}
	value := strings.TrimSpace(mustCall(t, "seal", "-keys", ring, text))
	var got session
	if err := codec.Decode(usualNames[0], value, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var opened, asGiven any
	if err := json.Unmarshal([]byte(mustCall(t, "open", "-keys", ring, value)), &opened); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &asGiven); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(asGiven, opened); diff != "" {
		t.Errorf("(-given +opened):\n%s", diff)
	}

	// Help says that a text does not fit a time or bytes.
	for field, text := range map[string]string{"T": `{"T":"2026-01-01T00:00:00Z"}`, "B": `{"B":"aGVsbG8="}`} {
		var fields struct {
			T time.Time
			B []byte
		}
		err := codec.Decode(usualNames[0], strings.TrimSpace(mustCall(t, "seal", "-keys", ring, text)), &fields)
		if cookiesession.ReasonOf(err) != cookiesession.ReasonValue {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestReadAll checks that what is too long is refused, and not cut.
func TestReadAll(t *testing.T) {
	if text, err := readAll(strings.NewReader("ada"), 3); text != "ada" || err != nil {
		t.Errorf("%q, error %v", text, err)
	}
	if _, err := readAll(strings.NewReader("ada!"), 3); err == nil || err.Error() != "longer than 3 bytes" {
		t.Errorf("error %v", err)
	}
}

// TestDocumentsNameFlags looks in the documents for flags that a command does
// not have.
func TestDocumentsNameFlags(t *testing.T) {
	paths, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	paths = append(paths, "../../README.md", "../../CONTRIBUTING.md")
	call := regexp.MustCompile("cookiesession ([a-z]+)((?: [^`|#;)>\\n]*)?)")
	flags := regexp.MustCompile(`(?:^| )-([a-z][a-z-]*)`)
	calls := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			cmd, ok := find(m[1])
			if !ok {
				continue // the name in a sentence
			}
			calls++
			fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
			cmd.setup(fs)
			for _, f := range flags.FindAllStringSubmatch(m[2], -1) {
				if fs.Lookup(f[1]) == nil {
					t.Errorf("%s: %s has no flag -%s", path, cmd.name, f[1])
				}
			}
		}
	}
	if calls < 10 {
		t.Errorf("%d calls in %d documents: does the test find them?", calls, len(paths))
	}
}
