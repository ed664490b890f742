package pack_test

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// This part of the reference decoder is the sections "Token", "Several
// cookies", "Record" and "Keys" of docs/FORMAT.md.

// A referenceKey is a key of a ring. A higher rank was activated later.
type referenceKey struct {
	id, seal        []byte
	activates, ends time.Time // zero: since ever, never
	rank            int
	revoked         bool
}

func deriveReference(secret []byte, purpose string, size int) []byte {
	out, err := hkdf.Key(sha256.New, secret, nil, "cookiesession v1 "+purpose, size)
	if err != nil {
		panic(err)
	}
	return out
}

func newReferenceKey(secret []byte) *referenceKey {
	return &referenceKey{id: deriveReference(secret, "key id", 3), seal: deriveReference(secret, "seal", 32)}
}

// referenceRing reads the text of a keyring.
func referenceRing(text string) (ring []*referenceKey) {
	text = strings.TrimPrefix(text, either("a byte order mark is skipped", "\ufeff", ""))
	revoked := make(map[string]bool)
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, either("# begins a comment", "#", "##"))
		var key *referenceKey
		revoking := false
		for _, word := range strings.FieldsFunc(line, func(r rune) bool {
			return strings.ContainsRune(either("spaces, tabs and commas separate words", " \t,", " ,"), r) || r == '\r'
		}) {
			name, value, _ := strings.Cut(word, "=")
			switch {
			case strings.HasPrefix(word, "csk1_"):
				b, err := base64.RawURLEncoding.DecodeString(word[5:])
				if err != nil || len(b) != 36 {
					fail("a key")
				}
				sum := sha256.Sum256(b[:32])
				if !bytes.Equal(sum[:4], b[32:]) {
					fail("a key that is not whole")
				}
				key = newReferenceKey(b[:32])
				ring = append(ring, key)
			case word == "revoked":
				revoking = true
			case revoking:
				revoked[word] = true
			case name == "version" || strings.HasPrefix(name, "x-"):
				if fault == "words x- and version are skipped" {
					fail("a word")
				}
			case key == nil:
				fail("a word")
			default:
				at, err := time.Parse(time.RFC3339, value)
				if err != nil {
					fail("a time")
				}
				if name == "retires" {
					key.ends = at
				} else {
					key.activates = at
				}
			}
		}
	}
	if either("a key that was activated later ranks higher", true, false) {
		slices.SortStableFunc(ring, func(a, b *referenceKey) int { return b.activates.Compare(a.activates) })
	}
	if fault == "of equals the key that is listed first ranks higher" {
		slices.Reverse(ring)
	}
	for i, key := range ring {
		key.rank = -i
		key.revoked = revoked[hex.EncodeToString(key.id)]
	}
	for id := range revoked {
		raw, err := hex.DecodeString(id)
		if err != nil {
			fail("a key id")
		}
		if either("a revoked key need not be there", true, false) {
			ring = append(ring, &referenceKey{id: raw, revoked: true})
		}
	}
	return ring
}

// A referenceReader opens what one request has for a name.
type referenceReader struct {
	name, label string
	ring        []*referenceKey
	now         int64
}

// A refusal is one of the reasons of docs/FORMAT.md.
type refusal string

// A candidate is a value that may open.
type candidate struct {
	text   string
	parts  int
	key    *referenceKey
	reason refusal
}

func (r *referenceReader) find(id []byte) *referenceKey {
	var found *referenceKey
	for _, key := range r.ring {
		if bytes.Equal(key.id, id) && (found == nil || key.revoked) {
			found = key
		}
	}
	if found != nil && !found.revoked && !found.ends.IsZero() && !time.Unix(r.now, 0).Before(found.ends) && either("from retires on a key opens nothing", true, false) {
		return nil
	}
	if found != nil && time.Unix(r.now, 0).Before(found.activates) && either("a key opens before it is activated", false, true) {
		return nil
	}
	return found
}

