package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/document"
	"example.com/cookiesession/internal/wire"
)

var sealCommand = command{
	name:    "seal",
	args:    "[flags] [JSON | @FILE | -]",
	summary: "make the cookie of a session that is given as JSON, for tests",
	about: `
Seal makes the cookie of a session: the argument, the content of the file after @,
or standard input, as JSON. It prints the cookie's value, which the program takes
as one of its own if keys, name and label are those of the program. So the keys of
production do not belong here: who has them can be anybody.

The names in the JSON are those that cookies have: of a field's cbor or json tag, or
else of the field. A number without fraction and exponent is an integer, and fits
any field of a number that holds it. JSON has no bytes, no times and no registered
types, and a text does not fit a field of these.
`,
	example: `
cookiesession seal -keys dev.keyring '{"User":"ada","Theme":"dark"}'
curl -b "$(cookiesession seal -keys dev.keyring -name dev-session -cookie @ada.json)" http://localhost:8080/
cookiesession seal -keys dev.keyring -created 15d @ada.json # has expired
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		var o sealOptions
		o.cookieFlags.add(fs, usualNames[0], "`name` of the cookie")
		fs.StringVar(&o.id, "id", "", "`id` of the session, 32 hexadecimal digits (default: none)")
		fs.Var(&o.created, "created", "`when` the session began, as 2026-01-31T12:00:00Z or as how long ago (default: now)")
		fs.Var(&o.lifetime, "lifetime", "the session's own lifetime, a `duration`; 0: it has none, and Options.Lifetime counts")
		fs.BoolVar(&o.cookie, "cookie", false, "print NAME=VALUE, as curl -b takes it; a large session has several")
		return func(c *console, args []string) error { return sealSession(c, o, args) }
	},
}

type sealOptions struct {
	cookieFlags
	id       string
	created  moment
	lifetime duration
	cookie   bool
}

func sealSession(c *console, o sealOptions, args []string) error {
	if err := o.check(true); err != nil {
		return err
	}
	text, err := o.keys.text(c, "session", args)
	if err != nil {
		return err
	}
	ring, err := o.keys.ring(c)
	if err != nil {
		return err
	}
	value, err := document.Parse([]byte(text))
	if err != nil {
		return err
	}
	codec, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{
		Label: o.label, MaxLifetime: wire.MaxLifetime, MaxCookies: wire.MaxParts,
	})
	if err != nil {
		return err
	}
	sealed, err := codec.Seal(o.name, value, cookiesession.Meta{
		ID: o.id, Created: time.Time(o.created), Lifetime: time.Duration(o.lifetime),
	})
	if err != nil {
		return err
	}
	var pairs []string
	for _, part := range codec.Cookies(o.name, sealed) {
		pairs = append(pairs, part.Name+"="+part.Value)
	}
	switch {
	case o.cookie:
		sealed = strings.Join(pairs, "; ")
	case len(pairs) > 1:
		return fmt.Errorf("the session takes %d cookies, so that one value is not enough: add -cookie", len(pairs))
	}
	fmt.Fprintln(c.stdout, sealed)
	return nil
}

// A moment is a flag that is a time, or how long ago it was.
type moment time.Time

// String is part of flag.Value.
func (m *moment) String() string {
	if t := time.Time(*m); !t.IsZero() {
		return stamp(t)
	}
	return ""
}

// Set is part of flag.Value.
func (m *moment) Set(s string) error {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		d, derr := parseDuration(s)
		if derr != nil {
			return fmt.Errorf("neither a time such as 2026-01-31T12:00:00Z nor a duration such as 15d")
		}
		t = clock.Now().Add(-d)
	}
	*m = moment(t)
	return nil
}
