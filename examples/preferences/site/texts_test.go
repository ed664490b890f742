package site

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestLanguageFor(t *testing.T) {
	tests := []struct{ chosen, accepted, want string }{
		{"", "", "en"},
		{"", "de", "de"},
		{"", "de-AT,de;q=0.9,en;q=0.8", "de"},
		{"", "pt-BR, FR-ca;q=0.5", "fr"},
		{"", "zh", "en"},
		{"", "*", "en"},
		{"ja", "de", "ja"},
		{"xx", "de", "de"}, // a language of another release
	}
	for _, test := range tests {
		if got := languageFor(test.chosen, test.accepted).Code; got != test.want {
			t.Errorf("languageFor(%q, %q) = %q, want %q", test.chosen, test.accepted, got, test.want)
		}
	}
}

func TestAcceptLanguage(t *testing.T) {
	v := newVisitor(t)
	v.header.Set("Accept-Language", "es-MX,es;q=0.9")
	page := v.get("/")
	v.checkShows(page, `<html lang="es"`, spanish.Title)
	if got := strings.Join(page.header["Vary"], ", "); !strings.Contains(got, "Accept-Language") || !strings.Contains(got, "Cookie") {
		t.Errorf("Vary: %s", got)
	}
}

// Every text of every language is there and on some page, so there is neither
// one that was forgotten nor one that nobody needs.
func TestTexts(t *testing.T) {
	for _, l := range languages {
		t.Run(l.Code, func(t *testing.T) {
			t.Parallel() // a server waits before it hangs up on a form that is too large
			v := newVisitor(t)
			v.header.Set("Accept-Language", l.Code)
			var all strings.Builder
			fromElsewhere := visitorTo(t, v.url)
			fromElsewhere.header = http.Header{"Accept-Language": {l.Code}, "Sec-Fetch-Site": {"cross-site"}}
			bound, unbound := newBoundVisitor(t, false), newBoundVisitor(t, true)
			bound.header, unbound.header = v.header, v.header
			for _, page := range []response{
				bound.post("/login", "name", "ana"),
				unbound.post("/login", "name", "ana"),
				v.get("/"),
				v.do(http.MethodGet, "/nowhere", nil),
				v.do(http.MethodGet, "/logout", nil),
				v.do(http.MethodPost, "/preferences", formOf("theme", "pink")),
				v.do(http.MethodPost, "/preferences", formOf("note", strings.Repeat("n", maxNote+1))),
				v.do(http.MethodPost, "/preferences", formOf("note", strings.Repeat("n", 1<<16))),
				fromElsewhere.do(http.MethodPost, "/preferences", nil),
				v.get("/login"),
				v.get("/user"),
				v.post("/preferences", "theme", "dark", "note", "draft"),
				v.post("/flip"),
				v.do(http.MethodPost, "/login", nil),
				v.post("/login", "name", "ana", "next", "/user"),
				v.post("/logout"),
			} {
				all.WriteString(page.body)
				v.checkShows(page, `<html lang="`+l.Code+`" dir="`+l.Dir+`"`)
				v.checkHides(page, "%!", "<no value>")
			}
			for name, text := range reflect.ValueOf(*l.Texts).Fields() {
				if text.String() == "" {
					t.Errorf("%s is missing", name.Name)
				}
				// What stands for a placeholder is another test's business.
				for part := range strings.SplitSeq(strings.ReplaceAll(text.String(), "%d", "%s"), "%s") {
					if !strings.Contains(all.String(), part) {
						t.Errorf("%s, %q, is on no page", name.Name, text)
					}
				}
			}
		})
	}
}

// Each language has the placeholders of the first, in texts of its own.
func TestTranslations(t *testing.T) {
	placeholders := regexp.MustCompile(`%.`)
	want := reflect.ValueOf(english)
	for _, l := range languages[1:] {
		own := 0
		for field, text := range reflect.ValueOf(*l.Texts).Fields() {
			english := want.FieldByIndex(field.Index).String()
			if got, want := placeholders.FindAllString(text.String(), -1), placeholders.FindAllString(english, -1); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s has placeholders %q, want %q", l.Code, field.Name, got, want)
			}
			if text.String() != english {
				own++
			}
		}
		// Some words are the same in two languages; most are not.
		if own < want.NumField()*9/10 {
			t.Errorf("%s: only %d of %d texts differ from English", l.Code, own, want.NumField())
		}
	}
}
