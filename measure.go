package cookiesession

import (
	"cmp"
	"reflect"
	"slices"
)

// A Size tells how large a session is in its cookie, as a new one without id or
// lifetime of its own.
type Size struct {
	CBOR    int // bytes of the value as CBOR
	Body    int // bytes of the value as stored: fewer than CBOR if it is packed
	Value   int // characters of the cookie value
	Cookie  int // bytes that count against Limit: names and values of all parts
	Cookies int // number of cookies; 0 if the session does not fit
	Limit   int // bytes

	// Paths has the size of each place, the largest first. What any session
	// takes is the place "(fixed)": the names, and in the values the key id,
	// times, nonce, tag and flags. The sum is Cookie characters, of 6 bits
	// each. If nothing can be packed, the session's value is one place, "".
	Paths []PathSize
}

// A PathSize is the size of one place of a session.
type PathSize struct {
	Path string // such as user.roles[]; the indices of lists are left out, and keys that are no names are quoted
	Bits int    // of the cookie, the key's included; a character has 6
	Kind string // how the largest value there is carried: "listed word", "number", "UUID", "text" and so on
	Note string // what could be saved, or that nothing can; "": neither is known
}

// Measure returns how large data is in the cookie, so that a test can guard its
// budget. It does not fail for data that is too large: see [Size.Cookies].
func (m *Manager[T]) Measure(data T) (Size, error) {
	sc := newScratch()
	defer sc.release()
	if err := sc.encodeAs(m.plan, reflect.ValueOf(&data).Elem()); err != nil {
		return Size{}, err
	}
	return m.codec.measure(sc, m.cookie.name), nil
}

// Measure returns how large value is when it is sealed for the cookie called
// name. It does not fail for a value that is too large: see [Size.Cookies].
func (c *Codec) Measure(name string, value any) (Size, error) {
	if err := checkName(name); err != nil {
		return Size{}, usageError(err)
	}
	sc := newScratch()
	defer sc.release()
	if _, err := sc.encode(c, value); err != nil {
		return Size{}, err
	}
	return c.measure(sc, name), nil
}

// recordOverhead is a record's flags and age, when it is new.
const recordOverhead = 2

func (c *Codec) measure(sc *scratch, name string) Size {
	body, packed := sc.pack()
	fit := c.fit(name, c.padded(name, recordOverhead+len(body)))
	size := Size{CBOR: sc.tape.Len(0), Body: len(body), Value: fit.chars, Cookie: fit.size, Cookies: fit.parts, Limit: fit.limit}
	fixed := PathSize{Path: "(fixed)", Bits: 6 * size.Cookie, Kind: "names, key id, times, nonce, tag, flags"}
	if packed {
		for _, p := range packer.ExplainTape(&sc.tape) {
			size.Paths = append(size.Paths, PathSize{p.Path, p.Bits, p.Kind, p.Note})
		}
	} else {
		size.Paths = []PathSize{{Bits: 8 * len(body), Kind: "CBOR", Note: "packed, it would be no shorter"}}
	}
	for _, p := range size.Paths {
		fixed.Bits -= p.Bits
	}
	size.Paths = append(size.Paths, fixed)
	slices.SortStableFunc(size.Paths, func(a, b PathSize) int { return cmp.Compare(b.Bits, a.Bits) })
	return size
}
