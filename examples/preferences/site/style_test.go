package site

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Text has a contrast of at least 4.5 to what is behind it, and the edge of a
// control and the outline of the focus at least 3, as WCAG 2.2 asks for at
// level AA.
func TestContrast(t *testing.T) {
	sheet, err := files.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	pairs := regexp.MustCompile(`--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);`).FindAllStringSubmatch(string(sheet), -1)
	colours := [2]map[string]float64{{}, {}} // their luminance, in light and in dark
	for _, pair := range pairs {
		for i := range colours {
			colours[i][pair[1]] = luminance(t, pair[2+i])
		}
	}
	type row struct {
		front   string
		behind  []string
		atLeast float64
	}
	tests := []row{
		{"ink", []string{"paper", "raised", "sunken"}, 4.5},
		{"paper", []string{"ink"}, 4.5}, // the notice
		{"quiet", []string{"paper"}, 4.5},
		{"accent", []string{"paper", "raised"}, 4.5}, // a button that is pointed at, and the outline
		{"on-accent", []string{"accent"}, 4.5},
		{"alarm", []string{"paper", "raised"}, 4.5},
		{"calm", []string{"paper"}, 4.5},
		{"edge", []string{"paper", "raised"}, 3},
		{"dough", []string{"paper", "sunken"}, 3},
	}
	// What only separates, and what is drawn on the logo, says nothing.
	decoration := []string{"line", "chip"}
	for i, scheme := range []string{"light", "dark"} {
		for _, test := range tests {
			for _, behind := range test.behind {
				if got := contrast(colours[i][test.front], colours[i][behind]); got < test.atLeast {
					t.Errorf("%s: %s on %s has %.2f, want %v", scheme, test.front, behind, got, test.atLeast)
				}
			}
		}
	}
	for name := range colours[0] {
		has := func(r row) bool { return r.front == name || slices.Contains(r.behind, name) }
		if !slices.Contains(decoration, name) && !slices.ContainsFunc(tests, has) {
			t.Errorf("no test has %s", name)
		}
	}
	// No colour is anywhere else.
	rest := strings.Join(regexp.MustCompile(`--[a-z-]+: light-dark.*`).Split(string(sheet), -1), "")
	if got := regexp.MustCompile(`#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(`).FindAllString(rest, -1); got != nil {
		t.Errorf("the sheet has the colours %q, too", got)
	}
	// The control: the contrasts that WCAG gives.
	if got := contrast(luminance(t, "#ffffff"), luminance(t, "#000000")); math.Abs(got-21) > 0.001 {
		t.Errorf("white on black has %.2f, want 21", got)
	}
	if got := contrast(luminance(t, "#777777"), luminance(t, "#ffffff")); math.Abs(got-4.48) > 0.005 {
		t.Errorf("#777777 on white has %.2f, want 4.48", got)
	}
}

// luminance returns the relative luminance of a colour, as WCAG 2.2 defines it.
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	var rgb [3]uint8
	if _, err := fmt.Sscanf(colour, "#%02x%02x%02x", &rgb[0], &rgb[1], &rgb[2]); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(rgb[i]) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

// A page from right to left is the mirror image by itself: the sheet names no
// side.
func TestNoSides(t *testing.T) {
	sheet, err := files.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	sides := regexp.MustCompile(`(margin|padding|border)-(left|right)|text-align: (left|right)|float: (left|right)|\b(left|right):`)
	if got := sides.FindAll(sheet, -1); got != nil {
		t.Errorf("the sheet says %q", got)
	}
	if !sides.MatchString("margin-left: 1rem") || !sides.MatchString("text-align: right") {
		t.Error("the pattern finds none")
	}
}
