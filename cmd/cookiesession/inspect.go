package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/wire"
)

var inspectCommand = command{
	name:    "inspect",
	args:    "[flags] [COOKIE]",
	summary: "show what a cookie says, or exactly why it does not open",
	about: `
Inspect reads a cookie value, a Cookie header, Set-Cookie headers, or the whole
head of a request or response, as an argument or from standard input. (An argument
stands in the shell's history.) A session in several cookies is joined.

Without keys it shows what everybody can read: version, number of cookies, key
id, time of issue and sizes. With the keys it opens the cookie, and shows the
session as JSON, though not in the types that the program knows: bytes are
{"base64": ...}, times RFC 3339, and values of a registered type
{"type": ..., "value": ...}.

A cookie that does not open has exactly one cause, which -json gives as one
word: empty, not-base64url, too-short, version, too-many-parts, missing-part,
unknown-key, retired-key, revoked-key, altered, malformed, value, future,
expired. Then the exit code is 1. A session that has expired is shown all the same.
`,
	example: `
pbpaste | cookiesession inspect
pbpaste | cookiesession inspect -file /etc/shop/keyring -label shop
curl -si https://shop.example/ | cookiesession inspect -file /etc/shop/keyring -json | jq .session
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		o := inspectOptions{lifetime: duration(wire.DefaultLifetime)}
		fs.StringVar(&o.file, "file", "", "keyring `file` to open the cookie with")
		fs.StringVar(&o.name, "name", "", "`name` of the cookie (default: "+usualNames[0]+" and its like, or the only one that may be meant)")
		fs.StringVar(&o.label, "label", "", "`label` that it was sealed under: Options.Label, or what Options.LabelFunc returned")
		fs.Var(&o.lifetime, "lifetime", "`duration` for which sessions live (Options.Lifetime)")
		fs.Var(&o.idle, "idle", "`duration` for which they live unused (Options.IdleTimeout); 0: no such limit")
		fs.BoolVar(&o.json, "json", false, "print one JSON object a line, for each cookie of the name")
		return func(c *console, args []string) error { return inspect(c, o, args) }
	},
}

type inspectOptions struct {
	file, name, label string
	lifetime, idle    duration
	json              bool
}

const maxInput = 1 << 20 // bytes, as much as net/http takes of a head

func inspect(c *console, o inspectOptions, args []string) error {
	text := ""
	switch len(args) {
	case 0:
		input, err := io.ReadAll(io.LimitReader(c.stdin, maxInput))
		if err != nil {
			return err
		}
		text = string(input)
	case 1:
		text = args[0]
	default:
		return misuse("one cookie at a time: put quotes around a header")
	}
	if o.lifetime == 0 {
		return misuse("-lifetime is 0: no session lives for ever")
	}
	opener, err := o.opener()
	if err != nil {
		return err
	}
	cookies := parseCookies(text)
	name := o.name
	if name == "" && (len(cookies) != 1 || cookies[0].name != "") {
		if name, err = chooseName(cookies); err != nil {
			return no("%w", err)
		}
	}
	found := candidates(cookies, name)
	if len(found) == 0 {
		return no("there is no cookie called %s", name)
	}

	opened := false
	for i, can := range found {
		r := o.look(opener, can)
		opened = opened || r.Cause == ""
		if i > 0 && !o.json {
			fmt.Fprintln(c.stdout)
		}
		if err := r.print(c, o); err != nil {
			return err
		}
	}
	if !opened {
		return no("")
	}
	return nil
}

// A finding is everything that is known of one cookie.
type finding struct {
	Cookie  string `json:"cookie,omitempty"`
	Cookies int    `json:"cookies"`        // how many it takes
	Chars   int    `json:"chars"`          // of the value
	Size    int    `json:"size"`           // bytes of the largest cookie's name and value
	Bytes   int    `json:"bytes,omitzero"` // of the token

	Version int        `json:"version,omitzero"`
	Key     string     `json:"key,omitempty"` // key id
	Issued  *time.Time `json:"issued,omitempty"`

	// These are there if there are keys. Cause says in a word why the cookie
	// does not open, Why the same for people.
	Opens *bool  `json:"opens,omitempty"`
	Cause cause  `json:"cause,omitempty"`
	Why   string `json:"why,omitempty"`
	State string `json:"state,omitempty"` // of the key

	// The sealed content.
	Created  *time.Time `json:"created,omitempty"`
	Age      int64      `json:"age,omitzero"` // seconds since then
	ID       string     `json:"id,omitempty"`
	Lifetime int64      `json:"lifetime,omitzero"` // seconds, if it has its own
	Browser  bool       `json:"browser_session,omitzero"`
	Binding  string     `json:"binding,omitempty"` // hex
	Pending  bool       `json:"binding_pending,omitzero"`
	Expires  *time.Time `json:"expires,omitempty"`
	Session  any        `json:"session,omitempty"`
}

// isOpen reports whether the sealed content is known.
func (f *finding) isOpen() bool { return f.Created != nil }

// look finds out as much as possible about a cookie. A nil opener stands for no
// keys.
func (o inspectOptions) look(op *opener, can candidate) *finding {
	now := clock.Now()
	f := &finding{Cookie: can.name, Cookies: 1, Chars: len(can.text), Size: can.longest}
	t, r := parseToken(can.text)
	if t.key != "" {
		f.Version, f.Key, f.Issued, f.Bytes, f.Cookies = wire.Version, t.key, &t.issued, t.size, t.parts
	}
	switch {
	case can.refusal != nil:
		r = can.refusal // there is only a part of it, which explains every other fault
	case r != nil:
	case t.issued.After(now.Add(wire.MaxSkew)):
		r = refuse(causeFuture, "it was issued more than five minutes ahead of this machine's clock")
	case op != nil:
		r = op.open(f, can, t, now)
	}
	if op != nil {
		opens := r == nil
		f.Opens = &opens
	}
	if r != nil {
		f.Cause, f.Why = r.cause, r.why
	}
	return f
}

// An opener opens cookies with the keys of a file.
type opener struct {
	options inspectOptions
	keys    []cookiesession.KeyInfo
	codec   *cookiesession.Codec
}

func (o inspectOptions) opener() (*opener, error) {
	if o.file == "" {
		return nil, nil
	}
	ring, err := cookiesession.OpenKeyring(o.file)
	if err != nil {
		return nil, err
	}
	codec, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{
		// look reports a session that has expired.
		Label: o.label, Lifetime: wire.MaxLifetime, MaxSize: maxInput, MaxCookies: wire.MaxParts,
	})
	if err != nil {
		return nil, err
	}
	return &opener{o, ring.Keys(), codec}, nil
}

// open opens a whole token.
func (op *opener) open(f *finding, can candidate, t token, now time.Time) *refusal {
	if r := op.findKey(f, t.key); r != nil {
		return r
	}
	names := []string{can.name}
	if can.name == "" {
		names = usualNames
		if op.options.name != "" {
			names = []string{op.options.name}
		}
	}
	var err error
	for _, name := range names {
		var v any
		var meta cookiesession.Meta
		meta, err = op.openAt(t.issued, name, can.text, &v)
		if err == nil {
			if can.name == "" {
				f.Cookie, f.Size = name, len(name)+len(can.text)
			}
			f.describe(meta, v)
			return f.expiry(op.options, now)
		}
	}
	return op.explain(err, names)
}

// openAt opens a cookie as of the time of its issue, when it had not expired.
// It is the only way to look at a session whose own lifetime is over.
func (op *opener) openAt(issued time.Time, name, text string, v any) (cookiesession.Meta, error) {
	clock.SetOffset(min(0, time.Until(issued)))
	defer clock.SetOffset(0)
	return op.codec.Open(name, text, v)
}

// findKey says why the key of a cookie does not open it.
func (op *opener) findKey(f *finding, id string) *refusal {
	var ids []string
	for _, k := range op.keys {
		if k.State != cookiesession.KeyRevoked && k.State != cookiesession.KeyRetired {
			ids = append(ids, k.ID)
		}
		if k.ID != id {
			continue
		}
		f.State = string(k.State)
		switch k.State {
		case cookiesession.KeyRevoked:
			return refuse(causeRevokedKey, "its key %s is revoked", id)
		case cookiesession.KeyRetired:
			return refuse(causeRetiredKey, "its key %s retired at %s", id, stamp(k.Retires))
		case cookiesession.KeyPending, cookiesession.KeySealing, cookiesession.KeyOld:
			return nil
		default:
			panic(fmt.Sprintf("a key of state %q", k.State))
		}
	}
	return refuse(causeUnknownKey, "its key %s is not in the ring, which has %s", id, strings.Join(ids, ", "))
}

// explain says why the codec did not open a cookie that has a key and the form
// of a token.
func (op *opener) explain(err error, names []string) *refusal {
	cause := error(nil)
	if e, ok := err.(interface{ Cause() error }); ok {
		cause = e.Cause()
	}
	var notShown *value.ValueError
	var notCBOR *cbor.SyntaxError
	switch {
	case cookiesession.ReasonOf(err) == cookiesession.ReasonAltered:
		label := "no label"
		if op.options.label != "" {
			label = fmt.Sprintf("the label %q", op.options.label)
		}
		return refuse(causeAltered, "it was altered, or sealed for another name than %s, or under another label than %s", strings.Join(names, ", "), label)
	case errors.As(err, &notShown), errors.As(err, &notCBOR):
		return refuse(causeValue, "it is authentic, but its value cannot be shown: %v", cause)
	}
	return refuse(causeMalformed, "%v", err)
}

func (f *finding) describe(meta cookiesession.Meta, v any) {
	f.Created, f.ID, f.Session = &meta.Created, meta.ID, plain(v)
	f.Lifetime = int64(meta.Lifetime / time.Second)
	f.Browser, f.Pending = meta.BrowserSession, meta.BindingPending
	if meta.Binding != [16]byte{} {
		f.Binding = hex.EncodeToString(meta.Binding[:])
	}
}

// expiry says when the session ends, by the policy in the options, and refuses
// it if it has ended.
func (f *finding) expiry(o inspectOptions, now time.Time) *refusal {
	f.Age = int64(max(0, now.Sub(*f.Created)) / time.Second)
	lifetime, of := time.Duration(o.lifetime), "a lifetime of "
	if f.Lifetime != 0 {
		lifetime, of = time.Duration(f.Lifetime)*time.Second, "its own lifetime of "
	}
	end, by := f.Created.Add(lifetime), of+formatDuration(lifetime)
	if idle := f.Issued.Add(time.Duration(o.idle)); o.idle > 0 && idle.Before(end) {
		end, by = idle, "an idle timeout of "+formatDuration(time.Duration(o.idle))
	}
	f.Expires = &end
	if now.Before(end) {
		return nil
	}
	return refuse(causeExpired, "it expired at %s (%s), by %s", stamp(end), from(now, end), by)
}

func (f *finding) print(c *console, o inspectOptions) error {
	if o.json {
		return writeJSON(c.stdout, f)
	}
	now := clock.Now()
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, visible(fmt.Sprintf(format, args...)))
	}
	name := f.Cookie
	if name == "" {
		name = "(a value without a name)"
	}
	if f.Cookies > 1 {
		name += fmt.Sprintf(" and %d more", f.Cookies-1)
	}
	row("cookie", "%s", name)
	if f.Key != "" {
		row("version", "%d", f.Version)
		key := f.Key
		if f.State != "" {
			key += " (" + f.State + ")"
		}
		row("key", "%s", key)
		row("issued", "%s (%s)", stamp(*f.Issued), from(now, *f.Issued))
	}
	row("size", "%s", f.sizes())
	switch {
	case f.Cause == causeExpired:
		row("opens", "no longer: %s", f.Why)
	case f.Cause != "":
		row("opens", "no: %s", f.Why)
	case f.Opens != nil:
		row("opens", "yes")
	default:
		row("opens", "that takes the keys: -file")
	}
	if f.isOpen() {
		f.printSealed(row, now)
	}
	if err := table.Flush(); err != nil || !f.isOpen() {
		return err
	}
	return f.printSession(c)
}

func (f *finding) sizes() string {
	s := fmt.Sprintf("%d characters", f.Chars)
	if f.Bytes > wire.Overhead {
		s += fmt.Sprintf(", %d bytes of which %d are sealed content", f.Bytes, f.Bytes-wire.Overhead)
	}
	if f.Size > f.Chars || f.Cookies > 1 {
		what := "name and value"
		if f.Cookies > 1 {
			what = "name and value of the largest cookie"
		}
		s += fmt.Sprintf("; %s: %d of %d", what, f.Size, wire.MaxCookie)
	}
	return s
}

func (f *finding) printSealed(row func(string, string, ...any), now time.Time) {
	row("created", "%s (%s)", stamp(*f.Created), from(now, *f.Created))
	if f.Cause == "" {
		row("expires", "%s (%s)", stamp(*f.Expires), from(now, *f.Expires))
	}
	if f.ID == "" {
		row("id", "none")
	} else {
		row("id", "%s", f.ID)
	}
	if f.Lifetime == 0 {
		row("lifetime", "not its own")
	} else {
		row("lifetime", "its own: %s, which the server may cut (MaxLifetime)", formatDuration(time.Duration(f.Lifetime)*time.Second))
	}
	if f.Browser {
		row("kept", "until the browser is closed")
	}
	if f.Binding != "" {
		state := "proven"
		if f.Pending {
			state = "pending"
		}
		row("binding", "%s (%s)", f.Binding, state)
	}
}

func (f *finding) printSession(c *console) error {
	text, err := marshalJSON(f.Session, "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "session\n%s", text)
	return err
}
