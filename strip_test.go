package cookiesession_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStrip(t *testing.T) {
	site := newWebSite(t, nil, userOptions{Name: "s"})
	for _, tt := range []struct {
		name         string
		before, want []string // lines of the Cookie header; nil: there is none
	}{
		{"none", nil, nil},
		{"others", []string{`a=1; b="x\073y"`, "c=3"}, []string{`a=1; b="x\073y"`, "c=3"}},
		{"ours", []string{"s=1"}, nil},
		{"ours, in parts and lines", []string{"s=1", "s_2=2; s_3=3", "a=1", " ; s=4"}, []string{"a=1"}},
		{"ours and a semicolon", []string{"s=1; "}, nil},
		{"an empty line of others", []string{"", "s=1"}, []string{""}},
	} {
		h := http.Header{"Cookie": tt.before, "Accept": {"s=1"}}
		if tt.before == nil {
			delete(h, "Cookie")
		}
		shared := append([]string(nil), tt.before...)
		site.Strip(h)
		want := http.Header{"Cookie": tt.want, "Accept": {"s=1"}}
		if tt.want == nil {
			delete(want, "Cookie")
		}
		if diff := cmp.Diff(want, h); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(shared, tt.before, cmp.Comparer(func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") })); diff != "" {
			t.Errorf("%s: the slice that was there was changed: %s", tt.name, diff)
		}
	}
}

// An upstream behind a ReverseProxy does not see the session, and sees all
// else.
func TestStripInAReverseProxy(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header["Cookie"])
	}))
	defer upstream.Close()
	to, err := url.Parse(upstream.URL)
	mustDo(t, err)
	site := newWebSite(t, nil, userOptions{Name: "s", Insecure: true})
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		site.Strip(r.Out.Header)
	}}
	token := signedIn(site).jar["s"]
	server := httptest.NewServer(site.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxy.ServeHTTP(w, r)
		if site.Get(r).Data.Name != webSecret {
			t.Error("the session is gone here, too")
		}
	})))
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL, nil)
	mustDo(t, err)
	r.Header.Set("Cookie", `a="x\073y"; s=`+token+`; s_2=y; b=`)
	resp, err := server.Client().Do(r)
	mustDo(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	mustDo(t, err)
	if got := string(body); got != `[a="x\073y"; b=]` {
		t.Errorf("the upstream saw %q", got)
	}
}
