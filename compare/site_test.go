package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestSites checks that each site reads the session that it was given, and
// sends a cookie just when the session has changed.
func TestSites(t *testing.T) {
	all, err := sites()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		header, err := s.cookie()
		if err != nil {
			t.Fatal(err)
		}
		for _, access := range accesses {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Cookie", header)
			w := httptest.NewRecorder()
			s.handler(access).ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("%s, %s: status %d: %s", s.name, access, w.Code, w.Body)
			}
			// scs with a store sends the same value again.
			if sent := len(w.Result().Cookies()) > 0; sent != (access == changed) {
				t.Errorf("%s, %s: a cookie was sent: %v", s.name, access, sent)
			}
		}
		// Without its cookie, the session isn't there.
		w := httptest.NewRecorder()
		s.handler(read).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		if w.Code != http.StatusInternalServerError {
			t.Errorf("%s: without a cookie, reading the session gives status %d", s.name, w.Code)
		}
	}
}