// room is how many characters n cookies hold.
func (r *referenceReader) room(n int) int {
	return n*(4093-len(r.name)) - either("further cookies have _i and SET", 10, 2)*(n-1)
}

var (
	headerText = regexp.MustCompile(`^[A-Za-z0-9_-]{12}`)
	secure     = regexp.MustCompile(`^[0-3][0-9]{9}\|`)
	tooSecure  = regexp.MustCompile(`^[0-3][0-9]{8}`)
)

// inspect judges a value by its header and its length.
func (r *referenceReader) inspect(value string) candidate {
	if len(value) < 12 || !headerText.MatchString(value) {
		return candidate{reason: "invalid"}
	}
	if len(value) >= 16 {
		if b, err := base64.RawURLEncoding.DecodeString(value[:16]); err == nil && either("a value of gorilla/securecookie has ten digits and a bar", secure, tooSecure).Match(b) &&
			either("a value of gorilla/securecookie does not count", true, false) {
			return candidate{reason: "invalid"}
		}
	}
	b, err := base64.RawURLEncoding.DecodeString(value[:12])
	if err != nil {
		return candidate{reason: "invalid"}
	}
	version, parts := int(b[0]&15), int(b[0]>>4)+1
	c := candidate{text: value, parts: parts}
	switch {
	case version == 0 && either("version 0 does not count", true, false):
		return candidate{reason: "invalid"}
	case version > 1 && either("a higher version is not read", true, false):
	case parts > 8 && either("a token of more than 8 parts does not count", true, false):
		return candidate{reason: "invalid"}
	case len(value) > r.room(parts) && either("a value that is too long does not count", true, false):
		return candidate{reason: "invalid"}
	case parts == 1 && len(value) < 54 && either("a value of less than 54 characters does not count", true, false):
		return candidate{reason: "invalid"}
	}
	c.key = r.find(either("the key id is bytes 1 to 3", b[1:4], b[2:5]))
	switch {
	case c.key != nil && c.key.revoked:
		c.reason = either("a revoked key is a reason of its own", refusal("revoked"), "unknown-key")
	case c.key == nil && version > 1:
		c.reason = either("a higher version under another key is invalid", refusal("invalid"), "newer")
	case c.key == nil:
		c.reason = "unknown-key"
	case version > 1:
		c.reason = either("a higher version under a key of the ring is newer", refusal("newer"), "invalid")
	}
	return c
}

// An openedToken is a token whose tag is good.
type openedToken struct {
	record []byte
	issued int64
	key    *referenceKey
}

