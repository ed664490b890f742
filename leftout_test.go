package cookiesession_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"example.com/cookiesession"
)

// Types with fields that encoding/json leaves out and gob keeps.
type (
	leftInner struct {
		Admin    bool `json:"-"`
		Disabled bool `json:"-"`
		Name     string
	}
	leftByNew struct {
		Users []leftInner
		Token string `json:"-"`
	}
	leftByRegister struct {
		A int `json:"-"`
		B int
	}
	leftAgreed struct {
		A int `json:"-" cbor:"-"`
		B int `json:"-" cbor:"b"`
		c int `json:"-"`
		D int
		//lint:ignore SA5008 encoding/json gives a field the name - in this way
		E int `json:"-,"`
	}
)

// leftOutLogs has what each step logs by default. They are done once in a
// process, since that is how often they log.
var leftOutLogs = sync.OnceValue(func() (logs [5]string) {
	defer slog.SetDefault(slog.Default())
	keys, err := cookiesession.NewKeyring(cookiesession.NewKey())
	if err != nil {
		panic(err)
	}
	for i, step := range []func() error{
		func() error { _, err := cookiesession.New[leftByNew](keys, nil); return err },
		func() error { _, err := cookiesession.New[leftByNew](keys, nil); return err },
		func() error { cookiesession.Register("left.byRegister", &leftByRegister{}); return nil },
		func() error { cookiesession.Register("left.inner", leftInner{}); return nil },
		func() error {
			cookiesession.Register("left.agreed", leftAgreed{c: 1})
			_, err := cookiesession.New[leftAgreed](keys, nil)
			return err
		},
	} {
		var out bytes.Buffer
		slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
		if err := step(); err != nil {
			panic(err)
		}
		logs[i] = out.String()
	}
	return logs
})

// TestLeftOutIsSaid: a field with the tag json:"-" is left out, and that is
// said once for each type, unless a cbor tag says what is meant.
func TestLeftOutIsSaid(t *testing.T) {
	logs := leftOutLogs()
	for i, test := range []struct {
		step  string
		types map[string]string // to their fields
	}{
		{"New", map[string]string{"leftByNew": "[Token]", "leftInner": `"[Admin Disabled]"`}},
		{"New again", nil},
		{"Register", map[string]string{"leftByRegister": "[A]"}},
		{"Register with a type that was said", nil},
		{"a cbor tag", nil},
	} {
		if got := strings.Count(logs[i], "\n"); got != len(test.types) {
			t.Errorf("%s: %d lines, want %d:\n%s", test.step, got, len(test.types), logs[i])
		}
		for typ, fields := range test.types {
			for _, want := range []string{"level=WARN", `cbor:\"-\"`, `cbor:\"name\"`, "type=cookiesession_test." + typ + " fields=" + fields + "\n"} {
				if !strings.Contains(logs[i], want) {
					t.Errorf("%s: %q is not in:\n%s", test.step, want, logs[i])
				}
			}
		}
	}
}

// TestLeftOut: what a cbor tag says counts.
func TestLeftOut(t *testing.T) {
	codec := newCodec(t, newRing(t, cookiesession.NewKey()), nil)
	text, err := codec.Encode("name", leftAgreed{A: 1, B: 2, D: 4, E: 5})
	if err != nil {
		t.Fatal(err)
	}
	var got leftAgreed
	if err := codec.Decode("name", text, &got); err != nil || got != (leftAgreed{B: 2, D: 4, E: 5}) {
		t.Errorf("%+v, %v", got, err)
	}
}
