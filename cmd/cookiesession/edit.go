package main

import (
	"cmp"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"example.com/cookiesession/internal/keytext"
)

// An edit exchanges a span of a file's text. Text that no edit covers stays as
// its author wrote it.
type edit struct {
	keytext.Span
	text string
}

// apply makes edits, which must not overlap. Several insertions at one place
// come in the order of the edits, and before a text that is replaced there.
func apply(text string, edits []edit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
	})
	var b strings.Builder
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.Start] + e.text)
		at = e.End
	}
	b.WriteString(text[at:])
	return b.String()
}

func (f *keyFile) replace(start, end int, text string) {
	f.edits = append(f.edits, edit{keytext.Span{Start: start, End: end}, text})
}

// lineAt returns the line that holds pos: its begin, and its end without and
// with the line end.
func (f *keyFile) lineAt(pos int) (start, end, next int) {
	start = strings.LastIndexByte(f.text[:pos], '\n') + 1
	next = len(f.text)
	if i := strings.IndexByte(f.text[pos:], '\n'); i >= 0 {
		next = pos + i + 1
	}
	return start, start + len(strings.TrimRight(f.text[start:next], "\r\n")), next
}

// newline is how the file ends its lines.
func (f *keyFile) newline() string {
	if i := strings.IndexByte(f.text, '\n'); i > 0 && f.text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// setActivates and setRetires give a key of the file a date.
func (f *keyFile) setActivates(k *fileKey, t time.Time) {
	k.activates = t
	f.setAttribute(k, k.Key.Activates, "activates="+stamp(t))
}

func (f *keyFile) setRetires(k *fileKey, t time.Time) {
	k.retires = t
	f.setAttribute(k, k.Key.Retires, "retires="+stamp(t))
}

func (f *keyFile) setAttribute(k *fileKey, old keytext.Attribute, text string) {
	if old.Span != (keytext.Span{}) {
		f.replace(old.Span.Start, old.Span.End, text)
		return
	}
	f.replace(k.End, k.End, " "+text)
}

// add puts a new key into the file. It goes above the first key, so that the
// last one, which alone may lack a date, stays the last.
func (f *keyFile) add(k *fileKey) {
	f.addLine(k.line())
	f.keys = append([]*fileKey{k}, f.keys...)
}

// addLine puts a line above the first key's, or at the end if there is no key.
func (f *keyFile) addLine(line string) {
	for _, k := range f.keys {
		if k.Span != (keytext.Span{}) { // not one that is being added
			at := f.aboveComments(k.Span.Start)
			f.replace(at, at, line+f.newline())
			return
		}
	}
	f.append(line)
}

// append puts a line at the end of the file.
func (f *keyFile) append(line string) {
	f.replace(len(f.text), len(f.text), line+f.newline())
}

// aboveComments returns the begin of the line that holds pos, or of the
// comments directly above it: they are about that line. But at the head of the
// file they are about the file.
func (f *keyFile) aboveComments(pos int) int {
	line, _, _ := f.lineAt(pos)
	at := line
	for at > 0 {
		above, end, _ := f.lineAt(at - 1)
		text := strings.TrimPrefix(f.text[above:end], "\ufeff")
		if !strings.HasPrefix(strings.TrimLeft(text, " \t"), "#") {
			return at
		}
		at = above
	}
	if line == 0 && strings.HasPrefix(f.text, "\ufeff") {
		return len("\ufeff")
	}
	return line
}

// remove takes a key out of the file, with its line if it has one to itself.
func (f *keyFile) remove(k *fileKey) {
	f.removeWords(k.Span.Start, k.End, k.Line)
	f.keys = slices.DeleteFunc(f.keys, func(other *fileKey) bool { return other == k })
}

// forget takes a revocation out of the file, with its line if it has one to
// itself.
func (f *keyFile) forget(r keytext.Revocation) { f.removeWords(r.Span.Start, r.Span.End, r.Line) }

func (f *keyFile) removeWords(start, end, line int) {
	first, eol, next := f.lineAt(start)
	if f.onLine[line] == 1 {
		if first == 0 && strings.HasPrefix(f.text, "\ufeff") {
			first = len("\ufeff")
		}
		f.replace(first, next, "")
		return
	}
	for end < eol && strings.IndexByte(" \t,", f.text[end]) >= 0 {
		end++
	}
	f.replace(start, end, "")
}

// revoke replaces a key by its revocation, with the date. A revocation may be
// forgotten when no cookie of the key can be alive.
func (f *keyFile) revoke(k *fileKey) {
	words := "revoked " + k.id
	if f.onLine[k.Line] == 1 {
		f.replace(k.Span.Start, k.End, words)
		f.date(k.Span.Start)
	} else {
		f.removeWords(k.Span.Start, k.End, k.Line)
		f.append(words + " # " + f.since())
	}
	k.revoked = true
}

func (f *keyFile) since() string { return "since " + stamp(f.now) }

// date writes the current time at the end of the line that holds pos, in its
// comment.
func (f *keyFile) date(pos int) {
	start, end, _ := f.lineAt(pos)
	sep := " # "
	if strings.IndexByte(f.text[start:end], '#') >= 0 {
		sep = "; "
	}
	f.replace(end, end, sep+f.since())
}

var sinceText = regexp.MustCompile(`\bsince (\d{4}-\d\d-\d\dT\S+)`)

// revokedSince reads the time that date wrote for a revocation, if there is
// one.
func (f *keyFile) revokedSince(r keytext.Revocation) (time.Time, bool) {
	_, end, _ := f.lineAt(r.Span.Start)
	comment := f.text[r.Span.End:end]
	if i := strings.IndexByte(comment, '#'); i >= 0 {
		comment = comment[i:]
	} else {
		return time.Time{}, false
	}
	notes := sinceText.FindAllStringSubmatch(comment, -1)
	if len(notes) == 0 {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, strings.TrimRight(notes[len(notes)-1][1], ".,;)"))
	return t, err == nil
}

func idsOf(r keytext.Revocation) (ids []string) {
	for _, id := range r.IDs {
		ids = append(ids, hex.EncodeToString(id[:]))
	}
	return ids
}