// openHeader opens what a Cookie header has.
func (r *referenceReader) openHeader(header string) (best *openedToken, reason refusal) {
	var tries []candidate
	var first *candidate
	pieces := make(map[string][]string)
	newer, crowded := false, false
	for field := range strings.SplitSeq(header, ";") {
		field = strings.Trim(field, either("spaces, tabs and line ends around a field do not count", " \t\r\n", " "))
		if fault == "no other white space counts" {
			field = strings.TrimSpace(field)
		}
		name, value, ok := strings.Cut(field, "=")
		if !ok {
			continue
		}
		if either("a name is compared byte by byte", false, true) {
			name = strings.TrimSpace(strings.ToLower(name))
			name = strings.Replace(name, "__host-", "__Host-", 1)
		}
		if either("a value is taken as it stands", false, true) {
			value = strings.Trim(value, ` "`)
		}
		if name != r.name {
			if len(pieces[name]) < either("of each further cookie the first 8 count", 8, 7) || fault == "of each further cookie 8 count at most" {
				pieces[name] = append(pieces[name], value)
			}
			continue
		}
		c := r.inspect(value)
		switch {
		case c.reason == "newer":
			newer = true
		case c.reason != "":
			if first == nil && (len(tries) == 0 || fault == "the reason is that of the first value") {
				first = &c
			}
			if fault == "a value that cannot open is passed over" {
				tries = append(tries, c)
			}
		case len(tries) < either("8 values are tried", 8, 7) || fault == "8 values are tried at most":
			tries = append(tries, c)
		default:
			crowded = true
		}
	}
	failed := false
	for _, c := range tries {
		if c.key == nil || c.reason != "" {
			continue
		}
		o := r.openOne(c, pieces)
		if o == nil {
			failed = true
			continue
		}
		switch {
		case best == nil:
			best = o
		case o.issued > best.issued && either("the value issued last counts, and not the first", true, false):
			best = o
		case o.issued == best.issued && o.key.rank > best.key.rank && either("on a tie the key that ranks higher counts", true, false):
			best = o
		case o.issued == best.issued && o.key.rank == best.key.rank && either("on a tie the first counts", false, true):
			best = o
		case o.key.rank > best.key.rank && either("the time of issue counts before the rank", false, true):
			best = o
		}
	}
	switch {
	case best != nil && !(newer && either("a higher version is no matter where a value opens", false, true)):
		return best, ""
	case newer && either("newer counts before what is wrong with others", true, first == nil && !failed):
		return nil, "newer"
	case crowded && either("more values than are tried count before what is wrong with the first", true, false):
		return nil, "invalid"
	case first != nil:
		for i := 2; i <= first.parts; i++ {
			if len(pieces[fmt.Sprintf("%s_%d", r.name, i)]) == 0 && either("an unknown key without its parts is no token", true, false) {
				return nil, "invalid"
			}
		}
		return nil, first.reason
	case failed || crowded:
		return nil, "invalid"
	}
	return nil, either("without a value there is no cookie", refusal("no-cookie"), "invalid")
}

// openOne joins and opens a candidate. Its sentences of base64 only matter
// where a token opens that should not.
func (r *referenceReader) openOne(c candidate, pieces map[string][]string) *openedToken {
	text := c.text
	if c.parts > 1 {
		if len(text) < 20 {
			return nil
		}
		set := text[either("SET is characters 12 to 19", 12, 11):][:8]
		for i := 2; i <= c.parts; i++ {
			found := pieces[fmt.Sprintf("%s_%d", r.name, i)]
			at := slices.IndexFunc(found, func(piece string) bool {
				return strings.HasPrefix(piece, set) && either("a piece belongs to the token with its SET", true, false) || fault == "a piece belongs to the token with its SET" && len(piece) >= 8
			})
			if fault == "the first piece with SET counts" {
				for j, piece := range found {
					if strings.HasPrefix(piece, set) {
						at = j
					}
				}
			}
			if at < 0 {
				return nil
			}
			text += found[at][8:]
		}
	}
	if len(text) > r.room(c.parts) && either("the joined text has a limit", true, false) {
		return nil
	}
	token, ok := tokenOf(text)
	if !ok || len(token) < 40 {
		return nil
	}
	aead, err := chacha20poly1305.NewX(c.key.seal)
	if err != nil {
		panic(err)
	}
	additional := []byte{byte(len(r.name) >> 8), byte(len(r.name))}
	if fault == "the length of the name is big-endian" {
		slices.Reverse(additional)
	}
	if fault == "the additional data begins with the length of the name" {
		additional = nil
	}
	additional = append(append(additional, r.name...), either("the label is additional data", r.label, "")...)
	record, err := aead.Open(nil, token[:24], token[24:], additional)
	if err != nil {
		return nil
	}
	return &openedToken{record: record, issued: uint32Of(token[4:]), key: c.key}
}

// tokenOf decodes strict base64url.
func tokenOf(text string) ([]byte, bool) {
	if either("no = follows a token", false, true) {
		text = strings.TrimRight(text, "=")
	}
	if either("the alphabet is that of base64url", false, true) {
		text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	}
	if either("there is no other character, line ends included", strings.ContainsAny(text, "\r\n "), false) {
		return nil, false
	}
	text = strings.NewReplacer("\n", "", " ", "").Replace(text)
	encoding := base64.RawURLEncoding.Strict()
	if fault == "unused bits are zero" {
		encoding = base64.RawURLEncoding
	}
	token, err := encoding.DecodeString(text)
	return token, err == nil
}

