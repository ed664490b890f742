package main

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"example.com/cookiesession/internal/wire"
)

// A cookie is a name and a value as they were found. The name is "" if a bare
// value was.
type cookie struct{ name, value string }

// People paste cookies in more forms than anybody can list: headers, HAR files,
// commands, jars, tables, code. The values are always the same characters,
// which no form of quoting changes, and begin with a version, a number of parts
// and a time that other texts rarely have. So a finder goes by the shape of the
// value, and then reads backwards to its name.
type finder struct {
	wanted string // a cookie's name, "": any
	now    time.Time
}

// spellings returns the ways to read a text, in which a cookie may not stand as
// it was sent: wrapped at the width of a terminal, percent-encoded, escaped,
// quoted in a mail.
func spellings(text string) []func() string {
	plainer := text
	unescaped := func() string {
		plainer = unescape(plainer)
		return unwrap(plainer)
	}
	return []func() string{
		func() string { return unwrap(text) },
		func() string { return text },
		unescaped,
		unescaped, // a logged URL is encoded twice
		func() string { return oneLine(text) },
	}
}

// oneLine takes away all line ends, with the indentation or the mail's
// quotation marks that follow them.
func oneLine(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimRight(strings.TrimLeft(line, indents), "\r\n"))
	}
	return b.String()
}

const indents = " \t>|"

// unwrap takes away the line ends within values. Where a terminal or a mail has
// wrapped a value, no line is longer than the one before the line end, and the
// next line has nothing but the rest of the value before the next delimiter.
func unwrap(text string) string {
	widest := 0
	for line := range strings.Lines(text) {
		widest = max(widest, len(strings.TrimRight(line, "\r\n")))
	}
	var b strings.Builder
	key := "" // of the value that goes on in this line
	for text != "" {
		line, after, _ := strings.Cut(text, "\n")
		bare, rest := strings.TrimSuffix(line, "\r"), strings.TrimLeft(after, indents)
		if run := lastRun(bare); len(bare) == widest && run != "" {
			if key == "" || len(run) < len(bare) {
				key = keyOf(run)
			}
			if isRest(rest, key) || strings.Contains(bare, ";") && isRestOfName(rest) {
				b.WriteString(bare)
				text = rest
				continue
			}
		}
		b.WriteString(text[:len(text)-len(after)])
		text, key = after, ""
	}
	return b.String()
}

// keyOf returns the characters of a value that spell its key's id, cut to whole
// ones, or "" if they are not all there.
func keyOf(run string) string {
	const from, to = 2, 5
	if len(run) < to {
		return ""
	}
	return run[from:to]
}

func lastRun(line string) string {
	i := len(line)
	for i > 0 && isRun[line[i-1]] {
		i--
	}
	return line[i:]
}

// isRest reports whether a text can begin with the rest of a value, and not
// with another value under the same key.
func isRest(text, key string) bool {
	n := runLength(text)
	if n == 0 || key != "" && keyOf(text[:n]) == key {
		return false
	}
	return n == len(text) || strings.IndexByte("\r\n;,\"'`^\\)]}<&", text[n]) >= 0
}

// isRestOfName is isRest for the name of a cookie in a header.
func isRestOfName(text string) bool {
	n := runLength(text)
	return n < len(text) && text[n] == '='
}

// runLength returns how many characters of base64url a text begins with.
func runLength(text string) int {
	i := 0
	for i < len(text) && isRun[text[i]] {
		i++
	}
	return i
}

var isRun = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
		set[c] = true
	}
	return set
}()

