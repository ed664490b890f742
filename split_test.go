package cookiesession_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/cookiesession"
)

// open returns what a request's session opens to.
func open(codec *cookiesession.Codec, r *http.Request, name string) (got []byte, err error) {
	_, err = codec.OpenRequest(r, name, &got)
	return got, err
}

func TestSplitAndJoin(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	for n := 1; n <= 8; n++ {
		t.Run(fmt.Sprintf("parts=%d", n), func(t *testing.T) {
			value := noise(n*partBytes - 100)
			cookies := codec.Cookies("__Host-session", mustEncode(t, codec, "__Host-session", value))
			if len(cookies) != n {
				t.Fatalf("%d cookies, want %d", len(cookies), n)
			}
			for i, c := range cookies {
				want := "__Host-session"
				if i > 0 {
					want += fmt.Sprintf("_%d", i+1)
				}
				if c.Name != want {
					t.Errorf("cookie %d is called %s", i+1, c.Name)
				}
				if size := len(c.Name) + len(c.Value); size > 4093 || i < n-1 && size != 4093 {
					t.Errorf("%s has %d bytes", c.Name, size)
				}
			}
			got, err := open(codec, requestWith(cookies...), "__Host-session")
			if err != nil || !slices.Equal(got, value) {
				t.Errorf("it does not come back: %v", err)
			}
			slices.Reverse(cookies) // a browser's order is its own affair
			if got, err := open(codec, requestWith(cookies...), "__Host-session"); err != nil || !slices.Equal(got, value) {
				t.Errorf("in reverse it does not come back: %v", err)
			}
		})
	}
	_, err := codec.Encode("__Host-session", noise(8*partBytes+300))
	var size *cookiesession.TooLargeError
	if !errors.As(err, &size) || size.Limit != 8*4093 || size.Size <= size.Limit {
		t.Errorf("what eight cookies can't hold: %v", err)
	}
}

// TestAnyCutOpens cuts where the writer does not.
func TestAnyCutOpens(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	value := noise(2*partBytes - 100)
	text := mustEncode(t, codec, "s", value)
	set := text[12:20]
	for _, cut := range []int{20, 21, 32, 33, 4000, len(text)} {
		r := requestWith(&http.Cookie{Name: "s", Value: text[:cut]}, &http.Cookie{Name: "s_2", Value: set + text[cut:]})
		if got, err := open(codec, r, "s"); err != nil || !slices.Equal(got, value) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
}

func TestSplitCookiesThatDoNotOpen(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	cut := func(value []byte) []*http.Cookie { return codec.Cookies("s", mustEncode(t, codec, "s", value)) }
	value := noise(3*partBytes - 100)
	three, other := cut(value), cut(value)
	rename := func(c *http.Cookie, name string) *http.Cookie { return &http.Cookie{Name: name, Value: c.Value} }
	alter := func(c *http.Cookie, at int, to byte) *http.Cookie {
		b := []byte(c.Value)
		if b[at] == to {
			to++
		}
		b[at] = to
		return &http.Cookie{Name: c.Name, Value: string(b)}
	}
	swapped := []*http.Cookie{three[0], rename(three[2], "s_2"), rename(three[1], "s_3")}
	for name, cookies := range map[string][]*http.Cookie{
		"missing the second":        {three[0], three[2]},
		"missing the last":          {three[0], three[1]},
		"missing the first":         {three[1], three[2]},
		"swapped":                   swapped,
		"a part of another write":   {three[0], three[1], other[2]},
		"the same, with its SET":    {three[0], three[1], {Name: "s_3", Value: three[2].Value[:8] + other[2].Value[8:]}},
		"count altered to two":      {alter(three[0], 0, "EQ"[0]), three[1]},
		"count altered to four":     {alter(three[0], 0, "MQ"[0]), three[1], three[2], rename(three[2], "s_4")},
		"the first part altered":    {alter(three[0], 100, 'A'), three[1], three[2]},
		"the last part altered":     {three[0], three[1], alter(three[2], 100, 'A')},
		"a part cut short":          {three[0], three[1], {Name: "s_3", Value: three[2].Value[:50]}},
		"SET alone":                 {three[0], three[1], {Name: "s_3", Value: three[2].Value[:8]}},
		"a first part of 19 of 20":  {{Name: "s", Value: three[0].Value[:19]}, three[1], three[2]},
		"a first part that is junk": {{Name: "s", Value: strings.Repeat("~", 40)}, three[1], three[2]},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := open(codec, requestWith(cookies...), "s")
			if got != nil || err == nil {
				t.Errorf("it opens: %d bytes", len(got))
			}
		})
	}
	if _, err := open(codec, requestWith(three...), "s"); err != nil {
		t.Errorf("the control does not open: %v", err)
	}
}

