package pack_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"unicode/utf8"
)

// This part of the reference decoder is the section "Value" of docs/FORMAT.md:
// deterministic CBOR first, and then what its tags and keys may be.

// A datum is an item of CBOR.
type datum struct {
	major byte
	n     uint64 // the argument; of a float its bits
	size  int    // of the head
	f     float64
	raw   []byte   // all of its encoding
	bytes []byte   // of a string
	parts []*datum // elements, keys and values by turns, or what is under a tag
}

// referenceItem reads deterministic CBOR, of which nothing may be left.
func referenceItem(b []byte) *datum {
	d, rest := readDatum(b, 1)
	must(len(rest) == 0, "a body is one item")
	return d
}

func readDatum(b []byte, level int) (d *datum, rest []byte) {
	all := b
	if len(b) == 0 || len(b) < sizeOfHead(b[0]) {
		fail("the item is cut off")
	}
	d = new(datum)
	d.major, d.n, d.size = parseHead(b)
	must(d.major == 7 || bytes.Equal(head(d.major, d.n), b[:d.size]), "heads are the shortest")
	rest = b[d.size:]
	part := func() {
		var p *datum
		p, rest = readDatum(rest, level+1)
		d.parts = append(d.parts, p)
	}
	if d.major >= 4 && d.major <= 6 {
		must(level <= either("64 levels are allowed", 64, 63), "there are at most 64 levels")
	}
	switch d.major {
	case 2, 3:
		if d.n > uint64(len(rest)) {
			fail("the item is cut off")
		}
		d.bytes, rest = rest[:d.n], rest[d.n:]
		must(d.major == 2 || utf8.Valid(d.bytes), "text is UTF-8")
	case 4:
		for range d.n {
			part()
		}
	case 5:
		for i := range d.n {
			part()
			part()
			if i > 0 {
				last, key := d.parts[2*i-2].raw, d.parts[2*i].raw
				must(bytes.Compare(last, key) <= 0, "keys are in the order of their bytes")
				must(!bytes.Equal(last, key), "no key is there twice")
				if fault == "keys are in the order of their bytes, and not of their lengths" && len(last) > len(key) {
					fail("a shorter key")
				}
			}
		}
	case 6:
		part()
	case 7:
		d.simple(b)
	}
	d.raw = all[:len(all)-len(rest)]
	return d, rest
}

// simple reads a float, or judges a simple value.
func (d *datum) simple(b []byte) {
	switch d.size {
	case 1, 2:
		must(d.size == 1 && d.n >= 20 && d.n <= 22, "the only simple values are false, true and null")
		return
	case 3:
		exp, frac := int(d.n>>10&31), float64(d.n&1023)
		switch {
		case exp == 31 && frac == 0:
			d.f = math.Inf(1)
		case exp == 31:
			d.f = math.NaN()
			must(d.n == 0x7e00, "NaN is f97e00")
		case exp > 0:
			d.f = math.Ldexp(1024+frac, exp-25)
		default:
			d.f = math.Ldexp(frac, -24)
		}
		if d.n>>15 == 1 {
			d.f = -d.f
		}
		return
	case 5:
		d.f = float64(math.Float32frombits(uint32(d.n)))
	case 9:
		d.f = math.Float64frombits(d.n)
	}
	must(d.f == d.f, "NaN is f97e00")
	must(d.size == 5 || float64(float32(d.f)) != d.f, "a float of 64 bits does not fit into 32")
	must(!isHalf(d.f), "a float of more than 16 bits does not fit into 16")
}

// isHalf reports whether 16 bits hold a float, which is not NaN.
func isHalf(f float64) bool {
	f = math.Abs(f)
	if f == 0 || math.IsInf(f, 0) {
		return true
	}
	if f > 65504 {
		return false
	}
	// The last place of a float of 16 bits.
	place := math.Ldexp(1, max(int(math.Floor(math.Log2(f))), -14)-10)
	return math.Trunc(f/place) == f/place
}

// Tags of the private block.
const (
	firstTag    = 38515
	lastTag     = 38551 // that means something
	endOfBlock  = 38578
	registered  = 38515
	notUTF8     = 38516
	isoTime     = 38517
	timeNanos   = 38518
	tagInt8     = 38519
	tagDuration = 38530
	timeOffset  = 38551
)

// newerError says that a newer release did it.
type newerError struct{ error }

