package cookiesession_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/keytext"
)

// vectorTime is when vectors are issued: in the first days of 2000, so that the
// clocks of bubbles get there.
const vectorTime = 946944000

// A vectorMaker collects the rows of testdata/vectors.json.
type vectorMaker struct {
	testing.TB
	*speller
	rows []vector
}

// newVectors returns all vectors. Those that this library would write come from
// values, by way of [cookiesession.Codec]. The others are spelled by hand.
func newVectors(t testing.TB) []vector {
	m := &vectorMaker{TB: t, speller: newSpeller(t)}
	m.tokens()
	m.records()
	m.times()
	m.severalCookies()
	m.headers()
	m.keyrings()
	m.reasons()
	m.items()
	m.tags()
	m.mapKeys()
	m.values()
	m.texts()
	m.typed()
	m.lists()
	m.symbols()
	m.spelledTexts()
	m.spelledKeys()
	m.spelledLists()
	m.spelledJSON()
	m.limits()
	return m.rows
}

// vectorDefaults is what a vector has that does not say otherwise.
func vectorDefaults(t testing.TB) vector {
	secret := draw(32, "the secret of the vectors")
	return vector{Secret: hex.EncodeToString(secret), KeyID: keyFromSecret(t, secret).ID(), Name: "__Host-session", IssuedAt: vectorTime}
}

// draw returns bytes that only the words decide.
func draw(n int, words string) []byte {
	b := make([]byte, n)
	shake := sha3.NewSHAKE128()
	_, _ = shake.Write([]byte(words))
	_, _ = shake.Read(b)
	return b
}

// row begins a vector.
func (m *vectorMaker) row(comment string, edits ...func(*vector)) *vector {
	m.TB.Helper()
	v := new(vector)
	*v = vectorDefaults(m.TB)
	v.Comment, v.Random = comment, hex.EncodeToString(draw(16, comment))
	for _, edit := range edits {
		edit(v)
	}
	v.KeyID = keyFromSecret(m.TB, unhex(m.TB, v.Secret)).ID()
	return v
}

func (m *vectorMaker) add(v *vector) {
	m.TB.Helper()
	if v.item != nil {
		if v.Item = hex.EncodeToString(v.item); len(v.item) > long {
			v.Item, v.ItemSHA256 = "", fmt.Sprintf("%x", sha256.Sum256(v.item))
		}
	}
	if v.Record != "" {
		v.Packed = unhex(m.TB, v.Record[:2])[0]&1 != 0
	}
	if len(v.Record) > 2*long {
		v.Record = ""
	}
	if v.Error != "" {
		v.Packed, v.Item = false, ""
	}
	m.rows = append(m.rows, *v)
}

// refusal is the error of a vector, in place of the value that it opens to.
type refusal string

const (
	invalid    refusal = "invalid"
	newer      refusal = "newer"
	unknownKey refusal = "unknown-key"
	revokedKey refusal = "revoked"
	expired    refusal = "expired"
	noCookie   refusal = "no-cookie"
)

// An inHex is an item, in place of the value of Go that it is.
type inHex string

// want says what a vector opens to: an inHex, a value, or an error.
func (m *vectorMaker) want(v *vector, want any) {
	m.TB.Helper()
	switch want := want.(type) {
	case refusal:
		v.Error = string(want)
	case inHex:
		v.item = unhex(m.TB, string(want))
	default:
		v.item = itemOf(m.TB, want)
	}
}

// value adds a vector that this library seals.
func (m *vectorMaker) value(comment string, x any, edits ...func(*vector)) {
	m.TB.Helper()
	v := m.row(comment, edits...)
	v.item, v.Token = itemOf(m.TB, x), v.seal(m.TB, x)
	v.Record = hex.EncodeToString([]byte(cookiesession.RecordOf(v.codec(m.TB), v.Name, v.Token)))
	m.add(v)
}

// record adds a vector whose record is spelled by hand.
func (m *vectorMaker) record(comment, record string, want any, edits ...func(*vector)) {
	m.TB.Helper()
	v := m.row(comment, edits...)
	m.want(v, want)
	v.Record = record
	v.Token = v.sealRecord(m.TB, unhex(m.TB, record), 1)
	// Whether this library seals the same.
	if v.Error == "" {
		sealed, err := v.trySeal(m.TB, decodeItem(m.TB, v.item))
		v.Foreign = err != nil || sealed != v.Token
	}
	m.add(v)
}

// item adds a vector whose body is CBOR, given in hex. If it opens, it opens to
// that.
func (m *vectorMaker) item(comment, item string, errs ...refusal) {
	m.TB.Helper()
	if len(errs) > 0 {
		m.record(comment, "0000"+item, errs[0])
		return
	}
	m.record(comment, "0000"+item, inHex(item))
}

// packed adds a vector whose body is packed, given in bits.
func (m *vectorMaker) packed(comment string, want any, bits ...string) {
	m.TB.Helper()
	m.packedBody(comment, want, body(bits...))
}

func (m *vectorMaker) packedBody(comment string, want any, body []byte) {
	m.TB.Helper()
	m.record("packed: "+comment, "0100"+hex.EncodeToString(body), want)
}

// token adds a vector of the value {"theme": "dark"}, whose token was changed
// after it was sealed.
func (m *vectorMaker) token(comment string, want any, change func(token string) string, edits ...func(*vector)) {
	m.TB.Helper()
	v := m.row(comment, edits...)
	m.want(v, want)
	v.Token = change(v.seal(m.TB, dark))
	m.add(v)
}

// header adds a vector that is a Cookie header. v is the token in it that
// counts.
func (m *vectorMaker) header(v *vector, want any, header string) {
	m.TB.Helper()
	v.Header = header
	m.want(v, want)
	if v.Error != "" {
		v.Record = ""
	}
	v.Foreign = v.Error == "" // no header is what this library seals
	m.add(v)
}

// sealed returns the token of a record, given in hex, as one of so many parts.
func (m *vectorMaker) sealed(v *vector, record string, parts int) string {
	m.TB.Helper()
	v.Record = record
	return v.sealRecord(m.TB, unhex(m.TB, record), parts)
}