// TestForeignParts has cookies beside the session's that must not keep it from
// opening.
func TestForeignParts(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	value := noise(3*partBytes - 100)
	three := codec.Cookies("s", mustEncode(t, codec, "s", value))
	other := noise(5*partBytes - 100)
	stale := codec.Cookies("s", mustEncode(t, codec, "s", other))
	var extra []*http.Cookie
	for i := range 100 {
		extra = append(extra, &http.Cookie{Name: fmt.Sprintf("s_%d", i+4), Value: "junk"})
	}
	for name, cookies := range map[string][]*http.Cookie{
		"stale parts beyond its own": slices.Concat(three, stale[3:]),
		"stale parts before":         slices.Concat(stale[1:], three),
		"a whole other set before":   slices.Concat(stale, three),
		"a hundred extra parts":      slices.Concat(extra, three),
		"seven foreign second parts": slices.Concat(slices.Repeat([]*http.Cookie{stale[1]}, 7), three),
	} {
		t.Run(name, func(t *testing.T) {
			// Those of the same second as the stale set come first, or last.
			got, err := open(codec, requestWith(cookies...), "s")
			if err != nil || !slices.Equal(got, value) && !slices.Equal(got, other) {
				t.Errorf("it does not open: %v", err)
			}
		})
	}
}

// TestSplitTriesAreBounded has whole sets before the one that opens.
func TestSplitTriesAreBounded(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	three := codec.Cookies("s", mustEncode(t, codec, "s", noise(3*partBytes-100)))
	last := three[0].Value[len(three[0].Value)-1:]
	altered := &http.Cookie{Name: "s", Value: three[0].Value[:len(three[0].Value)-1] + map[bool]string{true: "B", false: "A"}[last == "A"]}
	for n, opens := range map[int]bool{7: true, 8: false} {
		_, err := open(codec, requestWith(append(slices.Repeat([]*http.Cookie{altered}, n), three...)...), "s")
		if opens != (err == nil) {
			t.Errorf("after %d that don't open: %v", n, err)
		}
	}
}

// TestShrinkAndGrow follows a session through a browser's jar: what a write
// leaves behind is deleted, and what comes back is the last write.
func TestShrinkAndGrow(t *testing.T) {
	manager, err := cookiesession.New[splitSession](newRing(t), &cookiesession.Options[splitSession]{MaxCookies: 8})
	if err != nil {
		t.Fatal(err)
	}
	jar := map[string]string{}
	for _, parts := range []int{1, 3, 2, 1, 8, 4, 1, 3, 0, 2, 0} {
		r := httptest.NewRequest("GET", "/", nil)
		for name, value := range jar {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		w := httptest.NewRecorder()
		var want []byte
		if parts > 0 {
			want = noise(parts*partBytes - 100)
		}
		manager.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s := manager.Get(r); parts == 0 {
				s.Destroy()
			} else {
				s.Data.Data = want
			}
		})).ServeHTTP(w, r)
		for _, c := range w.Result().Cookies() {
			if c.Path != "/" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s lacks attributes: %v", c.Name, c)
			}
			if c.MaxAge < 0 {
				delete(jar, c.Name)
				continue
			}
			jar[c.Name] = c.Value
		}
		if len(jar) != parts {
			t.Fatalf("%d parts: the jar has %d cookies", parts, len(jar))
		}
		r = httptest.NewRequest("GET", "/", nil)
		for name, value := range jar {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		if diff := cmp.Diff(want, manager.Load(r).Data.Data); diff != "" {
			t.Fatalf("%d parts: %s", parts, diff)
		}
	}
}