// A referenceSession is what is in a record, and around it.
type referenceSession struct {
	key                     string
	issued, created         int64
	lifetime                int64
	id, binding             string
	packed, browser, pended bool
	item                    []byte
}

// read opens what a Cookie header has, and reads it.
func (r *referenceReader) read(header string) (s *referenceSession, reason refusal) {
	best, reason := r.openHeader(header)
	if best == nil {
		return nil, reason
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case newerError:
			s, reason = nil, "newer"
		case referenceError:
			s, reason = nil, "invalid"
		default:
			panic(e)
		}
	}()
	s = readRecord(best)
	must(s.issued <= r.now+either("five minutes of the future are allowed", int64(300), 0), "a token is at most five minutes from the future")
	lifetime := int64(400 * 24 * 60 * 60)
	if s.lifetime != 0 && either("a session may have a lifetime of its own", true, false) {
		lifetime = s.lifetime
	}
	begin := either("a lifetime is counted from the creation", s.created, s.issued)
	if end := begin + lifetime; r.now > end || r.now == end && either("a session has ended when its lifetime is over", true, false) ||
		either("an end has 64 bits", false, r.now > int64(uint32(end))) {
		return nil, "expired"
	}
	if s.packed {
		item, err := referenceUnpack(s.item, either("an item of 64 KiB is allowed", 64<<10, 32<<10))
		if err != nil {
			return nil, "invalid"
		}
		s.item = item
	}
	judge(referenceItem(s.item))
	return s, ""
}

// readRecord reads a record.
func readRecord(o *openedToken) *referenceSession {
	record := o.record
	take := func(n int) []byte {
		if len(record) < n {
			fail("a record that is cut off")
		}
		part := record[:n]
		record = record[n:]
		return part
	}
	uvarint := func() int64 {
		v, shift := uint64(0), 0
		for {
			b := take(1)[0]
			v |= uint64(b&127) << shift
			shift += 7
			must(v < 1<<32, "an uvarint is below 2^32")
			if b < 128 {
				must(b > 0 || shift == 7, "an uvarint is in shortest form")
				return int64(uint32(v))
			}
			if shift > 70 {
				fail("an uvarint that does not end")
			}
		}
	}
	flags := take(1)[0]
	if flags&128 != 0 {
		if either("bit 7 is newer", true, false) {
			panic(newerError{})
		}
	}
	s := &referenceSession{key: hex.EncodeToString(o.key.id), issued: o.issued, packed: flags&1 != 0, browser: flags&either("bit 3 is a browser session", byte(8), 16) != 0, pended: flags&64 != 0}
	age := uvarint()
	must(age <= o.issued, "an age is at most the time of issue")
	s.created = o.issued - age
	if flags&2 != 0 {
		s.id = hex.EncodeToString(take(16))
	}
	if flags&4 != 0 {
		s.lifetime = uvarint()
		must(s.lifetime >= 1, "a lifetime is at least a second")
		must(s.lifetime <= 400*24*60*60, "a lifetime is at most 400 days")
	}
	if flags&32 != 0 {
		s.binding = hex.EncodeToString(take(16))
		must(s.binding != strings.Repeat("00", 16), "a binding is not all zero")
	}
	must(!s.pended || s.binding != "", "bit 6 is only with bit 5")
	body := record
	if flags&16 != 0 {
		if either("zeros end the padding", true, false) {
			body = bytes.TrimRight(body, "\x00")
		}
		before, ok := bytes.CutSuffix(body, []byte{0x80})
		must(ok, "padding begins with 0x80")
		if body = before; fault == "one 0x80 is the padding's" {
			body = bytes.TrimRight(body, "\x80")
		}
	} else if either("without bit 4 there is no padding", false, true) {
		body = bytes.TrimSuffix(bytes.TrimRight(body, "\x00"), []byte{0x80})
	}
	must(len(body) > 0, "a body is not empty")
	s.item = body
	return s
}
