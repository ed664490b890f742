package pack_test

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestLanguages checks how much notices and names take in the world's
// languages, see testdata/languages.tsv: a text's bits without those of a null
// in its place. most is what a language may take on average: bits a character
// in the Latin script, hundredths of UTF-8 in the others.
func TestLanguages(t *testing.T) {
	file, err := os.ReadFile("testdata/languages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string][]string)
	for line := range strings.Lines(string(file)) {
		if language, text, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); ok {
			texts[language] = append(texts[language], text)
		}
	}
	sum, n := 0.0, 0
	for _, test := range []struct {
		name  string
		latin bool
		most  float64
	}{
		{"German", true, 5.2},
		{"French", true, 5.2},
		{"Spanish", true, 5.2},
		{"Portuguese", true, 5.2},
		{"Italian", true, 5.2},
		{"Dutch", true, 5.2},
		{"Swedish", true, 5.2},
		{"Polish", true, 5.2},
		{"Czech", true, 5.5},
		{"Hungarian", true, 5.2},
		{"Finnish", true, 5.2},
		{"Turkish", true, 5.2},
		{"Vietnamese", true, 7.2},
		{"Russian", false, 37},
		{"Ukrainian", false, 42},
		{"Bulgarian", false, 36},
		{"Greek", false, 41},
		{"Hebrew", false, 36},
		{"Arabic", false, 42},
		{"Persian", false, 47},
		{"Hindi", false, 37},
		{"Bengali", false, 76},
		{"Tamil", false, 76},
		{"Thai", false, 38},
		{"Georgian", false, 47},
		{"Korean", false, 63},
		{"Japanese", false, 50},
		{"Chinese", false, 71},
		{"Traditional Chinese", false, 71},
	} {
		of := texts[test.name]
		delete(texts, test.name)
		if len(of) < 8 {
			t.Errorf("%s: %d texts, want at least 8", test.name, len(of))
			continue
		}
		perCharacter, share := 0.0, 0.0
		null := packer.Bits(encode(t, map[string]any{"message": nil}))
		for _, text := range of {
			bits := float64(packer.Bits(encode(t, map[string]any{"message": text})) - null)
			perCharacter += bits / float64(utf8.RuneCountInString(text)*len(of))
			share += 100 * bits / float64(8*len(text)*len(of))
		}
		t.Logf("%-19s %5.2f bits a character, %4.1f%% of UTF-8, %2d texts", test.name, perCharacter, share, len(of))
		got := share
		if test.latin {
			got = perCharacter
			sum += perCharacter
			n++
		}
		if got > test.most {
			t.Errorf("%s: %.2f, want at most %.2f", test.name, got, test.most)
		}
	}
	if len(texts) > 0 {
		t.Errorf("%d languages that are not looked at", len(texts))
	}
	mean := sum / float64(n)
	t.Logf("the Latin script: %.2f bits a character", mean)
	if mean > 5.2 {
		t.Errorf("%.2f bits a character of the Latin script on average, want at most 5.2", mean)
	}
}
