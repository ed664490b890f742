package pack

import (
	"strconv"
	"strings"

	"example.com/cookiesession/internal/cbor"
)

// PathBits is what one place of an item takes in its packed form.
type PathBits struct {
	Path string // of keys, such as user.roles[]; the indices of arrays are left out
	Bits int    // of the values there, with their keys
}

// A tracer adds up the bits of each path.
type tracer struct {
	path   []string
	last   int // bits that are accounted for
	places map[string]int
	out    []PathBits
}

// mark accounts the bits since the last mark to the present path.
func (e *encoder) mark() {
	if e.trace != nil {
		e.trace.mark(e.w.bits())
	}
}

func (e *encoder) enterArray() {
	if e.trace != nil {
		e.trace.path = append(e.trace.path, "[]")
	}
}

func (e *encoder) leave() {
	if e.trace != nil {
		e.trace.path = e.trace.path[:len(e.trace.path)-1]
	}
}

func (t *tracer) mark(bits int) {
	path := strings.Join(t.path, "")
	i, ok := t.places[path]
	if !ok {
		i = len(t.out)
		t.places[path] = i
		t.out = append(t.out, PathBits{Path: path})
	}
	t.out[i].Bits += bits - t.last
	t.last = bits
}

func (t *tracer) enterKey(key *cbor.Token) {
	name := keyName(key)
	if len(t.path) > 0 {
		name = "." + name
	}
	t.path = append(t.path, name)
}

// keyName spells a key for people.
func keyName(key *cbor.Token) string {
	switch key.Kind {
	case cbor.Uint:
		return strconv.FormatUint(key.N, 10)
	case cbor.Text:
		return key.S
	}
	return "?"
}
