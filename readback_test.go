package cookiesession_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/cookiesession"
)

// Types whose methods don't read what they wrote, as some of public libraries
// do for their zero values.
type (
	emptyBinary struct{ Text string } // refuses to read nothing
	emptyText   struct{ Text string }
	panicky     struct{ Text string }
	badKey      struct{ Text string }
)

// A quotingError quotes the value, as those of net/netip and time do.
type quotingError struct{ text string }

func (e *quotingError) Error() string { return "cannot read " + e.text }

func refuseEmpty(dst *string, b []byte) error {
	if len(b) == 0 || string(b) == "unreadable" {
		return &quotingError{webSecret + string(b)}
	}
	*dst = string(b)
	return nil
}

func (e emptyBinary) MarshalBinary() ([]byte, error)  { return []byte(e.Text), nil }
func (e *emptyBinary) UnmarshalBinary(b []byte) error { return refuseEmpty(&e.Text, b) }
func (e emptyText) MarshalText() ([]byte, error)      { return []byte(e.Text), nil }
func (e *emptyText) UnmarshalText(b []byte) error     { return refuseEmpty(&e.Text, b) }
func (p panicky) MarshalText() ([]byte, error)        { return []byte(p.Text), nil }
func (p *panicky) UnmarshalText(b []byte) error       { _ = b[0]; p.Text = string(b); return nil }
func (k badKey) MarshalText() ([]byte, error)         { return []byte(k.Text), nil }
func (k *badKey) UnmarshalText(b []byte) error        { return refuseEmpty(&k.Text, b) }
func init()                                           { cookiesession.Register("test.emptyText", emptyText{}) }

type methodsUser struct {
	Visits int
	Binary *emptyBinary
	Text   *emptyText
	Panic  *panicky
	Keys   map[badKey]int
	Any    any
}

// What opening would refuse is not saved: the visitor's session would never
// open again. A session without such a value is the control.
func TestUnreadableIsNotSaved(t *testing.T) {
	tests := []struct {
		name   string
		data   methodsUser
		method string // "": it is saved
	}{
		{"binary", methodsUser{Binary: &emptyBinary{"x"}}, ""},
		{"binary, empty", methodsUser{Binary: &emptyBinary{}}, "UnmarshalBinary returned an error"},
		{"text", methodsUser{Text: &emptyText{"x"}}, ""},
		{"text, empty", methodsUser{Text: &emptyText{}}, "UnmarshalText returned an error"},
		{"text that is refused", methodsUser{Text: &emptyText{"unreadable"}}, "UnmarshalText returned an error"},
		{"panic", methodsUser{Panic: &panicky{"x"}}, ""},
		{"panic, empty", methodsUser{Panic: &panicky{}}, "UnmarshalText panicked"},
		{"map key", methodsUser{Keys: map[badKey]int{{"x"}: 1}}, ""},
		{"map key, empty", methodsUser{Keys: map[badKey]int{{}: 1}}, "UnmarshalText returned an error"},
		{"any", methodsUser{Any: []any{emptyText{"x"}}}, ""},
		{"any, empty", methodsUser{Any: []any{emptyText{}}}, "UnmarshalText returned an error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.data.Visits = 1
			site := newWebSite(t, nil, cookiesession.Options[methodsUser]{})
			var saveErr error
			page := site.visit(new(webBrowser), func(c *webCall[methodsUser]) {
				c.S.Data = tt.data
				saveErr = site.Save(c.W, c.S)
			})
			codec := newCodec(t, newRing(t), nil)
			_, sealErr := codec.Seal("session", tt.data, cookiesession.Meta{})
			if tt.method == "" {
				mustDo(t, errors.Join(saveErr, sealErr))
				wantCookieIs(t, page.cookies(), stores)
				return
			}
			if wantNoCookie(t, page.Header); page.StatusCode != 500 {
				t.Errorf("status %d", page.StatusCode)
			}
			for _, err := range []error{saveErr, sealErr} {
				wantFault(t, err, "usage")
				text := fmt.Sprint(err)
				if !strings.Contains(text, tt.method) || !strings.Contains(text, "cookiesession_test.") {
					t.Errorf("error %q does not name the method and the type", text)
				}
				webQuotesNone(t, text, webSecret, "unreadable")
				var inner *quotingError
				if got := errors.As(err, &inner); got != (tt.name[:5] != "panic") {
					t.Errorf("the method's error is found: %v", got)
				}
			}
		})
	}
}

// What is inside an any is read back as well, whatever holds the any. gorilla's
// sessions and scs' are such maps.
func TestUnreadableInsideAny(t *testing.T) {
	codec := newCodec(t, newRing(t), nil)
	for name, hold := range map[string]func(any) any{
		"map[string]any": func(v any) any { return map[string]any{"a": v} },
		"map[any]any":    func(v any) any { return map[any]any{"a": v} },
		"map[int]any":    func(v any) any { return map[int]any{1: v} },
		"[]any":          func(v any) any { return []any{v} },
		"a field":        func(v any) any { return struct{ A any }{v} },
		"a defined map":  func(v any) any { return defined{"a": v} },
		"maps in maps":   func(v any) any { return map[string]map[string]any{"a": {"b": map[any]any{"c": v}}} },
	} {
		if _, err := codec.Encode("n", hold(emptyText{"x"})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := codec.Encode("n", hold(emptyText{}))
		if wantFault(t, err, "usage"); !strings.Contains(fmt.Sprint(err), "UnmarshalText returned an error") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type defined map[string]any

// A cookie whose reading panics is one that does not fit, and no panic.
func TestPanicOfUnmarshaling(t *testing.T) {
	ring := newRing(t)
	b := newWebSite(t, ring, cookiesession.Options[struct{ Panic string }]{}).newSession(func(c *webCall[struct{ Panic string }]) { c.S.Data.Panic = "x" })
	type mustPanic struct{ Panic alwaysPanics }
	site := newWebSite(t, ring, cookiesession.Options[mustPanic]{})
	err := site.visit(b, nil).S.Err()
	wantWrapped(t, err, cookiesession.ErrInvalid)
	if cookiesession.ReasonOf(err) != cookiesession.ReasonValue {
		t.Errorf("error %v", err)
	}
}

type alwaysPanics struct{ X int }

func (alwaysPanics) MarshalText() ([]byte, error)  { return []byte("x"), nil }
func (*alwaysPanics) UnmarshalText(b []byte) error { panic(webSecret) }

// Only a change is read back, and once, not at each request.
func TestReadBackOnce(t *testing.T) {
	site := newWebSite(t, nil, cookiesession.Options[counted]{})
	b := new(webBrowser)
	for _, tt := range []struct {
		name string
		do   func(*webCall[counted])
		want int
	}{
		{"first", func(c *webCall[counted]) { c.S.Data.At.Text = "a"; mustDo(t, site.Save(c.W, c.S)) }, 1},
		{"read", nil, 1}, // it is opened
		{"changed", func(c *webCall[counted]) { c.S.Data.At.Text = "b" }, 2},
		{"renewed", func(c *webCall[counted]) { c.S.Renew() }, 1},
	} {
		reads = 0
		if page := site.visit(b, tt.do); page.StatusCode != 200 || reads != tt.want {
			t.Errorf("%s: status %d, read %d times, want %d", tt.name, page.StatusCode, reads, tt.want)
		}
	}
}

var reads int

type counted struct{ At countedText }

type countedText struct{ Text string }

func (c countedText) MarshalText() ([]byte, error)  { return []byte(c.Text), nil }
func (c *countedText) UnmarshalText(b []byte) error { reads++; c.Text = string(b); return nil }
