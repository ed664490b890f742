package dbsc

import (
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
	for _, test := range []struct {
		name string
		err  error
		want bool
	}{
		{"another release's type", otherType, true},
		{"an error of nobody", errors.New("disk"), true},
		{"over", errOver, false},
		{"malformed", newBinder[account](t, keys).manager.Load(&http.Request{Header: http.Header{"Cookie": {"__Host-session=x"}}}).Err(), false},
	} {
		if got := isOutage(test.err); got != test.want {
			t.Errorf("%s (%v): %t", test.name, test.err, got)
		}
	}
}
