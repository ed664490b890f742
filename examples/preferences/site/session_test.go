package site

import (
	"net/http"
	"net/url"
	"testing"
)

func TestLocalPath(t *testing.T) {
	tests := []struct{ target, want string }{
		{"/user", "/user"},
		{"/user?a=b#c", "/user?a=b#c"},

		{"", "/"},
		{"user", "/"},
		{"https://other.example/", "/"},
		{"javascript:alert(1)", "/"},
		{"//other.example/", "/"},
		{"///other.example/", "/"},
		{`/\other.example/`, "/"},
		{`\/other.example/`, "/"},
		{"/\t/other.example/", "/"},
		{"/\n/other.example/", "/"},
		{" //other.example/", "/"},
	}
	for _, test := range tests {
		if got := localPath(test.target); got != test.want {
			t.Errorf("localPath(%q) = %q, want %q", test.target, got, test.want)
		}
		// The form and the redirect both have to ask.
		v := newVisitor(t)
		v.checkShows(v.get("/login?next="+url.QueryEscape(test.target)), `name="next" value="`+test.want+`"`)
		got := v.do(http.MethodPost, "/login", formOf("name", "ana", "next", test.target))
		if location := got.header.Get("Location"); location != test.want {
			t.Errorf("login with next %q leads to %q, want %q", test.target, location, test.want)
		}
	}
}
