package dbsc

import (
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"example.com/cookiesession"
)

type account struct{ Name string }

func newBinder[T any](t *testing.T, keys *cookiesession.Keyring) *Binder[T] {
	t.Helper()
	b, err := New[T](keys, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A cookie's name has three bytes of the binding id, so somebody who logs in
// often enough gets a proof of that name. It is for another id all the same.
func TestProofOfTheSameName(t *testing.T) {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	b := newBinder[account](t, keys)
	victim, thief := bindingID{1, 2, 3, 4}, bindingID{1, 2, 3, 5}
	for _, test := range []struct {
		id   bindingID
		want bool
	}{{victim, true}, {thief, false}} {
		value, err := b.proofs.Encode(b.proofName(test.id), test.id[:])
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Header: http.Header{"Cookie": {b.proofName(test.id) + "=" + value}}}
		if b.isProven(r, victim) != test.want {
			t.Errorf("a proof of %x for %x: %t", test.id, victim, !test.want)
		}
	}
}

// An error says that a session is over, or nothing about it.
func TestIsOutage(t *testing.T) {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	cookies, err := newBinder[account](t, keys).manager.Cookies(&cookiesession.Session[account]{Data: account{"ana"}})
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Header: http.Header{"Cookie": {cookies[0].Name + "=" + cookies[0].Value}}}
	otherType := newBinder[struct{ Name int }](t, keys).manager.Load(r).Err()
	if cookiesession.ReasonOf(otherType) != cookiesession.ReasonValue {
		t.Fatalf("a session of another type: %v", otherType)
	}
	token, err := base64.RawURLEncoding.DecodeString(cookies[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	token[0]++ // the version
	r.Header.Set("Cookie", cookies[0].Name+"="+base64.RawURLEncoding.EncodeToString(token))
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"another release's type", otherType, true},
		{"a newer release", newBinder[account](t, keys).manager.Load(r).Err(), true},
		{"an error of nobody", errors.New("disk"), true},
		{"over", errOver, false},
		{"malformed", newBinder[account](t, keys).manager.Load(&http.Request{Header: http.Header{"Cookie": {"__Host-session=x"}}}).Err(), false},
	} {
		if got := isOutage(test.err); got != test.want {
			t.Errorf("%s (%v): %t", test.name, test.err, got)
		}
	}
}

// The proof has the session's attributes, so that a browser sends both or none.
func TestProofAttributes(t *testing.T) {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		opts cookiesession.Options[account]
		want string
	}{
		{cookiesession.Options[account]{}, "Path=/; HttpOnly; Secure; SameSite=Lax"},
		{cookiesession.Options[account]{SameSite: http.SameSiteStrictMode}, "Path=/; HttpOnly; Secure; SameSite=Strict"},
		{cookiesession.Options[account]{SameSite: http.SameSiteNoneMode, Path: "/app"}, "Path=/app; HttpOnly; Secure; SameSite=None"},
	} {
		b, err := New(keys, &test.opts, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.attributes(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
		cookies, err := b.manager.Cookies(&cookiesession.Session[account]{Data: account{"ana"}})
		if err != nil {
			t.Fatal(err)
		}
		c := cookies[0]
		c.Name, c.Value, c.MaxAge = "n", "v", 0
		if got := c.String(); got != "n=v; "+test.want {
			t.Errorf("the session's: %q, want %q", got, test.want)
		}
	}
}

// Nothing that is sealed under one label opens under another.
func TestLabels(t *testing.T) {
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	var binders [2]*Binder[account]
	for i, label := range []string{"shop", "staging"} {
		if binders[i], err = New(keys, &cookiesession.Options[account]{Label: label}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, codec := range []*cookiesession.Codec{binders[0].identifiers, binders[0].challenges, binders[0].proofs} {
		text, err := codec.Encode("name", []byte{1})
		if err != nil {
			t.Fatal(err)
		}
		other := []*cookiesession.Codec{binders[1].identifiers, binders[1].challenges, binders[1].proofs}[i]
		var got []byte
		if err := codec.Decode("name", text, &got); err != nil {
			t.Error(err)
		}
		if err := other.Decode("name", text, &got); !errors.Is(err, cookiesession.ErrInvalid) {
			t.Errorf("codec %d of the other label: %v", i, err)
		}
	}
}