func TestSurplus(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", "s=a; s_2=b; s_5=c; s_9=d; s_22=e; S_3=f; other=g")
	one := []*http.Cookie{{Name: "s"}}
	for name, row := range map[string]struct{ got, want []string }{
		"after one cookie":  {codec.StaleParts(r, "s", one), []string{"s_2", "s_5"}},
		"after two":         {codec.StaleParts(r, "s", slices.Repeat(one, 2)), []string{"s_5"}},
		"after a deletion":  {codec.StaleParts(r, "s", nil), []string{"s", "s_2", "s_5"}},
		"of another cookie": {codec.StaleParts(r, "t", nil), nil},
		"without splitting": {newCodec(t, newRing(t), nil).StaleParts(r, "s", nil), []string{"s"}},
	} {
		if diff := cmp.Diff(row.want, row.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLargeSessionEvents(t *testing.T) {
	var kinds []cookiesession.EventKind
	manager, err := cookiesession.New(newRing(t), &cookiesession.Options[splitSession]{
		OnEvent: func(_ *http.Request, e cookiesession.Event) { kinds = append(kinds, e.Kind) },
	})
	if err != nil {
		t.Fatal(err)
	}
	store := func(n int, r *http.Request) []cookiesession.EventKind {
		kinds = nil
		s := manager.Load(r)
		s.Data.Data = noise(n)
		if err := manager.Save(httptest.NewRecorder(), s); err != nil {
			t.Fatal(err)
		}
		return kinds
	}
	long := httptest.NewRequest("GET", "/", nil)
	long.Header.Set("Cookie", "a="+strings.Repeat("x", 8191))
	full := httptest.NewRequest("GET", "/", nil)
	full.Header.Set("Cookie", "a="+strings.Repeat("x", 8190))
	for name, row := range map[string]struct{ got, want []cookiesession.EventKind }{
		"below three quarters": {store(2200, full), []cookiesession.EventKind{cookiesession.EventIssued}},
		"above three quarters": {store(2300, full), []cookiesession.EventKind{cookiesession.EventIssued, cookiesession.EventNearLimit}},
		"8193 bytes of header": {store(10, long), []cookiesession.EventKind{cookiesession.EventLongHeader, cookiesession.EventIssued}},
	} {
		if diff := cmp.Diff(row.want, row.got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestCookiesOfForeignValues has values that this Codec did not seal. Nothing
// of them is lost, and nothing panics.
func TestCookiesOfForeignValues(t *testing.T) {
	ring := newRing(t)
	codec := splitCodec(t, ring)
	small := newCodec(t, ring, &cookiesession.CodecOptions{MaxCookies: 8, MaxSize: 1024})
	three := mustEncode(t, codec, "s", noise(3*partBytes-100))
	if n := len(codec.Cookies("s", three)); n != 3 {
		t.Fatalf("the control has %d cookies", n)
	}
	for name, row := range map[string]struct{ name, value string }{
		"nothing":                         {"s", ""},
		"junk":                            {"s", "junk"},
		"a header of two parts":           {"s", "EQAAAAAAAAAAAAAAAAAA"},
		"two parts in few bytes":          {"s", "EQ" + strings.Repeat("A", 200)},
		"sixteen parts":                   {"s", "8Q" + strings.Repeat("A", 9000)},
		"cut for smaller cookies":         {"s", mustEncode(t, small, "s", noise(2000))},
		"three parts, a part too short":   {"s", three[:len(three)-4093]},
		"three parts, and more":           {"s", three + strings.Repeat("A", 4093)},
		"longer than all cookies":         {"s", three[:2] + strings.Repeat("A", 9*4093)},
		"a name that is longer than both": {strings.Repeat("n", 5000), three},
		"no name":                         {"", "EQ" + strings.Repeat("A", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			want := []*http.Cookie{{Name: row.name, Value: row.value}}
			if diff := cmp.Diff(want, codec.Cookies(row.name, row.value)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStalePartsOfOddCalls(t *testing.T) {
	codec := splitCodec(t, newRing(t))
	r := cookieHeader("s_3", "x")
	if got := codec.StaleParts(r, "s", nil); !slices.Equal(got, []string{"s_3"}) {
		t.Fatalf("the control gives %q", got)
	}
	for name, got := range map[string][]string{
		"no request":    codec.StaleParts(nil, "s", nil),
		"no header":     codec.StaleParts(new(http.Request), "s", nil),
		"no name":       codec.StaleParts(r, "", nil),
		"eight cookies": codec.StaleParts(r, "s", make([]*http.Cookie, 8)),
		"nine cookies":  codec.StaleParts(r, "s", make([]*http.Cookie, 9)),
	} {
		if got != nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	for _, r := range []*http.Request{nil, new(http.Request)} {
		if _, err := codec.OpenRequest(r, "s", new(string)); !errors.Is(err, cookiesession.ErrNoSession) {
			t.Errorf("OpenRequest: %v", err)
		}
		if _, err := codec.Reseal(r, "s"); !errors.Is(err, cookiesession.ErrNoSession) {
			t.Errorf("Reseal: %v", err)
		}
	}
}