// unescape undoes the escapes of HTML, URLs, quoted-printable mails, JSON and
// JavaScript. None of them can begin inside of a value.
func unescape(text string) string {
	text = html.UnescapeString(text)
	var b strings.Builder
	for {
		i := strings.IndexAny(text, `%=\`)
		if i < 0 {
			break
		}
		b.WriteString(text[:i])
		meant, n := escape(text[i:])
		b.WriteString(meant)
		text = text[i+n:]
	}
	return b.String() + text
}

// escape returns what the escape at the beginning of a text means, and its
// length. Anything else means itself.
func escape(text string) (meant string, length int) {
	for _, e := range escapes {
		if !strings.HasPrefix(text, e.begins) {
			continue
		}
		if e.digits == 0 {
			return e.meant, len(e.begins)
		}
		digits := text[len(e.begins):]
		digits = digits[:min(e.digits, len(digits))]
		n, err := strconv.ParseUint(digits, 16, 16)
		if err == nil && len(digits) == e.digits && (e.begins != "=" || digits == strings.ToUpper(digits)) {
			return string(rune(n)), len(e.begins) + e.digits
		}
	}
	return text[:1], 1
}

// escapes are followed by hexadecimal digits if they have a number of them. A
// value never begins with two digits in capital letters, so what is not an
// escape in a mail stays: app=Aa...
var escapes = []struct {
	begins string
	digits int
	meant  string
}{
	{`%`, 2, ""}, {`\u`, 4, ""}, {`\x`, 2, ""}, {`\n`, 0, "\n"}, {`\r`, 0, "\r"}, {`\t`, 0, "\t"},
	{`=`, 2, ""}, {"=\n", 0, ""}, {"=\r\n", 0, ""}, // a line end that the mail has added
}

// utf8Text returns the text of a file that Windows' PowerShell may have written
// as UTF-16.
func utf8Text(text string) string {
	if !strings.HasPrefix(text, "\xff\xfe") {
		return strings.TrimPrefix(text, "\ufeff")
	}
	units := make([]uint16, len(text)/2-1)
	for i := range units {
		units[i] = uint16(text[2*i+2]) | uint16(text[2*i+3])<<8
	}
	return string(utf16.Decode(units))
}

// find returns the cookies of a text that look like ones of this library, and
// their further parts. A cookie that is there twice is returned once.
func (f finder) find(text string) (found []cookie) {
	seen := make(map[cookie]bool)
	add := func(c cookie) {
		if !seen[c] {
			seen[c] = true
			found = append(found, c)
		}
	}
	split := false
	for c := range f.runs(text, f.isToken) {
		t, _ := parseHeader(c.value)
		split = split || t.parts > 1
		add(c)
	}
	if split {
		first := found
		for c := range f.runs(text, func(string) bool { return true }) {
			if isPart(c.name, first) {
				add(c)
			}
		}
	}
	return found
}

// isToken reports whether a text looks like a token of the last two years. One
// in two thousand other texts of that length does.
func (f finder) isToken(run string) bool {
	const age = 2 * 365 * day // none opens for as long
	h, err := wire.ParseHeader(run)
	issued := time.Unix(h.Issued, 0)
	return err == nil && h.Version == wire.Version && h.Parts <= wire.MaxParts && (h.Parts > 1 || len(run) >= leastChars) &&
		issued.After(f.now.Add(-age)) && !issued.After(f.now.Add(wire.MaxSkew))
}

var leastChars = wire.Chars(wire.Overhead + wire.MinRecord)

// runs yields the runs of base64url in a text that wanted picks, with their
// names.
func (f finder) runs(text string, wanted func(run string) bool) func(yield func(cookie) bool) {
	return func(yield func(cookie) bool) {
		for i := 0; i < len(text); {
			n := runLength(text[i:])
			if n > wire.SetSize && isAlone(text[:i], text[i+n:]) && wanted(text[i:i+n]) {
				if !yield(cookie{f.nameBefore(text, i, i+n), text[i : i+n]}) {
					return
				}
			}
			i += max(1, n)
		}
	}
}

// isAlone reports whether a run between two texts is a whole value: neither a
// part of a JWT nor of ordinary base64 or of a path.
func isAlone(before, after string) bool {
	if before != "" && strings.IndexByte("+/.%", before[len(before)-1]) >= 0 {
		return false
	}
	if after == "" || strings.IndexByte("+/=.", after[0]) < 0 {
		return true
	}
	return after[0] == '.' && (len(after) == 1 || strings.IndexByte(" \t\r\n", after[1]) >= 0) // a sentence's end
}

const (
	quoteChars = "\"'`\\^" // of JSON and of shells
	between    = quoteChars + " \t=:,>|"
	nameChars  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%*.~_-"
)

// nameBefore returns the name that stands before the value text[start:end], or
// "" if there is none.
func (f finder) nameBefore(text string, start, end int) string {
	before := text[max(0, start-memberSize):start]
	rest := strings.TrimRight(before, between)
	separator := before[len(rest):]
	head := strings.TrimRight(rest, nameChars)
	name := rest[len(head):]
	if name != "" && strings.HasSuffix(head, `\`) && strings.IndexByte("nrt", rest[len(head)]) >= 0 {
		name = name[1:] // after an escaped line end
	}
	if separator != "" && f.wanted != "" && strings.HasSuffix(rest, f.wanted) && len(f.wanted) >= len(name) {
		return f.wanted // which may have characters that delimit others
	}
	quoted := separator != "" && strings.IndexByte(quoteChars, separator[0]) >= 0
	column := strings.Contains(separator, "\t") || strings.HasPrefix(separator, "  ") || separator == " " && jarLine.MatchString(head)
	switch {
	case strings.EqualFold(name, "value") && strings.ContainsAny(separator, "=:"):
		return memberName(head, text[end:])
	case column, strings.Contains(separator, "="), quoted && strings.ContainsAny(separator, ":,"):
		return name
	case separator != "" && slices.Contains(usualNames, name):
		return name
	}
	return "" // a word, an option or the name of a header
}

// jarLine is the beginning of a line of a jar whose tabs have become spaces.
var jarLine = regexp.MustCompile(`(?:TRUE|FALSE) \d+ $`)

const memberSize = 1000 // bytes of an object around a value that are looked at

var (
	nameMember = regexp.MustCompile(`(?i)\b(?:name|key)[` + quoteChars + `]*\s*[:=]\s*[` + quoteChars + `]*([^\s=:;,(){}` + quoteChars + `]+)`)
	ownName    = regexp.MustCompile(`([^\s=:;,(){}` + quoteChars + `]+)[` + quoteChars + `]+\s*[:=]\s*[` + quoteChars + `]*$`)
)

// memberName returns the name of the object whose value stands between two
// texts: {"name": "session", "value": "..."} or {"session": {"value": "..."}},
// or the arguments of a function alike.
func memberName(before, after string) string {
	open, depth := -1, 0
	for i := len(before) - 1; i >= 0 && open < 0; i-- {
		switch before[i] {
		case '}', ')':
			depth++
		case '{', '(':
			if depth == 0 {
				open = i
			}
			depth--
		}
	}
	if all := nameMember.FindAllStringSubmatch(before[open+1:], -1); all != nil {
		return all[len(all)-1][1]
	}
	after = after[:min(len(after), memberSize)]
	if i := strings.IndexAny(after, "})"); i >= 0 {
		after = after[:i]
	}
	if m := nameMember.FindStringSubmatch(after); m != nil {
		return m[1]
	}
	if m := ownName.FindStringSubmatch(before[:max(0, open)]); m != nil {
		return m[1]
	}
	return ""
}

// spoiled returns the cookies of a text that have the right name, or no name,
// but do not look like ones of this library, so that inspect can say what is
// wrong with them.
func (f finder) spoiled(text string) (found []cookie) {
	names := usualNames
	if f.wanted != "" {
		names = []string{f.wanted}
	}
	for _, name := range names {
		pair := regexp.MustCompile(regexp.QuoteMeta(name) + `["'^\\]*[=:\t]\s*["'^\\]*([^\s;,"'^\\]*)`)
		for _, m := range pair.FindAllStringSubmatchIndex(text, -1) {
			if m[0] == 0 || !isRun[text[m[0]-1]] {
				found = append(found, cookie{name, text[m[2]:m[3]]})
			}
		}
	}
	found = slices.Compact(found)
	text = strings.TrimSpace(text)
	name, value, isPair := strings.Cut(text, "=")
	switch {
	case found != nil || strings.ContainsAny(text, ";{\t "):
	case isPair && strings.Trim(value, "=") != "" || isPair && len(name) < headerChars:
		if f.wanted == "" {
			found = []cookie{{name, value}}
		}
	default:
		found = []cookie{{"", text}}
	}
	return found
}

// usualNames are the library's default names of cookies.
var usualNames = []string{"__Host-session", "__Secure-session", "dev-session", "session"}

// isPart reports whether name belongs to a further part of one of the cookies.
func isPart(name string, cookies []cookie) bool {
	i := strings.LastIndexByte(name, '_')
	if i < 0 {
		return false
	}
	n, err := strconv.Atoi(name[i+1:])
	return err == nil && n >= 2 && slices.ContainsFunc(cookies, func(c cookie) bool {
		t, _ := parseHeader(c.value)
		return c.name == name[:i] && n <= t.parts
	})
}

// A candidate is a token's text, joined from its parts, or the reason why it
// cannot be.
type candidate struct {
	name    string // "" if it is not known
	text    string
	longest int // bytes of name and value of its largest cookie
	refusal *refusal
}

// candidates returns those of the cookies that may be meant, in their order.
// Bare values are meant only if nothing has a name.
func (f finder) candidates(cookies []cookie) (all []candidate) {
	isNamed := slices.ContainsFunc(cookies, func(c cookie) bool { return f.isWanted(c.name) && c.name != "" })
	for _, c := range cookies {
		if f.isWanted(c.name) && (c.name != "" || !isNamed) && !isPart(c.name, cookies) {
			all = append(all, join(cookies, c))
		}
	}
	return all
}

func (f finder) isWanted(name string) bool { return f.wanted == "" || name == "" || name == f.wanted }

// best returns the index of the one to take: under a key of the ring, called as
// the library calls it, and issued last, which is the one that a server takes.
// Of those of the same second it is the last in the text: an answer stands
// after its request.
func best(all []candidate, keys []string) int {
	rank := func(c candidate) [3]int64 {
		t, _ := parseHeader(c.text)
		byName := slices.Index(usualNames, c.name)
		if byName < 0 {
			byName = len(usualNames)
		}
		byKey := int64(0)
		if slices.Contains(keys, t.key) {
			byKey = 1
		}
		return [3]int64{byKey, int64(-byName), t.issued.Unix()}
	}
	first := 0
	for i := range all {
		if a, b := rank(all[i]), rank(all[first]); slices.Compare(a[:], b[:]) >= 0 {
			first = i
		}
	}
	return first
}

// join joins the parts of a cookie, given its first part.
func join(cookies []cookie, first cookie) candidate {
	can := candidate{name: first.name, text: first.value, longest: len(first.name) + len(first.value)}
	t, r := parseHeader(first.value)
	if r != nil || t.parts == 1 {
		return can // its faults will be found in the whole
	}
	if t.parts > wire.MaxParts {
		can.refusal = refuse(causeParts, "it says that it is the first of %d cookies, where there are at most %d", t.parts, wire.MaxParts)
		return can
	}
	if first.name == "" {
		can.refusal = refuse(causeMissingPart, "it is the first of %d cookies: give the whole Cookie header", t.parts)
		return can
	}
	set, _ := wire.Set(first.value) // it is there: so is the whole header
	for i := 2; i <= t.parts; i++ {
		name := wire.PartName(first.name, i)
		part, others := findPart(cookies, name, set)
		switch {
		case part == "" && others:
			can.refusal = refuse(causeMissingPart, "part %d of %d is missing: the %s that is there belongs to another write", i, t.parts, name)
			return can
		case part == "":
			can.refusal = refuse(causeMissingPart, "part %d of %d is missing: there is no %s", i, t.parts, name)
			return can
		}
		can.text += part[wire.SetSize:]
		can.longest = max(can.longest, len(name)+len(part))
	}
	return can
}

func findPart(cookies []cookie, name, set string) (value string, others bool) {
	for _, c := range cookies {
		if c.name != name {
			continue
		}
		if strings.HasPrefix(c.value, set) {
			return c.value, false
		}
		others = true
	}
	return "", others
}