// need refuses what does not fit where it stands. If that has a tag that is not
// known yet, it is newer.
func need(d *datum, ok bool, sentence string) {
	reserved := d.major == 6 && d.n > lastTag && d.n <= endOfBlock
	if reserved && fault != "an unknown tag of the private block is newer" {
		panic(newerError{})
	}
	must(ok, sentence)
}

// judge judges tags, integers and keys, from front to back.
func judge(d *datum) {
	switch d.major {
	case 1:
		must(d.n < 1<<63, "an integer is at least -2^63")
	case 4:
		for _, p := range d.parts {
			judge(p)
		}
	case 5:
		judgeMap(d, judgeKey, judge)
	case 6:
		judgeTag(d)
	}
}

func judgeMap(d *datum, key, value func(*datum)) {
	zeros := [2]int{}
	for i, p := range d.parts {
		if i%2 == 1 {
			value(p)
			continue
		}
		key(p)
		switch {
		case p.isFloat() && p.f == 0:
			zeros[0]++
		case p.major == 6 && p.n == 38529 && p.parts[0].f == 0:
			zeros[1]++
		}
	}
	must(zeros[0] < 2, "0.0 and -0.0 are one key")
	must(zeros[1] < 2, "0.0 and -0.0 are one key, also under tag 38529")
}

func judgeKey(d *datum) {
	need(d, d.major != 4 && d.major != 5, "a key is no array and no map")
	must(!d.isFloat() || d.f == d.f, "a key is not NaN")
	if d.major == 6 {
		need(d, d.n != isoTime && d.n >= firstTag || d.n == 1, "a key has not tag 21, 23, 37 or 38517")
		need(d, d.n <= tagDuration, "a key has no tag above 38530")
	}
	judge(d)
	must(d.major != 6 || d.n != 38529 || d.parts[0].f == d.parts[0].f, "a key is not NaN, also under tag 38529")
}

func (d *datum) isFloat() bool { return d.major == 7 && d.size > 1 }
func (d *datum) isNull() bool  { return d.raw[0] == 0xf6 }
func (d *datum) isBool() bool  { return d.raw[0] == 0xf4 || d.raw[0] == 0xf5 }

// judgeTag judges what stands under a tag.
func judgeTag(d *datum) {
	known := slices.Contains([]uint64{1, 21, 23, 37}, d.n) || d.n >= firstTag && d.n <= lastTag
	need(d, known, "a tag is one of the tables")
	if !known {
		return
	}
	p := d.parts[0]
	reach("tag %d", d.n)
	switch n := d.n; {
	case n == 37:
		need(p, p.major == 2, "tags of strings are over byte strings")
		must(len(p.bytes) == 16, "tag 37 is over 16 bytes")
	case n == 23:
		need(p, p.major == 2, "tags of strings are over byte strings")
	case n == 21 && p.major == 4:
		must(len(p.parts) >= 2, "tag 21 is over two parts or more")
		for _, part := range p.parts {
			need(part, part.major == 2, "the parts under tag 21 are byte strings")
		}
	case n == 21:
		need(p, p.major == 2, "tags of strings are over byte strings")
	case n == isoTime:
		needInt(p, -62167219200000, 253402300799999, "tag 38517 is over the years 0 to 9999")
	case n == notUTF8:
		need(p, p.major == 2, "tags of strings are over byte strings")
		must(!utf8.Valid(p.bytes), "tag 38516 is over what is not UTF-8")
	case n == 1:
		needInt(p, -62135596800, 253402300799, "tag 1 is over the years 1 to 9999")
	case n == timeNanos:
		judgeTime(p, 2)
	case n == timeOffset:
		judgeTime(p, 3)
	case n == registered:
		need(p, p.major == 4 && len(p.parts) == 2, "tag 38515 is over a name and a value")
		name := p.parts[0]
		must(name.major == 3, "tag 38515 has a name that is a text")
		must(len(name.bytes) > 0, "tag 38515 has a name that is not empty")
		if fault == "a value under a name that nobody knows may be anything" {
			judge(p.parts[1])
		}
	default:
		judgeTyped(n, p)
	}
}

