package main

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
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
	args:    "[flags] [TEXT | @FILE | -]",
	summary: "show what a cookie says, or exactly why it does not open",
	about: `
Inspect finds a cookie in any text: a value, a Cookie or Set-Cookie header, what
curl -v printed, "Copy as cURL" or "Copy as fetch", a HAR file, a curl -c jar, a
row of the browser's tools, JSON, code or a log, also wrapped or percent-encoded.
The text is the argument, the content of the file after @, or standard input. (An
argument stands in the shell's history.) A session in several cookies is joined.

Of several cookies it takes one under a key of the ring, then one that is called
as the library calls it, then the one that was issued last. It lists the others,
and -name or -nth takes one of them.

Without keys it shows what everybody can read: version, number of cookies, key
id, time of issue and sizes. With the keys it opens the cookie, and shows the
session as JSON, though not in the types that the program knows: bytes are
{"base64": ...}, times RFC 3339, and values of a registered type
{"type": ..., "value": ...}.

A cookie that does not open has exactly one cause, which -json gives as one
word: empty, not-base64url, too-short, version, too-many-parts, missing-part,
unknown-key, retired-key, revoked-key, altered, newer, malformed, value, future,
expired. Then the exit code is 1, and so it is if there is no cookie. A session
that has expired is shown all the same.
`,
	example: `
pbpaste | cookiesession inspect
pbpaste | cookiesession inspect -keys /etc/shop/keyring -label shop
cookiesession inspect -keys /etc/shop/keyring -name cart @shop.example.har
kubectl get secret keyring -o jsonpath={.data.keyring} | base64 -d | cookiesession inspect -keys - @jar
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		o := inspectOptions{lifetime: duration(wire.DefaultLifetime)}
		o.flags(fs)
		fs.BoolVar(&o.json, "json", false, "print a JSON object")
		return func(c *console, args []string) error {
			f, err := o.find(c, args)
			if err != nil {
				return err
			}
			return f.print(c, o)
		}
	},
}

var openCommand = command{
	name:    "open",
	args:    "[flags] [TEXT | @FILE | -]",
	summary: "print the session of a cookie as JSON",
	about: `
Open finds a cookie as inspect does, opens it and prints its session as JSON, in
the form that inspect has. It needs the keys. A session that has expired is
refused. The exit code is 1 if it prints none, and the error says why.

With -json it prints one line, {"value": ..., "id": ..., "created": ...,
"issued": ..., "key": ...}, where the times are in Unix seconds and id is null if
there is none. If it refuses, that is {"error": ..., "why": ...}: no-cookie, or one
of the causes of inspect.
`,
	example: `
