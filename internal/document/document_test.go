package document_test

import (
	"math"
	"strconv"
	"testing"

	"example.com/cookiesession/internal/document"
	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]any{
		`{"a":1767225600,"b":1.5,"c":[1e3,-0,null,true,"x"]}`: map[string]any{"a": 1767225600, "b": 1.5, "c": []any{1000.0, 0, nil, true, "x"}},
		"\ufeff 7 ":               7,
		strconv.Itoa(math.MaxInt): math.MaxInt,
		`9223372036854775808`:     9223372036854775808.0,
		`"a string \u00e9"`:       "a string é",
		`{"n":-5,"m":-5.0e-1}`:    map[string]any{"n": -5, "m": -0.5},
	} {
		got, err := document.Parse([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"", " ", "null", "{", "{}{}", "1 2", "1e999", `{"a":[1e999]}`, "nope"} {
		if got, err := document.Parse([]byte(text)); err == nil {
			t.Errorf("%q gives %v", text, got)
		}
	}
}
