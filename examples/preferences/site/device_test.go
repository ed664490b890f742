package site

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"example.com/cookiesession"
)

// A fakeDevice binds each session at once, or never finishes. Like a real one
// it leaves a session that is bound as it is; here that is an error.
type fakeDevice struct {
	noDevice
	pending bool
}

func (d fakeDevice) Bind(_ http.ResponseWriter, s *visitSession) error {
	if id, _ := s.Binding(); id != [16]byte{} {
		return errors.New("a login that keeps a binding, which somebody may have planted")
	}
	s.SetBinding([16]byte{1}, d.pending)
	return nil
}

// newBoundVisitor returns a visitor to a site of its own that binds sessions.
func newBoundVisitor(t *testing.T, pending bool) *visitor {
	t.Helper()
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := newHandler(keys, false, func(keys *cookiesession.Keyring, opts *cookiesession.Options[Visit]) (Device, error) {
		sessions, err := cookiesession.New(keys, opts)
		return fakeDevice{noDevice{sessions}, pending}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return visitorTo(t, server.URL)
}

// The page says whether the session is bound, where somebody is logged in and
// the site binds sessions.
func TestDeviceIsShown(t *testing.T) {
	const mark = `id="device"`
	for _, test := range []struct {
		name    string
		visitor *visitor
		login   bool
		want    string // "": nothing of it
	}{
		{"a site that binds none", newVisitor(t), true, ""},
		{"nobody is logged in", newBoundVisitor(t, false), false, ""},
		{"bound", newBoundVisitor(t, false), true, english.Bound},
		{"not yet", newBoundVisitor(t, true), true, english.NotBound},
	} {
		v := test.visitor
		v.post("/preferences", "theme", "dark")
		if test.login {
			v.post("/login", "name", "bo")
			v.post("/login", "name", "ana")
		}
		page := v.get("/user")
		if got := strings.Contains(page.body, mark); got != (test.want != "") || !strings.Contains(page.body, test.want) {
			t.Errorf("%s: the page has %q: %t, and not %q", test.name, mark, got, test.want)
		}
		v.post("/logout")
		if page := v.get("/"); strings.Contains(page.body, mark) || !strings.Contains(page.body, `data-theme="dark"`) {
			t.Errorf("%s: the page after the logout: %s", test.name, page.body)
		}
	}
}

func TestDeviceBoundNeeds(t *testing.T) {
	device := func(*cookiesession.Keyring, *cookiesession.Options[Visit]) (Device, error) {
		return nil, errors.New("made")
	}
	for _, test := range []struct {
		c    config
		want error // nil: another one, as a device is asked for
	}{
		{config{deviceBound: true}, errNoDevice},
		{config{deviceBound: true, newDevice: device, insecure: true}, errInsecure},
		{config{deviceBound: true, newDevice: device}, nil},
	} {
		test.c.addr, test.c.keys = "localhost:0", filepath.Join(t.TempDir(), "keyring")
		err := run(context.Background(), test.c, io.Discard)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || test.want == nil && err.Error() != "made" {
			t.Errorf("run(%+v): %v, want %v", test.c, err, test.want)
		}
	}
}