pbpaste | cookiesession open -keys /etc/shop/keyring
cookiesession open -keys /etc/shop/keyring -json @jar | jq .value.user
`,
	setup: func(fs *flag.FlagSet) func(*console, []string) error {
		o := inspectOptions{lifetime: duration(wire.DefaultLifetime), needsKeys: true}
		o.flags(fs)
		fs.BoolVar(&o.json, "json", false, "print a JSON object that also says when, for whom and by which key it was sealed")
		return func(c *console, args []string) error { return openSession(c, o, args) }
	},
}

// inspectOptions are the flags of inspect and open.
type inspectOptions struct {
	cookieFlags
	nth            int
	lifetime, idle duration
	json           bool
	needsKeys      bool
}

func (o *inspectOptions) flags(fs *flag.FlagSet) {
	o.cookieFlags.add(fs, "", "`name` of the cookie (default: see above)")
	fs.IntVar(&o.nth, "nth", 0, "take the cookie of this `number` in the list, from 1 (0: see above)")
	fs.Var(&o.lifetime, "lifetime", "`duration` for which sessions live (Options.Lifetime)")
	fs.Var(&o.idle, "idle", "`duration` for which they live unused (Options.IdleTimeout); 0: no such limit")
}

// find finds out about the cookie that is meant. Its error is errNo if there is
// none.
func (o inspectOptions) find(c *console, args []string) (*finding, error) {
	switch {
	case o.lifetime == 0:
		return nil, misuse("-lifetime is 0: no session lives for ever")
	case o.nth < 0:
		return nil, misuse("-nth %d: the first cookie has number 1", o.nth)
	}
	if err := o.check(o.needsKeys); err != nil {
		return nil, err
	}
	text, err := o.keys.text(c, "cookie", args)
	if err != nil {
		return nil, err
	}
	opener, err := o.opener(c)
	if err != nil {
		return nil, err
	}
	return o.search(c, opener, text)
}

// search looks for the cookie that is meant in a text. Of the ways to read the
// text the first counts in which a cookie opens, or has a name if there are no
// keys, or else the first in which one is.
func (o inspectOptions) search(c *console, op *opener, text string) (*finding, error) {
	f := finder{o.name, clock.Now()}
	text = utf8Text(text)
	var first *finding
	var among []candidate
	most := 0
	try := func(cookies []cookie) (done bool) {
		all := f.candidates(cookies)
		most = max(most, len(all))
		if len(all) == 0 || o.nth > len(all) {
			return false
		}
		i := o.nth - 1
		if o.nth == 0 {
			i = best(all, op.ids())
		}
		got := o.look(op, all[i])
		if len(all) > 1 {
			got.Nth, got.Of = i+1, len(all)
		}
		done = got.isOpen() || op == nil && got.Cause == "" && got.Cookie != ""
		if first == nil || done {
			first, among = got, all
		}
		return done
	}
	for _, spell := range spellings(text) {
		if try(f.find(spell())) {
			break
		}
	}
	if first == nil {
		try(f.spoiled(text))
	}
	switch {
	case first != nil:
		if o.nth == 0 && len(among) > 1 {
			first.list(c, among)
		}
		return first, nil
	case most > 0:
		return nil, no("there is no cookie number %d, because only %d may be meant", o.nth, most)
	case o.name != "":
		return nil, no("there is no cookie called %s", o.name)
	}
	return nil, no("nothing here looks like a cookie of this library: if there is one, say its name with -name")
}

// list says which of several cookies was taken.
func (f *finding) list(c *console, all []candidate) {
	fmt.Fprintf(c.stderr, "note: this is number %d of %d cookies that look like ones of this library: -name or -nth takes another\n", f.Nth, f.Of)
	const most = 20
	for i, can := range all[:min(most, len(all))] {
		t, _ := parseHeader(can.text)
		issued := "-"
		if t.key != "" {
			issued = fmt.Sprintf("issued %s, key %s", stamp(t.issued), t.key)
		}
		fmt.Fprintf(c.stderr, "%3d  %s, %s, %d characters\n", i+1, visible(shownName(can.name)), issued, len(can.text))
	}
	if f.Of > most {
		fmt.Fprintf(c.stderr, "and %d more\n", f.Of-most)
	}
}

func openSession(c *console, o inspectOptions, args []string) error {
	f, err := o.find(c, args)
	var refused struct {
		Error string `json:"error"`
		Why   string `json:"why"`
	}
	switch {
	case errors.Is(err, errNo):
		refused.Error, refused.Why = "no-cookie", err.Error()
	case err != nil:
		return err
	case f.Cause != "":
		refused.Error, refused.Why = string(f.Cause), f.Why
		err = no("%s: %s", f.Cause, f.Why)
	}
	switch {
	case err != nil && o.json:
		if err := writeJSON(c.stdout, refused); err != nil {
			return err
		}
		return no("")
	case err != nil:
		return err
	case o.json:
		return writeJSON(c.stdout, f.opened())
	}
	text, err := marshalJSON(f.Session, "  ")
	c.stdout.WriteString(text)
	return err
}

// opened is the output of open -json, which other readers have as well.
func (f *finding) opened() any {
	var id *string
	if f.ID != "" {
		id = &f.ID
	}
	return struct {
		Value   any     `json:"value"`
		ID      *string `json:"id"`
		Created int64   `json:"created"`
		Issued  int64   `json:"issued"`
		Key     string  `json:"key"`
	}{f.Session, id, f.Created.Unix(), f.Issued.Unix(), f.Key}
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

	// Where there are several.
	Nth int `json:"nth,omitzero"`
	Of  int `json:"of,omitzero"`
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

// An opener opens cookies with the keys of a ring.
type opener struct {
	options inspectOptions
	keys    []cookiesession.KeyInfo
	codec   *cookiesession.Codec
}

func (o inspectOptions) opener(c *console) (*opener, error) {
	ring, err := o.keys.ring(c)
	if err != nil || ring == nil {
		return nil, err
	}
	codec, err := cookiesession.NewCodec(ring, &cookiesession.CodecOptions{
		// look reports a session that has expired.
		Label: o.label, Lifetime: wire.MaxLifetime, MaxSize: maxToken, MaxCookies: wire.MaxParts,
	})
	if err != nil {
		return nil, err
	}
	return &opener{o, ring.Keys(), codec}, nil
}

// ids returns the ids of the keys, for nil none.
func (op *opener) ids() (ids []string) {
	if op != nil {
		for _, k := range op.keys {
			ids = append(ids, k.ID)
		}
	}
	return ids
}

const maxToken = 1 << 20 // bytes, as much as net/http takes of a head

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
	reason := cookiesession.ReasonOf(err)
	switch {
	case reason == cookiesession.ReasonAltered:
		label := "a label"
		if op.options.label != "" {
			label = fmt.Sprintf("another label than %q", op.options.label)
		}
		return refuse(causeAltered, "it was altered, or sealed for another name than %s (see -name), or under %s (see -label)", strings.Join(names, ", "), label)
	case reason == cookiesession.ReasonNewer:
		return refuse(causeNewer, "%v", err)
	case reason == cookiesession.ReasonLifetime: // see openAt
		return refuse(causeExpired, "its lifetime was over when it was issued")
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
	if err := f.show(c, o); err != nil || f.Cause == "" {
		return err
	}
	return no("")
}

func (f *finding) show(c *console, o inspectOptions) error {
	if o.json {
		return writeJSON(c.stdout, f)
	}
	now := clock.Now()
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(table, "%s\t%s\n", name, visible(fmt.Sprintf(format, args...)))
	}
	name := shownName(f.Cookie)
	if f.Cookies > 1 {
		name += fmt.Sprintf(" and %d more", f.Cookies-1)
	}
	if f.Of > 1 {
		name += fmt.Sprintf(" (number %d of %d)", f.Nth, f.Of)
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
		row("opens", "that takes the keys: -keys or -keys-env")
	}
	if f.isOpen() {
		f.printSealed(row, time.Duration(o.lifetime), now)
	}
	if err := table.Flush(); err != nil || !f.isOpen() {
		return err
	}
	return f.printSession(c)
}

func shownName(name string) string {
	if name == "" {
		return "(a value without a name)"
	}
	return name
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

func (f *finding) printSealed(row func(string, string, ...any), lifetime time.Duration, now time.Time) {
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
		row("lifetime", "not its own: %s, by -lifetime", formatDuration(lifetime))
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
