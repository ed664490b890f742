package main

import (
	"crypto/rand"
	"fmt"
	"reflect"
	"slices"
)

// A group is a sort of forms.
type group string

const (
	ours    group = "ours"
	byHand  group = "by hand"
	peer    group = "Go"
	inNode  group = "Node"
	formula group = "formula" // computed, since nothing here can run it
	minimum group = "minimum"
)

// A form is one way to keep a session in a cookie.
type form struct {
	name   string
	group  group
	module string // the module whose version is printed
	note   string // for the reader of a table

	// convert makes the value that a program would hand over from a session's;
	// nil: it is handed over itself.
	convert func(value any) any
	seal    func(value any) (text string, err error)
	open    func(text string, dst any) error // nil: its time is not measured

	// chars returns the characters of a session where there is no text to count
	// them in; nil: sealing it tells.
	chars func(session) (int, error)

	// bytes reports that a value is sealed as its JSON text, which is made
	// outside the measurement.
	bytes bool
}

// input returns the value that a form is given for a session.
func (f *form) input(s session) any {
	if f.bytes {
		return s.text
	}
	if f.convert != nil {
		return f.convert(s.value)
	}
	return s.value
}

// target returns a place for a form to open the input in.
func (f *form) target(in any) any {
	if f.bytes {
		return nil
	}
	return target(in)
}

// check seals a session and opens it again, and returns the text.
func (f *form) check(s session) (string, error) {
	in := f.input(s)
	text, err := f.seal(in)
	if err != nil {
		return "", fmt.Errorf("%s: sealing %s: %w", f.name, s.name, err)
	}
	if f.open == nil || f.bytes {
		return text, nil
	}
	dst := f.target(in)
	if err := f.open(text, dst); err != nil {
		return "", fmt.Errorf("%s: opening %s: %w", f.name, s.name, err)
	}
	want, err := plain(in)
	if err != nil {
		return "", err
	}
	got, err := plain(dst)
	if err != nil {
		return "", err
	}
	if !reflect.DeepEqual(want, got) {
		return "", fmt.Errorf("%s: %s: %v was sealed, and %v opened", f.name, s.name, want, got)
	}
	return text, nil
}

// Notes that charts or several forms have.
const (
	signedOnly = "signed only: anybody can read it"
	onServer   = "the session is on the server"
	oracle     = "its length tells one value by another"
)

// cookieName is the name that every form seals for.
const cookieName = "__Host-session"

// cookieLimit bounds the bytes of one cookie's name and value: the smallest
// limit of a browser in use.
const cookieLimit = 4093

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return b
}

// forms returns all forms but those of Node, ours and the minimum first.
func forms() ([]*form, error) {
	var all []*form
	for _, of := range []func() ([]*form, error){minimumForm, ourForms, handForms, peerForms, formulaForms} {
		some, err := of()
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// absent lists the peers that the Go module proxy does not have, and that
// therefore are not measured.
var absent = []string{
	"github.com/chmike/securecookie",
	"github.com/golangcollege/sessions",
	"github.com/libtnb/securecookie",
	"github.com/bpowers/seshcookie",
	"github.com/essentialkaos/branca, github.com/hako/branca (Branca's size is by its specification)",
}

func byName(all []*form, name string) *form {
	i := slices.IndexFunc(all, func(f *form) bool { return f.name == name })
	if i < 0 {
		panic("compare: no form is called " + name) // unreachable: names are constants
	}
	return all[i]
}
