package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// shortest are budgets that leave each operation its fewest rounds.
var shortest = budgets{times: time.Millisecond, node: time.Millisecond, requests: time.Millisecond, growth: time.Millisecond, wrkRounds: 1}

// userSessions writes sessions as a user would have them.
func userSessions(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"admin-1.json": `{"user": "ana", "roles": ["admin", "editor"], "since": null}`,
		"admin-2.json": `{"user": "bo", "roles": []}`,
		"guest.json":   "\ufeff{\"theme\":\"dark\",\"size\":16,\"ratio\":1.5}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestOwnSessions measures a user's sessions, in the shortest time.
func TestOwnSessions(t *testing.T) {
	s, err := readSet("your sessions", userSessions(t))
	if err != nil {
		t.Fatal(err)
	}
	r := newReport("go run . -sessions DIR")
	if err := r.measure(t.Context(), []*set{s}, shortest, false); err != nil {
		t.Fatal(err)
	}
	all := mustForms(t)
	if got := len(r.Sizes[0].Rows); got < len(all) {
		t.Errorf("sizes of %d forms, not of all %d", got, len(all))
	}
	for _, row := range r.Sizes[0].Rows {
		if row.Mean <= 0 || row.Median <= 0 || row.Share <= 0 || len(row.Kinds) != 2 || row.Over != 0 {
			t.Errorf("%s: a figure is missing or wrong: %+v", row.Form, row)
		}
	}
	for _, row := range r.Times[0].Rows {
		for _, c := range []cost{row.Seal, row.Open} {
			if c.Nanos <= 0 || c.Ratio <= 0 || c.ToOurs <= 0 || c.Allocations == 0 {
				t.Errorf("%s: a figure is missing: %+v", row.Form, c)
			}
		}
	}
	var text strings.Builder
	for _, section := range r.sections() {
		text.WriteString(section.text)
	}
	for _, f := range all {
		if !strings.Contains(text.String(), f.name) {
			t.Errorf("no table has a row for %s", f.name)
		}
	}
	if out, err := json.Marshal(r); err != nil || !bytes.Contains(out, []byte(`"Form":"cookiesession"`)) {
		t.Errorf("as JSON: %v, %.200s", err, out)
	}
	checkCharts(t, r)
}

// checkCharts checks that the charts are well-formed, that their texts fit, and
// that they have this library's bar.
func checkCharts(t *testing.T, r *report) {
	t.Helper()
	dir := t.TempDir()
	if err := r.writeCharts(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"size-by-peer", "size-by-kind", "time-by-peer"} {
		text, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(bytes.NewReader(text))
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if chars, ok := token.(xml.CharData); ok && !bytes.Contains(chars, []byte("{")) && len(bytes.TrimSpace(chars)) > 64 {
				t.Errorf("%s: too long for a phone: %s", name, chars)
			}
		}
		if bars := regexp.MustCompile(`class="ours" x="[0-9]+" y="[0-9]+" width="[0-9.]*[1-9]`).FindAll(text, -1); len(bars) == 0 {
			t.Errorf("%s: no bar of ours", name)
		}
		if !bytes.Contains(text, []byte("prefers-color-scheme: dark")) {
			t.Errorf("%s: nothing for dark pages", name)
		}
	}
}

func TestReadSet(t *testing.T) {
	if _, err := readSet("none", t.TempDir()); err == nil || !strings.Contains(err.Error(), "put each session there") {
		t.Errorf("an empty directory: %v", err)
	}
	for name, text := range map[string]string{"a list": `[1]`, "two documents": `{} {}`, "nothing": ``} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "bad.json"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := readSet(name, dir); err == nil || !strings.Contains(err.Error(), "bad.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]string{"cart-001": "cart", "001-flask": "flask", "158-auth0": "auth0", "session": "session", "42": "42"} {
		if got := kindOf(name); got != want {
			t.Errorf("the kind of %s is %s, not %s", name, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	sections := []section{{id: "a", text: "new a\n"}, {id: "b", text: "new b\n"}}
	const document = "# Title\n<!-- begin a -->\nold\n<!-- end a -->\nbetween\n<!-- begin b -->\n<!-- end b -->\nend\n"
	const want = "# Title\n<!-- begin a -->\n\nnew a\n\n<!-- end a -->\nbetween\n<!-- begin b -->\n\nnew b\n\n<!-- end b -->\nend\n"
	got, err := fill(document, sections)
	if got != want || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if again, err := fill(got, sections); again != got || err != nil {
		t.Errorf("a second time: %q, %v", again, err)
	}
	for name, document := range map[string]string{
		"no markers": "# Title\n",
		"no table":   document + "<!-- begin c -->\n<!-- end c -->\n",
		"no end":     strings.Replace(document, "<!-- end b -->", "", 1),
	} {
		if _, err := fill(document, sections); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestInterleave times operations that take a known time.
func TestInterleave(t *testing.T) {
	wait := func(d time.Duration) func() error {
		return func() error {
			for start := time.Now(); time.Since(start) < d; {
			}
			return nil
		}
	}
	reference := &operation{name: "reference", n: 1, pass: wait(time.Millisecond)}
	slow := &operation{name: "slow", n: 4, pass: wait(8 * time.Millisecond), reference: reference}
	if err := interleave([]*operation{slow}, time.Millisecond); err != nil {
		t.Fatal(err)
	}
	// A busy machine can only make either slower.
	if got := median(slow.nanos); got < 2e6 {
		t.Errorf("one of four calls in 8 ms takes %.0f ns", got)
	}
	if len(slow.ratios) < fewest || len(reference.nanos) < fewest {
		t.Errorf("%d rounds, and %d of the reference", len(slow.ratios), len(reference.nanos))
	}
	failing := &operation{name: "failing", n: 1, pass: func() error { return errors.New("no") }}
	if err := interleave([]*operation{failing}, time.Millisecond); err == nil || !strings.Contains(err.Error(), "failing") {
		t.Errorf("of a call that fails: %v", err)
	}
	a := &operation{ratios: []float64{2, 0, 6}}
	b := &operation{ratios: []float64{1, 5, 2}}
	if got := between(a, b, func(a, b float64) float64 { return a / b }); got != 2.5 {
		t.Errorf("the median of 2/1 and 6/2 is %v", got)
	}
}

// TestDocuments checks that the long tables of a whole run all have a place in
// docs/COMPARE.md.
func TestDocuments(t *testing.T) {
	sets, err := usualSets()
	if err != nil {
		t.Fatal(err)
	}
	r := &report{Yardsticks: []*yardstick{}, Requests: []*requestRow{}, Load: []*wrkRow{}, Growth: new(growth), First: new(firstUse)}
	for _, s := range sets {
		r.Sizes = append(r.Sizes, &sizeTable{Set: s.Name, Kinds: s.kinds(), Rows: []*sizeRow{{Form: oursName}}})
		r.Times = append(r.Times, &timeTable{Set: s.Name, Rows: []*timeRow{{Form: oursName}}})
	}
	text, err := os.ReadFile("../docs/COMPARE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range r.sections() {
		if !bytes.Contains(text, []byte("<!-- begin "+section.id+" -->\n")) {
			t.Errorf("docs/COMPARE.md has no place for %s", section.id)
		}
	}
	if _, err := fill(string(text), r.sections()); err != nil {
		t.Errorf("docs/COMPARE.md: %v", err)
	}
}