func judgeTime(p *datum, length int) {
	need(p, p.major == 4 && len(p.parts) == length, "tags 38518 and 38551 are over two or three integers")
	if p.major != 4 || len(p.parts) < 2 {
		return
	}
	needInt(p.parts[0], -62135596800, 253402300799, "a time is in the years 1 to 9999")
	least := int64(0)
	if length == 2 {
		least = either("tag 38518 has nanoseconds from 1", int64(1), 0)
	}
	needInt(p.parts[1], least, 999999999, "nanoseconds are below 10^9, and not negative")
	if length == 3 {
		needInt(p.parts[2], -86399, 86399, "an offset is less than a day")
		must(p.parts[2].n != 0 || p.parts[2].major != 0, "an offset is not 0")
	}
}

// needInt asks for an integer in a range.
func needInt(p *datum, low, high int64, sentence string) {
	need(p, p.major <= 1, "what is an integer under a tag has no other kind")
	if p.major == 0 {
		must(p.n <= math.MaxInt64 && int64(p.n) <= high && int64(p.n) >= low, sentence)
	} else {
		must(p.n <= math.MaxInt64 && ^int64(p.n) >= low && ^int64(p.n) <= high, sentence)
	}
}

func needUint(p *datum, bits int) {
	need(p, p.major == 0, "an unsigned type is not negative")
	must(bits == 64 || p.n < 1<<bits, "an unsigned integer is in the range of its type")
}

func needText(p *datum) {
	text := p.major == 3 || p.major == 6 && slices.Contains([]uint64{37, 23, 21, notUTF8, isoTime}, p.n)
	need(p, text, "a string under a tag is a text, or has one of its forms")
	judge(p)
}

func needTextKey(p *datum) {
	need(p, p.major == 3 || p.major == 6 && p.n == notUTF8, "a key that is a string is a text, or tag 38516")
	judge(p)
}

func needFloat32(p *datum) {
	need(p, p.isFloat(), "a float32 is a float")
	must(p.f != p.f || float64(float32(p.f)) == p.f, "a float32 fits into 32 bits")
}

// judgeTyped judges what stands under the tag of a type.
func judgeTyped(n uint64, p *datum) {
	signed := func(bits int) func(*datum) {
		return func(p *datum) {
			needInt(p, -1<<(bits-1), 1<<(bits-1)-1, "a signed integer is in the range of its type")
		}
	}
	unsigned := func(bits int) func(*datum) { return func(p *datum) { needUint(p, bits) } }
	float := func(p *datum) { need(p, p.isFloat(), "an element of a float64 list is a float") }
	boolean := func(p *datum) { need(p, p.isBool(), "an element of a bool list is a bool") }
	single := map[uint64]func(*datum){
		38519: signed(8), 38520: signed(16), 38521: signed(32), 38522: signed(64), 38523: unsigned(64), 38524: unsigned(8), 38525: unsigned(16), 38526: unsigned(32),
		38527: unsigned(either("a uint64 with a tag is below 2^63", 63, 64)), 38528: unsigned(64), 38529: needFloat32, 38530: signed(64),
	}
	lists := map[uint64]func(*datum){
		38531: needText, 38532: signed(64),
		38539: signed(8), 38540: signed(16), 38541: signed(32), 38542: signed(64), 38543: unsigned(64), 38544: unsigned(16), 38545: unsigned(32), 38546: unsigned(64), 38547: unsigned(64),
		38548: needFloat32, 38549: float, 38550: boolean,
	}
	maps := map[uint64]func(*datum){38533: needText, 38534: signed(64), 38535: judge}
	if is, ok := single[n]; ok {
		is(p)
		return
	}
	if p.isNull() && either("lists and maps of a type may be null", true, false) {
		return
	}
	if is, ok := lists[n]; ok {
		need(p, p.major == 4, "the tag of a list is over an array")
		for _, part := range p.parts {
			is(part)
		}
		return
	}
	is, ok := maps[n]
	if !ok {
		need(p, false, "tags 38536 to 38538 are over null")
		return
	}
	need(p, p.major == 5, "the tag of a map is over a map")
	if n != 38535 {
		judgeMap(p, needTextKey, is)
		return
	}
	judgeMap(p, judgeKey, is)
	for i := 0; i < len(p.parts); i += 2 {
		key := p.parts[i]
		must(key.major == 3 || key.major == 6 && key.n == notUTF8, "tag 38535 has keys that are strings")
	}
}

// uint32Of is a big-endian number.
func uint32Of(b []byte) int64 { return int64(binary.BigEndian.Uint32(b)) }
