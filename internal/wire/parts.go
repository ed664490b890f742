package wire

import (
	"iter"
	"strings"
)

// A token that does not fit into one cookie is sealed once, and its text is
// cut. One tag covers content, order and number of the parts together, so parts
// of two writes never open together, and only the cut is added. The token's
// first byte has the number of parts, in clear and authenticated as part of the
// nonce.
//
// The cookie NAME carries the first piece. The cookie NAME_i (i = 2 .. parts)
// carries SET || piece, where SET is characters 12 to 19 (counted from 0) of
// the token's text, which spell random bytes. SET only groups: it finds the
// parts of one write among those that other paths, domains and writes have
// left. The tag decides.
//
// The writer fills every part except the last. The reader accepts any cut.
//
// The separator is an underscore because nginx has no variable for a cookie
// with a hyphen or a dot.
const (
	setStart = 12
	SetSize  = 8

	suffixSize = len("_2")
)

// Set returns SET for the text of a token, or for its first part. It reports
// false if the text is too short to have one.
func Set(text string) (set string, ok bool) {
	if len(text) < setStart+SetSize {
		return "", false
	}
	return text[setStart : setStart+SetSize], true
}

// PartName returns the name of a session's i-th cookie, from 1.
func PartName(name string, i int) string {
	if i == 1 {
		return name
	}
	return name + "_" + string(rune('0'+i))
}

// PartNames returns the names of all cookies that a session can have.
func PartNames(name string) []string {
	names := make([]string, MaxParts)
	for i := range names {
		names[i] = PartName(name, i+1)
	}
	return names
}

// A Cut says how large the cookies are that carry a token's text.
type Cut struct {
	Name string // of the first cookie
	Size int    // bytes of name and value that each may have
}

// Capacity returns how many characters of text n cookies hold.
func (c Cut) Capacity(n int) int {
	room := c.Size - len(c.Name)
	return room + (n-1)*(room-suffixSize-SetSize)
}

// Parts returns how many cookies a text of that many characters takes, or 0 if
// that is more than most.
func (c Cut) Parts(chars, most int) int {
	for n := 1; n <= most; n++ {
		if chars <= c.Capacity(n) {
			return n
		}
	}
	return 0
}

// Bytes returns the size of the names and values of n cookies that carry a text
// of that many characters.
func (c Cut) Bytes(chars, n int) int {
	return len(c.Name) + chars + (n-1)*(len(c.Name)+suffixSize+SetSize)
}

// A Piece is the value of a cookie that carries a part of a text.
type Piece struct {
	Set  []byte // empty in the first
	Text []byte
}

// Pieces cuts a text into n parts, and yields each with its number from 1.
func (c Cut) Pieces(text []byte, n int) iter.Seq2[int, Piece] {
	return func(yield func(int, Piece) bool) {
		var set []byte
		if n > 1 {
			set = text[setStart : setStart+SetSize]
		}
		room := c.Size - len(c.Name)
		for i := 1; i < n; i++ {
			piece := Piece{Text: text[:room]}
			if i == 1 {
				room -= suffixSize + SetSize
			} else {
				piece.Set = set
			}
			if !yield(i, piece) {
				return
			}
			text = text[len(piece.Text):]
		}
		yield(n, Piece{Set: set, Text: text})
	}
}

// Cookies yields the cookies of one session that the lines of a Cookie header
// have, in order: the number of the part, which is 1 for the cookie called
// name, and the value. It reads each line once.
//
// net/http's parser would not do: it gives up on a header with more than 3,000
// cookies, and takes more than one spelling of a pair (quotes, spaces around
// the name). Here a name is exact and a value is taken as it stands.
func Cookies(lines []string, name string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for _, line := range lines {
			for start := 0; start < len(line); start++ {
				if isBlank(line[start]) || line[start] == ';' {
					continue
				}
				// A call of IndexByte costs as much as a few bytes do, and a
				// header can have a semicolon at every other byte.
				const few = 16
				end := start + 1
				for end < len(line) && end < start+few && line[end] != ';' {
					end++
				}
				if end == start+few {
					end = indexFrom(line, end, ';')
				}
				pair := line[start:end]
				start = end
				if part, at := cutName(pair, name); part > 0 && !yield(part, trimBlanks(pair[at:])) {
					return
				}
			}
		}
	}
}

// Strip returns a line of a Cookie header without the cookies of one session,
// and whether it had any. Each goes with the semicolon before it. The first one
// goes with the separator after it.
func Strip(line, name string) (rest string, found bool) {
	var kept strings.Builder
	n := 0 // how many are kept
	for pair := range strings.SplitSeq(line, ";") {
		start := 0
		for start < len(pair) && isBlank(pair[start]) {
			start++
		}
		if part, _ := cutName(pair[start:], name); part > 0 {
			found = true
			continue
		}
		switch {
		case n > 0:
			kept.WriteByte(';')
		case found:
			pair = pair[start:]
		}
		kept.WriteString(pair)
		n++
	}
	return kept.String(), found
}

// indexFrom returns the index of the first c in line from i on, or its end.
func indexFrom(line string, i int, c byte) int {
	if n := strings.IndexByte(line[i:], c); n >= 0 {
		return i + n
	}
	return len(line)
}

// cutName returns which part of the session a pair is, and where its value
// starts, or 0 for another cookie.
func cutName(pair, name string) (part, start int) {
	if name == "" || len(pair) <= len(name) || pair[0] != name[0] || pair[:len(name)] != name {
		return 0, 0
	}
	switch rest := pair[len(name):]; {
	case rest[0] == '=':
		return 1, len(name) + 1
	case len(rest) > suffixSize && rest[0] == '_' && '2' <= rest[1] && rest[1] <= '0'+MaxParts && rest[2] == '=':
		return int(rest[1] - '0'), len(name) + suffixSize + 1
	}
	return 0, 0
}

// isBlank reports whether c is white space around a pair. Line ends are only in
// requests that no server has read.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func trimBlanks(s string) string {
	for len(s) > 0 && isBlank(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}

// Parts holds the further parts that a request has. Of each number it keeps the
// first few, so its size is bounded for any request.
type Parts struct {
	values [MaxParts - 1][MaxTries]string // of NAME_2 and so on
	count  [MaxParts - 1]uint8
}

// Add adds a value of the cookie NAME_i.
func (p *Parts) Add(i int, value string) {
	if n := &p.count[i-2]; *n < MaxTries {
		p.values[i-2][*n] = value
		*n++
	}
}

// Pieces returns the text of a token of n parts, piece by piece, given the
// first one, and whether all of them are there. Of each further part it takes
// the first that belongs to it.
func (p *Parts) Pieces(first string, n int) (pieces [MaxParts]string, ok bool) {
	set, ok := Set(first)
	if !ok {
		return pieces, false
	}
	pieces[0] = first
	for i := 2; i <= n; i++ {
		if pieces[i-1], ok = p.find(i, set); !ok {
			return pieces, false
		}
	}
	return pieces, true
}

// find returns the piece of part i that belongs to a set.
func (p *Parts) find(i int, set string) (piece string, ok bool) {
	for _, value := range p.values[i-2][:p.count[i-2]] {
		if piece, ok = strings.CutPrefix(value, set); ok {
			return piece, true
		}
	}
	return "", false
}