type vdoc = map[string]any
type vlist = []any

var dark = vdoc{"theme": "dark"}

const darkRecord = "0000a1657468656d65646461726b"

func withID(v *vector)  { v.ID = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf" }
func bound(v *vector)   { v.Binding = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff" }
func pending(v *vector) { bound(v); v.BindingPending = true }
func named(name string) func(*vector) {
	return func(v *vector) { v.Name = name }
}
func labelled(label string) func(*vector) {
	return func(v *vector) { v.Label = label }
}
func padded(n int) func(*vector) {
	return func(v *vector) { v.PadTo = n }
}
func living(seconds int64) func(*vector) {
	return func(v *vector) { v.Lifetime = seconds }
}
func createdBefore(seconds int64) func(*vector) {
	return func(v *vector) { v.Created = v.IssuedAt - seconds }
}
func issued(at int64) func(*vector) {
	return func(v *vector) { v.IssuedAt = at }
}
func later(seconds int64) func(*vector) {
	return func(v *vector) { v.Now = v.IssuedAt + seconds }
}
func secretOf(comment string) func(*vector) {
	return func(v *vector) { v.Secret = hex.EncodeToString(draw(32, comment)) }
}
func browserSession(v *vector) { v.BrowserSession = true }

const aDay = 24 * 60 * 60 // in seconds

func (m *vectorMaker) tokens() {
	m.value("a token", dark)
	m.value("the shortest token: a record of three bytes", true)
	m.value("a cookie name of one character", dark, named("s"))
	m.value("another cookie name", dark, named("__Secure-shop"))
	m.value("a cookie name with each kind of character", dark, named("!#$%&'*+-.^_`|~aZ09"))
	m.value("a cookie name of 300 characters", dark, named(strings.Repeat("name", 75)))
	m.value("a label", dark, labelled("shop"))
	m.value("a label that is not ASCII", dark, labelled("Geschäft"))
	m.value("a name and a label whose boundary is not where it could be: sess, ionshop", dark, named("sess"), labelled("ionshop"))
	m.value("the same with the boundary elsewhere: session, shop", dark, named("session"), labelled("shop"))
	m.value("issued in the first second of the year 2000", dark, issued(946684800))
	m.value("issued after 2038, above 2^31", dark, issued(1<<31+1000))
	m.value("issued in the last second that there is, 2^32-1", dark, issued(1<<32-1))

	bytesOf := func(change func([]byte) []byte) func(string) string {
		return func(text string) string {
			token, err := base64url.DecodeString(text)
			if err != nil {
				m.TB.Fatal(err)
			}
			return base64url.EncodeToString(change(token))
		}
	}
	flip := func(i int, bits byte) func(string) string {
		return bytesOf(func(b []byte) []byte { b[(i+len(b))%len(b)] ^= bits; return b })
	}
	for _, row := range []struct {
		comment string
		err     refusal
		change  func(string) string
	}{
		{"version 2 under a key of the ring", newer, flip(0, 3)},
		{"version 15 under a key of the ring", newer, flip(0, 14)},
		{"version 2 with nothing else that is known, not even 41 bytes", newer, func(text string) string { return flip(0, 3)(text[:12]) }},
		{"version 2 in 16 parts", newer, flip(0, 0xf3)},
		{"version 2 under another key", invalid, bytesOf(func(b []byte) []byte { b[0] ^= 3; b[1] ^= 1; return b })},
		{"version 0", invalid, flip(0, 1)},
		{"the id of another key", unknownKey, flip(3, 1)},
		{"the first bit of the key id", unknownKey, flip(1, 0x80)},
		{"another second of issue", invalid, flip(7, 1)},
		{"other random bytes, at their beginning", invalid, flip(8, 1)},
		{"other random bytes, at their end", invalid, flip(23, 1)},
		{"an altered record", invalid, flip(24, 1)},
		{"an altered tag, at its beginning", invalid, flip(-16, 1)},
		{"an altered tag, at its end", invalid, flip(-1, 0x80)},
		{"a byte is missing at the end", invalid, bytesOf(func(b []byte) []byte { return b[:len(b)-1] })},
		{"a byte more at the end", invalid, bytesOf(func(b []byte) []byte { return append(b, 0) })},
		{"two tokens in one", invalid, func(text string) string { return text + text }},
		{"cut by a character", invalid, func(text string) string { return text[:len(text)-1] }},
		{"padded with =", invalid, func(text string) string { return text + strings.Repeat("=", (4-len(text)%4)%4) }},
		{"padded with = although nothing is missing", invalid, func(text string) string { return text + "=" }},
		{"a line feed inside", invalid, func(text string) string { return text[:20] + "\n" + text[20:] }},
		{"a space inside", invalid, func(text string) string { return text[:20] + " " + text[20:] }},
		{"a character that is not ASCII", invalid, func(text string) string { return text[:20] + "\u00e4" + text[21:] }},
		{"in quotes", invalid, func(text string) string { return `"` + text + `"` }},
		{"percent-encoded", invalid, func(text string) string { return fmt.Sprintf("%%%02X%s", text[0], text[1:]) }},
		{"11 characters", invalid, func(text string) string { return text[:11] }},
		{"12 characters, the header of a token, and nothing more", invalid, func(text string) string { return text[:12] }},
		{"12 characters with another key id", invalid, func(text string) string { return flip(1, 1)(text[:12]) }},
		{"one part more than there is", invalid, flip(0, 0x10)},
		{"9 parts", invalid, flip(0, 0x80)},
	} {
		m.token(row.comment, row.err, row.change)
	}

	for _, row := range []struct{ comment, record string }{
		{"an unused bit of the last character is set, of 2", "00001818"},
		{"an unused bit of the last character is set, of 4", "0000f5"},
	} {
		v := m.row(row.comment)
		text := m.sealed(v, row.record, 1)
		last := strings.IndexByte(base64Chars, text[len(text)-1])
		v.Token, v.Record = text[:len(text)-1]+base64Chars[last|1:][:1], ""
		m.want(v, invalid)
		m.add(v)
	}
	for n := range 100 {
		v := m.row("the alphabet of base64 instead of base64url")
		v.Random = hex.EncodeToString(draw(16, fmt.Sprint("a random part whose text has - or _", n)))
		text := m.sealed(v, darkRecord, 1)
		if !strings.ContainsAny(text, "-_") {
			continue
		}
		v.Token, v.Record = strings.NewReplacer("-", "+", "_", "/").Replace(text), ""
		m.want(v, invalid)
		m.add(v)
		break
	}

	m.token("sealed for another name", invalid, func(string) string {
		return m.row("sealed for another name", named("__Host-Session")).seal(m.TB, dark)
	})
	m.token("sealed for another label", invalid, func(string) string {
		return m.row("sealed for another label", labelled("shop")).seal(m.TB, dark)
	})
	m.token("sealed without the label", invalid, func(string) string {
		return m.row("sealed without the label").seal(m.TB, dark)
	}, labelled("shop"))
	m.token("the boundary of name and label has moved", invalid, func(string) string {
		return m.row("the boundary of name and label has moved", named("sess"), labelled("ionshop")).seal(m.TB, dark)
	}, named("session"), labelled("shop"))
	m.underTheSecret("sealed under the secret itself, and not under the key that is derived from it")
	for _, row := range []struct{ comment, record string }{
		{"an empty record", ""},
		{"a record of one byte", "00"},
		{"a record of two bytes", "0000"},
	} {
		m.record(row.comment, row.record, invalid)
	}
}

// underTheSecret adds a token that is sealed under the secret.
func (m *vectorMaker) underTheSecret(comment string) {
	m.TB.Helper()
	v := m.row(comment)
	aead, err := chacha20poly1305.NewX(unhex(m.TB, v.Secret))
	if err != nil {
		m.TB.Fatal(err)
	}
	header, err := base64url.DecodeString(m.sealed(v, darkRecord, 1)[:32])
	if err != nil {
		m.TB.Fatal(err)
	}
	additional := append([]byte{0, byte(len(v.Name))}, v.Name...)
	v.Token = base64url.EncodeToString(aead.Seal(header, header, unhex(m.TB, darkRecord), additional))
	v.Record = ""
	m.want(v, invalid)
	m.add(v)
}

const base64Chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (m *vectorMaker) records() {
	const binding = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
	m.value("an id", dark, withID)
	m.value("an id of zeros", dark, func(v *vector) { v.ID = strings.Repeat("00", 16) })
	m.value("a lifetime of its own", dark, living(3600))
	m.value("a lifetime of a second", dark, living(1))
	m.value("a lifetime of 127 seconds, one byte", dark, living(127))
	m.value("a lifetime of 128 seconds, two bytes", dark, living(128))
	m.value("a lifetime of 400 days", dark, living(400*aDay))
	m.value("created an hour before", dark, createdBefore(3600))
	m.value("created 127 seconds before, one byte", dark, createdBefore(127))
	m.value("created 128 seconds before, two bytes", dark, createdBefore(128))
	m.value("created 16384 seconds before, three bytes", dark, createdBefore(16384))
	m.value("a browser session", dark, browserSession)
	m.value("a binding", dark, bound)
	m.value("a binding that is pending", dark, pending)
	m.value("id, lifetime and age", dark, withID, living(30*aDay), createdBefore(7200))
	m.value("every flag: id, age, lifetime, browser session, pending binding, padding", dark,
		withID, living(7*aDay), createdBefore(300), browserSession, pending, padded(64))
	m.value("padded to 16", dark, padded(16))
	m.value("padded to 64", dark, padded(64))
	m.value("padded to 100, which is no power of two", vlist{"nothing here", 1, 2, 3}, padded(100))
	m.value("padded to 1024", dark, padded(1024))
	for n := range 5 {
		m.value(fmt.Sprintf("%d bytes, padded to 16", 11+n), bytes.Repeat([]byte{0xfe}, 10+n), padded(16))
	}

	for _, row := range []struct {
		comment, record string
		want            any
		edits           []func(*vector)
	}{
		{"every flag but packed", "7e8001" + "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf" + "8008" + "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff" + "f5800000", true,
			[]func(*vector){withID, createdBefore(128), living(1024), browserSession, pending}},
		{"packed although it is not smaller", "0100" + hex.EncodeToString(body(m.empty(0), raw("41ff"))), []byte{0xff}, nil},
		{"not packed although that is smaller", darkRecord, dark, nil},
		{"padded by one byte", "1000f580", true, nil},
		{"padded by more than any step", "1000f580" + strings.Repeat("00", 1100), true, nil},
		{"a body that ends like padding, without the flag", "000043008000", []byte{0, 0x80, 0}, nil},
		{"a body that ends like padding, padded", "1000430080008000", []byte{0, 0x80, 0}, nil},
		{"a body that ends in 0x80, padded", "100042008080", []byte{0, 0x80}, nil},
		{"a body that ends in zeros, padded", "10004200008000", []byte{0, 0}, nil},
		{"packed and padded", "1100" + hex.EncodeToString(body(m.bytes(0, "4180"))) + "800000", []byte{0x80}, nil},
		{"an age above 2^31", "00" + "8080808008" + "f5", expired, []func(*vector){issued(1<<32 - 1)}},
		{"an age of 2^32-1, the greatest", "00" + "ffffffff0f" + "f5", expired, []func(*vector){issued(1<<32 - 1)}},

		{"bit 7 of the flags", "8000f5", newer, nil},
		{"bit 7 of the flags, and nothing else that can be read", "f7", newer, nil},
		{"bit 7 of the flags, and a record that is broken", "c08000", newer, nil},
		{"a pending binding that is not there", "4000f5", invalid, nil},
		{"a binding of 15 bytes and no more", "2000" + binding[:30], invalid, nil},
		{"a binding and no body", "2000" + binding, invalid, nil},
		{"a binding of zeros", "2000" + strings.Repeat("00", 16) + "f5", invalid, nil},
		{"a pending binding of zeros", "6000" + strings.Repeat("00", 16) + "f5", invalid, nil},
		{"padding without 0x80", "1000f5", invalid, nil},
		{"padding that begins with another byte", "1000f581", invalid, nil},
		{"padding with 0x80 and then not only zeros", "1000f58001", invalid, nil},
		{"padding of zeros alone", "1000f5000000", invalid, nil},
		{"padding and no body", "10008000", invalid, nil},
		{"padding that takes the body's only byte for its own", "100080", invalid, nil},
		{"no body", "0000", invalid, nil},
		{"packed, and no body", "0100", invalid, nil},
		{"an id and no body", "0200" + binding, invalid, nil},
		{"no age", "00", invalid, nil},
		{"an age that does not end", "0080", invalid, nil},
		{"an age in two bytes that fits into one", "008000f5", invalid, nil},
		{"an age in three bytes that fits into two", "00808100f5", invalid, nil},
		{"an age of 2^32", "008080808010f5", invalid, nil},
		{"an age of 2^64-1", "00ffffffffffffffffff01f5", invalid, nil},
		{"an age in eleven bytes", "00ffffffffffffffffffff01f5", invalid, nil},
		{"an age of the time of issue: created in the first second of 1970", "0080f0c4c303f5", expired, nil},
		{"an age above the time of issue, by one", "0081f0c4c303f5", invalid, nil},
		{"an id of 15 bytes and no more", "0200" + binding[:30], invalid, nil},
		{"a lifetime of 0", "040000f5", invalid, nil},
		{"a lifetime of a second more than 400 days", "040081b0bd10f5", invalid, nil},
		{"a lifetime of 2^32-1", "0400ffffffff0ff5", invalid, nil},
		{"a lifetime of 2^32+1, which is 1 in 32 bits", "04008180808010f5", invalid, nil},
		{"a lifetime in two bytes that fits into one", "04008100f5", invalid, nil},
		{"a lifetime that is not there", "0400", invalid, nil},
	} {
		m.record(row.comment, row.record, row.want, row.edits...)
	}
}

// times has when a session ends, and from when on it is there.
func (m *vectorMaker) times() {
	m.value("opened in the last second of its lifetime", dark, living(3600), later(3599))
	m.value("opened in the last second of its lifetime, which began before it was issued", dark, createdBefore(1800), living(3600), later(1799))
	m.value("opened in the last second of 400 days", dark, later(400*aDay-1))
	m.value("opened in the last second of 400 days, which began before it was issued", dark, createdBefore(100*aDay), later(300*aDay-1))
	m.value("opened five minutes before it was issued, by a clock that is behind", dark, later(-300))
	m.value("a lifetime that ends after 2^32", dark, issued(1<<32-100), living(3600), later(200))
	for _, row := range []struct {
		comment string
		want    refusal
		edits   []func(*vector)
	}{
		{"opened when its lifetime is over", expired, []func(*vector){living(3600), later(3600)}},
		{"opened when its lifetime is over, counted from its creation", expired, []func(*vector){createdBefore(1800), living(3600), later(1800)}},
		{"its lifetime was over when it was issued", expired, []func(*vector){createdBefore(3600), living(3600)}},
		{"opened when 400 days are over", expired, []func(*vector){later(400 * aDay)}},
		{"opened when 400 days are over, counted from its creation", expired, []func(*vector){createdBefore(100 * aDay), later(300 * aDay)}},
		{"created 400 days before it was issued", expired, []func(*vector){createdBefore(400 * aDay)}},
		{"a lifetime that ended after 2^32", expired, []func(*vector){issued(1<<32 - 100), living(150), later(150)}},
		{"opened five minutes and a second before it was issued", invalid, []func(*vector){later(-301)}},
	} {
		v := m.row(row.comment, row.edits...)
		v.Token = v.seal(m.TB, dark)
		v.Record = hex.EncodeToString([]byte(cookiesession.RecordOf(v.codec(m.TB), v.Name, v.Token)))
		m.want(v, row.want)
		m.add(v)
	}
}

// cut cuts a token's text into cookies, at these places.
func cut(name, text string, places ...int) (cookies []string) {
	set := text[12:20]
	places = append(places, len(text))
	cookies = append(cookies, name+"="+text[:places[0]])
	for i := range len(places) - 1 {
		cookies = append(cookies, fmt.Sprintf("%s_%d=%s%s", name, i+2, set, text[places[i]:places[i+1]]))
	}
	return cookies
}

func (m *vectorMaker) severalCookies() {
	const s = "s"
	join := func(cookies ...string) string { return strings.Join(cookies, "; ") }
	// parts returns a row, and its cookies.
	parts := func(comment string, n int, places ...int) (*vector, []string) {
		m.TB.Helper()
		v := m.row(comment, named(s))
		return v, cut(s, m.sealed(v, darkRecord, n), places...)
	}
	split := func(comment string, want any, n int, header func([]string) string, places ...int) {
		m.TB.Helper()
		v, c := parts(comment, n, places...)
		m.header(v, want, header(c))
	}
	all := func(c []string) string { return join(c...) }
	split("two parts", dark, 2, all, 30)
	split("two parts, the first of 20 characters", dark, 2, all, 20)
	split("two parts, the second of none", dark, 2, all, 72)
	split("two parts, the second before the first", dark, 2, func(c []string) string { return join(c[1], c[0]) }, 30)
	split("three parts, in another order", dark, 3, func(c []string) string { return join(c[2], c[0], c[1]) }, 20, 40)
	split("three parts, one of them empty", dark, 3, all, 20, 20)
	split("8 parts", dark, 8, all, 20, 25, 30, 35, 40, 45, 50)
	split("a part beyond the number of parts is ignored", dark, 2, func(c []string) string { return join(c[0], c[1], s+"_3=x") }, 30)
	split("parts that belong to other tokens come before", dark, 2, func(c []string) string {
		return join(s+"_2=", s+"_2=AAAA", s+"_2=AAAAAAAAAAAA", c[0], c[1])
	}, 30)
	split("of two parts that belong to it the first counts", dark, 2, func(c []string) string { return join(c[0], c[1], c[1]+"A") }, 30)
	split("of two parts that belong to it the first counts, although the second is right", invalid, 2,
		func(c []string) string { return join(c[0], c[1]+"A", c[1]) }, 30)
	split("7 parts that belong to others come before", dark, 2, func(c []string) string {
		return join(strings.Repeat(s+"_2=other; ", 7)+c[0], c[1])
	}, 30)
	split("8 parts that belong to others come before: no more are looked at", invalid, 2, func(c []string) string {
		return join(strings.Repeat(s+"_2=other; ", 8)+c[0], c[1])
	}, 30)
	split("a part is missing", invalid, 2, func(c []string) string { return c[0] }, 30)
	split("a part in the middle is missing", invalid, 3, func(c []string) string { return join(c[0], c[2]) }, 25, 50)
	split("only further parts", noCookie, 2, func(c []string) string { return c[1] }, 30)
	split("a part without SET", invalid, 2, func(c []string) string { return join(c[0], strings.Replace(c[1], s+"_2=", s+"_2=A", 1)) }, 30)
	split("two pieces exchanged", invalid, 3, func(c []string) string {
		return join(c[0], s+"_2="+c[2][4:], s+"_3="+c[1][4:])
	}, 25, 50)
	split("a first piece of 19 characters, which has no SET", invalid, 2, all, 19)
	split("a token of one part that is in two cookies", invalid, 1, all, 55)
	split("a token of two parts in one cookie, whole", invalid, 2, func(c []string) string { return c[0] })
	split("a token of two parts in one cookie, and the second empty", dark, 2, func(c []string) string {
		return join(c[0], s+"_2="+c[0][2+12:2+20])
	})
	split("a token of three parts in two cookies", invalid, 3, all, 30)
	split("the second part under _1", invalid, 2, func(c []string) string { return join(c[0], strings.Replace(c[1], "_2=", "_1=", 1)) }, 30)
	split("the second part under _02", invalid, 2, func(c []string) string { return join(c[0], strings.Replace(c[1], "_2=", "_02=", 1)) }, 30)
	split("two parts, and the number of the parts altered to three", invalid, 2, func(c []string) string {
		return join(s+"="+versioned(c[0][2:], 0x21), c[1])
	}, 30)
	split("two parts under a key that is not in the ring", unknownKey, 2, func(c []string) string { return all(c) }, 30)
	m.rekey()
	split("two parts under a key that is not in the ring, and one is missing: most likely no token", invalid, 2, func(c []string) string { return c[0] }, 30)
	m.rekey()
	split("two parts under a key that is not in the ring, and a second part of another token", unknownKey, 2,
		func(c []string) string { return join(c[0], s+"_2=x") }, 30)
	m.rekey()

	v := m.row("a name with a hyphen and a dot, in two parts", named("my-app.sid"))
	m.header(v, dark, join(cut(v.Name, m.sealed(v, darkRecord, 2), 30)...))
	v = m.row("a label, in two parts", named(s), labelled("shop"))
	m.header(v, dark, join(cut(s, m.sealed(v, darkRecord, 2), 30)...))
}

// rekey gives the last row a ring without its key.
func (m *vectorMaker) rekey() {
	v := &m.rows[len(m.rows)-1]
	v.Secret = hex.EncodeToString(draw(32, "another secret for "+v.Comment))
}

// headers has how a Cookie header is read, and which of several values counts.
func (m *vectorMaker) headers() {
	const s = "s"
	one := func(comment string, want any, header func(token string) string) {
		m.TB.Helper()
		v := m.row(comment, named(s))
		m.header(v, want, header(m.sealed(v, darkRecord, 1)))
	}
	one("among other cookies", dark, func(text string) string { return "a=1; s=" + text + "; b=2" })
	one("without spaces", dark, func(text string) string { return "a=1;s=" + text + ";b=2" })
	one("tabs and spaces around a field", dark, func(text string) string { return "a=1; \t s=" + text + " \t; b=2" })
	one("line ends around a field", dark, func(text string) string { return "a=1;\r\n s=" + text + "\r\n" })
	one("empty fields", dark, func(text string) string { return ";; ;s=" + text + ";;" })
	one("a field without an equals sign", dark, func(text string) string { return "s; s=" + text })
	one("names that only begin or end like it", dark, func(text string) string { return "ss=1; xs=2; s_=3; s_1=4; s_9=5; s_22=6; s=" + text })
	one("an equals sign in the value of another cookie", dark, func(text string) string { return "a=s=1; s=" + text })
	one("quotes of another cookie hide nothing", dark, func(text string) string { return `a="; s=` + text + `; b="` })
	one("a name is compared byte by byte, in its case, too", noCookie, func(text string) string { return "S=" + text })
	one("a space before the equals sign belongs to the name", noCookie, func(text string) string { return "s =" + text })
	one("a space after the equals sign belongs to the value", invalid, func(text string) string { return "s= " + text })
	one("quotes belong to the value", invalid, func(text string) string { return `s="` + text + `"` })
	one("a comma separates nothing", noCookie, func(text string) string { return "a=1, s=" + text })
	one("an empty value", invalid, func(string) string { return "s=" })
	one("an empty header", noCookie, func(string) string { return " " })
	one("other cookies only", noCookie, func(string) string { return "a=1; b=2" })
	one("a vertical tab before the name belongs to it", noCookie, func(text string) string { return "a=1;\vs=" + text })
	one("a form feed after the value belongs to it", invalid, func(text string) string { return "s=" + text + "\f" })
	one("an attribute in front, as of RFC 2965", dark, func(text string) string { return "$Version=1; s=" + text })

	// Several values of one name. Each has the same key but where it says
	// otherwise.
	same := secretOf("of several cookies")
	token := func(v *vector, record string, edits ...func(*vector)) string {
		for _, edit := range edits {
			edit(v)
		}
		return m.sealed(v, record, 1)
	}
	other := func(edits ...func(*vector)) string {
		v := m.row("another value", append([]func(*vector){named(s), same}, edits...)...)
		return "s=" + m.sealed(v, "0000646f6c6472", 1)
	}
	several := func(comment string, want any, header func(token string) string, edits ...func(*vector)) {
		m.TB.Helper()
		v := m.row(comment, append([]func(*vector){named(s), same}, edits...)...)
		text := token(v, darkRecord)
		m.header(v, want, header("s="+text))
	}
	before, after := issued(vectorTime-1), issued(vectorTime+1)
	several("of two values the one issued last counts, and is first", dark, func(text string) string { return text + "; " + other(before) })
	several("of two values the one issued last counts, and is second", dark, func(text string) string { return other(before) + "; " + text })
	several("of three values the one issued last counts, and is in the middle", dark, func(text string) string {
		return other(before) + "; " + text + "; " + other(issued(vectorTime-2))
	})
	several("of two values issued in the same second the first counts", dark, func(text string) string { return text + "; " + other() })
	several("of two values issued in the same second the first counts, although the second is of more parts", dark, func(text string) string {
		v := m.row("another value in two parts", named(s), same)
		return text + "; " + strings.Join(cut(s, m.sealed(v, "0000656f74686572", 2), 30), "; ")
	})
	several("a value that is issued later, but altered, does not count", dark, func(text string) string {
		return other(after)[:50] + "AAAAAA; " + text
	})
	several("the value issued last has expired: no older one takes its place", expired, func(text string) string {
		v := m.row("an expired value", named(s), same, issued(vectorTime))
		return text + "; s=" + m.sealed(v, "040101f5", 1)
	}, issued(vectorTime-1), later(1))
	several("the value issued last is of the future: no older one takes its place", invalid, func(text string) string {
		return text + "; " + other(issued(vectorTime+301))
	})
	several("the value issued last has a broken record: no older one takes its place", invalid, func(text string) string {
		v := m.row("a broken record", named(s), same, after)
		return text + "; s=" + m.sealed(v, "0000", 1)
	})
	several("the value issued last has a flag of a newer release: no older one takes its place", newer, func(text string) string {
		v := m.row("a newer flag", named(s), same, after)
		return text + "; s=" + m.sealed(v, "8000f5", 1)
	})
	several("the value issued last holds no CBOR: no older one takes its place", invalid, func(text string) string {
		v := m.row("no CBOR", named(s), same, after)
		return text + "; s=" + m.sealed(v, "0000ff", 1)
	})
	several("an older value is broken, and does not matter", dark, func(text string) string {
		v := m.row("an older broken record", named(s), same, before)
		return text + "; s=" + m.sealed(v, "0000", 1)
	})
	several("an unknown key, garbage, and then a value", dark, func(text string) string {
		v := m.row("of a stranger", named(s))
		return "s=" + m.sealed(v, darkRecord, 1) + "; s=hello; s=; " + text
	})
	several("a value of a later version does not matter where one opens", dark, func(text string) string {
		return "s=" + versioned(text[2:], 2) + "; " + text
	})

	// At most 8 are tried.
	altered := func(n int) string {
		text := ""
		for i := range n {
			text += other(issued(vectorTime + int64(i)))[:40] + "AAAAAAAAAAAAAAAAAAAAAAAA; "
		}
		return text
	}
	several("the eighth of the values that may open opens", dark, func(text string) string { return altered(7) + text })
	several("the ninth of the values that may open is not tried", invalid, func(text string) string { return altered(8) + text })
	several("9 values that open, and the ninth was issued last: it is not tried", dark, func(text string) string {
		return text + "; " + strings.Repeat(other(before)+"; ", 7) + other(after)
	})
	passed := func(n int, value string) string { return strings.Repeat("s="+value+"; ", n) }
	several("9 values under other keys do not count", dark, func(text string) string {
		v := m.row("of another ring", named(s))
		return passed(9, m.sealed(v, darkRecord, 1)) + text
	})
	several("9 values that are too short do not count", dark, func(text string) string { return passed(9, text[2:55]) + text })
	several("9 values of version 0 do not count", dark, func(text string) string { return passed(9, versioned(text[2:], 0)) + text })
	several("9 values of a later version do not count", dark, func(text string) string { return passed(9, versioned(text[2:], 2)) + text })
	several("9 values of 9 parts do not count", dark, func(text string) string { return passed(9, versioned(text[2:], 0x81)) + text })
	several("9 values whose header is no base64url do not count", dark, func(text string) string { return passed(9, text[2:13]+"!"+text[14:]) + text })
	several("8 values that are no base64url after their header do count", invalid, func(text string) string { return passed(8, text[2:30]+"!"+text[31:]) + text })
	several("7 values of two parts that are not there do count: the eighth opens", dark, func(text string) string { return passed(7, versioned(text[2:], 0x11)) + text })
	several("8 values of two parts that are not there do count", invalid, func(text string) string { return passed(8, versioned(text[2:], 0x11)) + text })

	// A value of gorilla/securecookie begins with the time in ten digits.
	secure := func(digits string) string {
		return base64url.EncodeToString([]byte(digits)) + strings.Repeat("A", 60)
	}
	m.securecookie("9 values of gorilla/securecookie do not count", "1700000000|a", secure, 9, dark)
	m.securecookie("8 values that have ten digits, but no bar after them, do count", "1700000000:a", secure, 8, invalid)
	m.securecookie("8 values that have nine digits do count", "170000000x|a", secure, 8, invalid)
	m.securecookie("8 values that begin with a digit above 3 are no version 1", "4700000000|a", secure, 8, dark)
}

// securecookie has n values that begin with digits before the token. The key's
// id is what the digits spell there.
func (m *vectorMaker) securecookie(comment, digits string, text func(string) string, n int, want any) {
	m.TB.Helper()
	// Found by trying.
	const secret = "008e23939cc0170b8bf6acf2e77cb6e023242d97fe86d1576900c2598e9ebabd"
	v := m.row(comment, named("s"), func(v *vector) { v.Secret = secret })
	if v.KeyID != hex.EncodeToString([]byte("700")) {
		m.TB.Fatalf("the key id is %s", v.KeyID)
	}
	m.header(v, want, strings.Repeat("s="+text(digits)+"; ", n)+"s="+m.sealed(v, darkRecord, 1))
}

func (m *vectorMaker) keyrings() {
	first, second := secretOf("the first key"), secretOf("the second key")
	keyOf := func(edit func(*vector)) (text, id string) {
		v := m.row("a key", edit)
		secret := [32]byte(unhex(m.TB, v.Secret))
		return keytext.EncodeKey(&secret), v.KeyID
	}
	a, aID := keyOf(first)
	b, bID := keyOf(second)
	ring := func(comment string, want any, sealing func(*vector), text string, edits ...func(*vector)) {
		m.TB.Helper()
		v := m.row(comment, append([]func(*vector){sealing}, edits...)...)
		v.Token = m.sealed(v, darkRecord, 1)
		v.Secret, v.Keyring = "", text
		m.want(v, want)
		v.Foreign = v.Error == ""
		m.add(v)
	}
	at := func(seconds int64) string { return time.Unix(vectorTime+seconds, 0).UTC().Format(time.RFC3339) }
	ring("a keyring of one key", dark, first, a+"\n")
	ring("a keyring without a line end", dark, first, a)
	ring("a keyring of two keys, sealed by the first", dark, first, a+"\n"+b+"\n")
	ring("a keyring of two keys, sealed by the second", dark, second, a+"\n"+b+"\n")
	ring("a keyring with a byte order mark, CR LF, comments, tabs, commas and empty lines", dark, second,
		"\ufeff# keys\r\n\r\n\t"+a+"\t# the first\r\n"+b+",, # "+strings.Repeat("x", 70)+"\r\n")
	ring("two keys on one line", dark, second, a+" , "+b+"\n")
	ring("words that are skipped", dark, first, "x-by=rotate "+a+" x-note=1 version=2@"+at(0)+"\n"+b+"\n", later(0))
	ring("a key opens before it is activated", dark, first, a+" activates="+at(1000)+"\n"+b+"\n")
	ring("a cookie issued before its key was activated", dark, first, a+" activates="+at(100)+"\n"+b+"\n", later(200))
	ring("a key in the last second before it retires", dark, first, a+" retires="+at(10)+"\n"+b+"\n", later(9))
	ring("a key that has retired, just now", unknownKey, first, a+" retires="+at(10)+"\n"+b+"\n", later(10))
	ring("a time with an offset and a fraction", unknownKey, first, a+" retires="+time.Unix(vectorTime+10, 5e8).In(time.FixedZone("", 5*3600+45*60)).Format(time.RFC3339Nano)+"\n"+b+"\n", later(11))
	ring("a key that is not in the keyring", unknownKey, second, a+"\n")
	ring("a key that is commented out", unknownKey, second, a+"\n# "+b+"\n")
	ring("a revoked key, behind it", revokedKey, first, a+"\n"+b+"\nrevoked "+aID+"\n")
	ring("a revoked key, before it, among others", revokedKey, first, "revoked 000000 "+aID+"\n"+a+"\n"+b+"\n")
	ring("a revoked key that has no line of its own", revokedKey, second, a+"\nrevoked "+bID+", 000000\n")
	ring("another key was revoked", dark, first, a+"\n"+b+"\nrevoked "+bID+"\n")
	ring("a revoked key that has retired, too", revokedKey, first, a+" retires="+at(-10)+"\n"+b+"\nrevoked "+aID+"\n")

	// On a tie the key that ranks higher counts.
	tie := func(comment, text string, winner, loser func(*vector), first bool) {
		m.TB.Helper()
		v := m.row(comment, named("s"), winner)
		w := m.row("the twin of "+comment, named("s"), loser)
		cookies := []string{"s=" + m.sealed(v, darkRecord, 1), "s=" + m.sealed(w, "0000646f6c6472", 1)}
		if !first {
			cookies[0], cookies[1] = cookies[1], cookies[0]
		}
		v.Keyring, v.Secret = text, ""
		m.header(v, dark, strings.Join(cookies, "; "))
	}
	tie("of two values issued in the same second the one whose key was activated later counts, and is second",
		a+" activates="+at(-10)+"\n"+b+" activates="+at(-20)+"\n", first, second, false)
	tie("of two values issued in the same second the one whose key was activated later counts, and is listed second",
		a+" activates="+at(-20)+"\n"+b+" activates="+at(-10)+"\n", second, first, false)
	tie("a key that is yet to be activated ranks highest", b+" activates="+at(-20)+"\n"+a+" activates="+at(20)+"\n", first, second, false)
	tie("a key without activates ranks lowest", a+" activates="+at(-2000)+"\n"+b+"\n", first, second, false)
	tie("of keys without activates the one that is listed first ranks highest", a+"\n"+b+"\n", first, second, false)
	tie("of keys that were activated together the one that is listed first ranks highest",
		b+" activates="+at(-20)+"\n"+a+" activates="+at(-20)+"\n", second, first, false)
	v := m.row("a value issued later counts, although its key ranks lower", named("s"), second, issued(vectorTime+1))
	w := m.row("the twin under the higher key", named("s"), first)
	text := "s=" + m.sealed(w, "0000646f6c6472", 1) + "; s=" + m.sealed(v, darkRecord, 1)
	v.Keyring, v.Secret = a+"\n"+b+"\n", ""
	m.header(v, dark, text)
	v = m.row("a value issued later counts, although its key ranks lower, and it is first", named("s"), second, issued(vectorTime+1))
	text = "s=" + m.sealed(v, darkRecord, 1) + "; s=" + m.sealed(w, "0000646f6c6472", 1)
	v.Keyring, v.Secret = a+"\n"+b+"\n", ""
	m.header(v, dark, text)
}

// reasons has which reason counts when several things are wrong.
func (m *vectorMaker) reasons() {
	const s = "s"
	same := secretOf("of several reasons")
	value := func(record string, edits ...func(*vector)) string {
		v := m.row("a value with record "+record, append([]func(*vector){named(s), same}, edits...)...)
		return "s=" + m.sealed(v, record, 1)
	}
	good := value(darkRecord)
	altered, short, later := good[:len(good)-6]+"AAAAAA", good[:40], "s="+versioned(good[2:], 2)
	strange := "s=" + m.sealed(m.row("of an unknown key", named(s)), darkRecord, 1)
	strangeLater := "s=" + versioned(strange[2:], 2)
	two := "s=" + versioned(good[2:], 0x11)
	header := func(comment string, want refusal, cookies ...string) {
		m.TB.Helper()
		m.header(m.row(comment, named(s), same), want, strings.Join(cookies, "; "))
	}
	header("an unknown key, then an altered value: the first value counts", unknownKey, strange, altered)
	header("an altered value, then an unknown key: the first value counts", invalid, altered, strange)
	header("an unknown key, then a value that is too short: the first value counts", unknownKey, strange, short)
	header("a value that is too short, then an unknown key: the first value counts", invalid, short, strange)
	header("a value of a later version, then an unknown key: newer", newer, later, strange)
	header("an unknown key, then a value of a later version: newer", newer, strange, later)
	header("an altered value, then a value of a later version: newer", newer, altered, later)
	header("a value of a later version, then one that is altered: newer", newer, later, altered)
	header("8 altered values, one more, and a value of a later version: newer", newer, strings.Repeat(altered+"; ", 9)+later)
	header("an unknown key, 8 altered values, and one more: crowded, which is invalid", invalid, strange, strings.Repeat(altered+"; ", 8)+altered)
	header("an unknown key, and 8 altered values: the first value counts", unknownKey, strange, strings.Repeat(altered+"; ", 7)+altered)
	header("a later version under an unknown key, then an unknown key: the first value counts", invalid, strangeLater, strange)
	header("a value whose parts are missing, then an unknown key: the first value counts", invalid, two, strange)
	header("no value of the name, but a further part", noCookie, s+"_2=x")

	// Of one value.
	m.token("a later version, and too short for any token: newer", newer, func(text string) string { return versioned(text, 2)[:14] })
	m.token("an unknown key, and too short for any token: invalid", invalid, func(text string) string { return text[:2] + flipped(text[2:3]) + text[3:53] })
	m.token("an unknown key, and more than 8 parts: invalid", invalid, func(text string) string { return versioned(text[:2]+flipped(text[2:3])+text[3:], 0x81) })
	m.token("an unknown key, and characters that are none after the header: nobody looks", unknownKey, func(text string) string { return text[:2] + flipped(text[2:3]) + text[3:30] + "!!" + text[32:] })
	for _, row := range []struct {
		comment, record string
		want            refusal
		edits           []func(*vector)
	}{
		{"an unknown flag, and expired: newer", "84000100f5", newer, []func(*vector){func(v *vector) { v.Now = vectorTime + aDay }}},
		{"an unknown flag, and of the future: newer", "8000f5", newer, []func(*vector){func(v *vector) { v.Now = vectorTime - aDay }}},
		{"a broken record, and expired: invalid", "0000", invalid, []func(*vector){func(v *vector) { v.Now = vectorTime + 500*aDay }}},
		{"of the future, and its lifetime was over when it was issued: invalid", "04" + "9003" + "01" + "f5", invalid, []func(*vector){func(v *vector) { v.Now = vectorTime - 301 }}},
		{"of the future, and with a tag of a newer release: invalid", "0000d996b200", invalid, []func(*vector){func(v *vector) { v.Now = vectorTime - 301 }}},
		{"expired, and with a tag of a newer release: expired", "0000d996b200", expired, []func(*vector){func(v *vector) { v.Now = vectorTime + 400*aDay }}},
		{"expired, and a value that is no CBOR: expired", "0000ff", expired, []func(*vector){func(v *vector) { v.Now = vectorTime + 400*aDay }}},
		{"a tag of a newer release, and then bytes after the item: invalid", "0000d996b20000", invalid, nil},
		{"a tag of a newer release, and later in the item a head that is not the shortest: invalid", "000082d996b2001805", invalid, nil},
		{"a tag of a newer release, and later in the item a tag without a meaning: newer", "000082d996b200c200", newer, nil},
		{"a tag without a meaning, and later in the item one of a newer release: invalid", "000082c200d996b200", invalid, nil},
		{"a tag of a newer release around a tag without a meaning: newer", "0000d996b2c200", newer, nil},
		{"a tag without a meaning around one of a newer release: invalid", "0000c2d996b200", invalid, nil},
		{"a tag of a newer release where a list of int has an integer: newer", "0000d996848201d996b202", newer, nil},
		{"a text where a list of int has an integer, and then a tag of a newer release: invalid", "0000d99684826178d996b202", invalid, nil},
		{"a tag of a newer release as the seconds of a time: newer", "0000c1d996b200", newer, nil},
		{"a tag of a newer release as a map key: newer", "0000a1d996b20001", newer, nil},
		{"a list as a map key, and a tag of a newer release as the value: invalid", "0000a180d996b200", invalid, nil},
		{"0.0 and -0.0 as keys, and a tag of a newer release as a value: newer", "0000a2f9000001f98000d996b200", newer, nil},
	} {
		m.record(row.comment, row.record, row.want, row.edits...)
	}
}

// versioned is a token's text with another first byte.
func versioned(text string, first byte) string {
	group, err := base64url.DecodeString(text[:4])
	if err != nil {
		panic(err)
	}
	group[0] = first
	return base64url.EncodeToString(group) + text[4:]
}

// flipped is another character of base64url.
func flipped(c string) string {
	if c == "A" {
		return "B"
	}
	return "A"
}
