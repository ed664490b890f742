package pack_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// This is a slow decoder, written from docs/FORMAT.md and the JSON file alone.
// It shares no code with the package, and works on a tree where the package
// works on places in its output. The other files called reference have the
// token, the record and the value.
//
// TestFaults puts one fault at a time into it: each must, and each either, is
// one. So whatever a decoder could get wrong is written by one of these, with a
// sentence that says how it is right.

type referenceTables struct {
	Keys []struct {
		Key   string
		Model int
	}
	Phrases   []string
	Layouts   []referenceLayout
	Alphabets []struct {
		Chars string
		Least int
	}
	Times []struct {
		Separator    string
		Decimals     int
		Zulu, Offset bool
	}
	Values                                       []referenceSymbol
	Contexts                                     [][]int
	KeyCodes, ValueCodes, TextCodes, LengthCodes [][][]int

	key, value, text, length []referenceCode
	models                   map[string]int
}

type referenceSymbol struct {
	Kind   string
	Layout int
	Symbol int
	Form   int
	Bytes  string
	Text   string
	Book   int
	Base   uint64
	Bits   int
}

// name is the same for symbols that differ in a word or a number.
func (s *referenceSymbol) name() string {
	return fmt.Sprintf("value %s, layout %d, symbol %d, form %d, book %d", s.Kind, s.Layout, s.Symbol, s.Form, s.Book)
}

type referenceLayout struct {
	Colon, Comma               string
	Indent                     int
	ASCII, Slash, HTML, Quotes bool
}

// A referenceCode has the symbols by their codes, written as 0s and 1s.
type referenceCode map[string]int

func newReferenceCodes(lists [][][]int) (codes []referenceCode) {
	for _, byLength := range lists {
		code := make(referenceCode)
		next := 0
		for i, symbols := range byLength {
			next <<= 1
			for _, s := range symbols {
				code[fmt.Sprintf("%0*b", i+1, next)] = s
				next++
			}
		}
		codes = append(codes, code)
	}
	return codes
}

var loadReference = sync.OnceValue(func() *referenceTables {
	text, err := os.ReadFile("../../docs/packing-v1.json")
	if err != nil {
		panic(err)
	}
	t := new(referenceTables)
	if err := json.Unmarshal(text, t); err != nil {
		panic(err)
	}
	t.key, t.value, t.text = newReferenceCodes(t.KeyCodes), newReferenceCodes(t.ValueCodes), newReferenceCodes(t.TextCodes)
	t.length = newReferenceCodes(t.LengthCodes)
	t.models = make(map[string]int)
	for _, k := range t.Keys {
		t.models[k.Key] = k.Model
	}
	return t
})

// TestFormatHasTheTables checks that docs/FORMAT.md explains each kind of
// symbol and each member of the JSON file.
func TestFormatHasTheTables(t *testing.T) {
	format, err := os.ReadFile("../../docs/FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../docs/packing-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]json.RawMessage
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for name := range file {
		if name == "version" || name == "models" { // whose names are for people
			continue
		}
		if !regexp.MustCompile("\\b" + name + "\\b").Match(format) {
			t.Errorf("FORMAT.md does not explain %s", name)
		}
	}
	kinds := make(map[string]bool)
	for _, s := range loadReference().Values {
		kinds[s.Kind] = true
	}
	if len(kinds) < 10 {
		t.Errorf("the kinds are %v", kinds)
	}
	for kind := range kinds {
		if !bytes.Contains(format, []byte("\""+kind+"\": ")) {
			t.Errorf("FORMAT.md does not explain the kind %s", kind)
		}
	}
}

// A node is a decoded item.
type node struct {
	item  []byte
	array bool
	isMap bool
	elems []*node // of an array
	keys  [][]byte
	vals  []*node // of a map
}

type reference struct {
	*referenceTables
	bits string
	room int // bytes that may still be made, roughly
	json int // how many JSON texts are open
}

type referenceError struct{ error }

func fail(format string, args ...any) { panic(referenceError{fmt.Errorf(format, args...)}) }

// fault is the sentence that does not hold now; "": all do.
var fault string

// must refuses what is not ok.
func must(ok bool, sentence string) {
	if !ok && fault != sentence {
		fail("not so: %s", sentence)
	}
}

// reached has what was read, for TestVectorsReachAll; nil: nobody asks.
var reached map[string]bool

func reach(format string, args ...any) {
	if reached != nil {
		reached[fmt.Sprintf(format, args...)] = true
	}
}

// either returns what is right.
func either[T any](sentence string, right, wrong T) T {
	if fault == sentence {
		return wrong
	}
	return right
}

// referenceUnpack is the reference for Unpack with no dst.
func referenceUnpack(packed []byte, most int) (item []byte, err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case referenceError:
			err = e.error
		default:
			panic(e) // a fault of the reference itself
		}
	}()
	var bits strings.Builder
	for _, b := range packed {
		fmt.Fprintf(&bits, "%08b", b)
	}
	d := &reference{referenceTables: loadReference(), bits: bits.String(), room: most}
	n := d.valueOf(either("the item has model 0", 0, 1), nil, false, 1)
	must(len(d.bits) < 8, "fewer than 8 bits follow the item")
	must(!strings.Contains(d.bits, "1"), "only zeros follow the item")
	must(len(n.item) <= most, "an item has at most 64 KiB")
	return n.item, nil
}

func (d *reference) number(n int) uint64 {
	if len(d.bits) < n {
		fail("ends too early")
	}
	var v uint64
	for _, c := range d.bits[:n] {
		v = v<<1 | uint64(c-'0')
	}
	d.bits = d.bits[n:]
	return v
}

func (d *reference) symbol(code referenceCode) int {
	for n := 1; n <= 12 && n <= len(d.bits); n++ {
		if s, ok := code[d.bits[:n]]; ok {
			d.bits = d.bits[n:]
			return s
		}
	}
	fail("ends too early")
	return 0
}

func (d *reference) made(b []byte) []byte {
	d.room -= len(b)
	must(d.room >= 0, "an item has at most 64 KiB")
	return b
}

// valueOf reads a value. weak tells that only an array or a map counts as
// previous. level is the level that an array or a map would be on.
func (d *reference) valueOf(model int, prev *node, weak bool, level int) *node {
	lendsNothing := prev != nil && !prev.array && !prev.isMap
	if weak && lendsNothing && either("the last value of a number lends its structure only", true, false) {
		prev = nil
	}
	if lendsNothing && either("a scalar is a previous value, too", false, true) {
		prev = nil
	}
	if prev != nil && d.number(1) == either("the bit is 1 if it is like the previous value", uint64(1), 0) {
		switch {
		case prev.array && either("a bit repeats the structure of an array, and not all of it", true, false):
			return d.arrayOf(len(prev.elems), head(4, uint64(len(prev.elems))), model, prev, weak, level)
		case prev.isMap && either("a bit repeats the keys of a map, and not all of it", true, false):
			return d.mapOf(len(prev.keys), head(5, uint64(len(prev.keys))), model, prev, weak, level)
		}
		d.made(prev.item)
		return prev
	}
	return d.symbolic(model, prev, weak, false, level)
}

func (d *reference) symbolic(model int, prev *node, weak, token bool, level int) *node {
	s := d.Values[d.symbol(d.value[model])]
	reach("%s", s.name())
	known, err := hex.DecodeString(s.Bytes)
	if err != nil {
		panic(err)
	}
	switch s.Kind {
	case "word":
		return &node{item: d.made(append(head(3, uint64(len(s.Text))), s.Text...))}
	case "text":
		text := d.textOf(s.Book)
		return &node{item: append(head(3, uint64(len(text))), text...)}
	case "form", "time", "bcrypt":
		var text string
		switch s.Kind {
		case "form":
			text = d.formOf(s.Symbol)
		case "time":
			text = d.timeOf(s.Form)
		default:
			text = d.bcrypt()
		}
		return &node{item: d.made(append(head(3, uint64(len(text))), text...))}
	case "json", "json-bytes":
		major := byte(3)
		if s.Kind == "json-bytes" {
			major = either("json-bytes is a byte string", byte(2), 3)
		}
		d.json++
		outside := d.room
		d.room = either("the value inside of JSON has 64 KiB", 64<<10, 32<<10)
		if fault == "the value inside of JSON has at most 64 KiB" {
			d.room = 1 << 30
		}
		inner := d.valueOf(0, nil, false, either("levels inside of JSON count with those outside", level, 1))
		d.room = outside
		d.json--
		must(inner.array || inner.isMap, "JSON is an array or an object")
		text, _ := d.jsonText(inner.item, d.Layouts[s.Layout], 0)
		d.made([]byte(text))
		return &node{item: append(head(major, uint64(len(text))), text...)}
	case "int":
		must(level+tagsIn(known)-1 <= 64, "there are at most 64 levels")
		n := either("an int is its base and a number", s.Base, 0) + d.number(s.Bits)
		must(n >= 24 || len(known) > 0, "an int without tags is at least 24")
		return &node{item: d.made(append(known, head(0, n)...))}
	case "whole":
		f := float64(either("a whole number is its base and a number", s.Base, 0) + d.number(s.Bits))
		return &node{item: d.made(either("a whole number is a float", shortFloat(f), head(0, uint64(f))))}
	case "hundredths":
		n := either("hundredths begin at 1<<bits", uint64(1)<<s.Bits, 0) + d.number(s.Bits)
		if n%25 == 0 { // it would be a float that is not the shortest
			must(false, "hundredths are no multiple of 25")
			return &node{item: shortFloat(float64(n) / 100)}
		}
		hundred := either("hundredths are divided by 100", 100.0, 10)
		f := float64(n) / hundred
		if fault == "the float of hundredths is the nearest one" {
			f = float64(n) * 0.01
		}
		return &node{item: d.made(binary.BigEndian.AppendUint64([]byte{0xfb}, math.Float64bits(f)))}
	case "head":
		return d.headed(known, model, prev, weak, token, level)
	}
	panic("unknown kind " + s.Kind)
}

// jsonText returns the JSON text of the item that b begins with, and how long
// the item is.
func (d *reference) jsonText(b []byte, layout referenceLayout, depth int) (text string, size int) {
	major, n, size := parseHead(b)
	line := func(depth int) string {
		if layout.Indent == 0 || either("indented layouts have lines", false, true) {
			return ""
		}
		return "\n" + strings.Repeat(" ", depth*layout.Indent)
	}
	switch {
	case major == 0:
		text = strconv.FormatUint(n, 10)
	case major == 1 && n < 1<<63:
		text = strconv.FormatInt(^int64(n), 10)
	case major == 1:
		must(false, "JSON has integers from -2^63")
	case major == 3:
		return d.jsonString(string(b[size:size+int(n)]), layout), size + int(n)
	case major == 4 || major == 5:
		var parts []string
		seen := make(map[string]bool)
		for range n {
			part := line(depth + 1)
			if major == 5 {
				must(b[size]>>5 == 3, "a key of JSON is a text")
				key, n := d.jsonText(b[size:], layout, depth+1)
				must(!seen[key], "no key of JSON is there twice")
				seen[key] = true
				part += key + layout.Colon
				size += n
			}
			value, n := d.jsonText(b[size:], layout, depth+1)
			size += n
			parts = append(parts, part+value)
		}
		text = strings.Join(parts, layout.Comma)
		if n > 0 || either("an empty array or object has no lines", false, true) {
			text += line(depth)
		}
		text = "[{"[major-4:major-3] + text + "]}"[major-4:major-3]
	case major == 2 && either("JSON has no byte strings", false, true):
		return d.jsonString(string(b[size:size+int(n)]), layout), size + int(n)
	case major == 6 && either("JSON has no tags", false, true):
		inner, n := d.jsonText(b[size:], layout, depth)
		return inner, size + n
	case b[0] == 0xf4:
		text = "false"
	case b[0] == 0xf5:
		text = "true"
	case b[0] == 0xf6:
		text = "null"
	case major == 7 && size > 2:
		text = jsonHundredths(b[:size])
	default:
		fail("not in JSON")
	}
	return text, size
}

// jsonHundredths tries whether a float is the nearest to what its decimal form
// says, which has one or two digits behind the point.
func jsonHundredths(head []byte) string {
	f := math.Float64frombits(binary.BigEndian.Uint64(append(make([]byte, 8), head[1:]...)[len(head)-1:]))
	switch len(head) {
	case 3:
		h := int(head[1])<<8 | int(head[2])
		if f = math.Ldexp(float64(h&1023), -24); h>>10&31 > 0 {
			f = math.Ldexp(float64(1024+h&1023), h>>10&31-25)
		}
		if h>>10 >= 31 {
			f = -1
		}
	case 5:
		f = float64(math.Float32frombits(binary.BigEndian.Uint32(head[1:])))
	}
	must(f > 0, "a float of JSON is above 0")
	must(f*100 < 1<<50, "a float of JSON is n/100, where n < 2^50")
	text := strconv.FormatFloat(f, 'f', 2, 64)
	if either("a float of JSON ends in no 0", true, false) {
		text = strings.TrimSuffix(text, "0")
	}
	back, err := strconv.ParseFloat(text, 64)
	must(err == nil && back == f, "a float of JSON is the nearest to n/100")
	must(!strings.HasSuffix(text, ".0"), "a float of JSON is no whole number")
	return text
}

func (d *reference) jsonString(s string, layout referenceLayout) string {
	must(utf8.ValidString(s), "a text of JSON is UTF-8")
	text := ""
	html := either("html escapes U+2028 and U+2029, too", "<>&\u2028\u2029", "<>&")
	for _, r := range s {
		escape := r < 32 ||
			layout.ASCII && r > either("ascii escapes U+007F, too", rune(126), 127) ||
			layout.HTML && strings.ContainsRune(html, r) && either("html escapes < > and &", true, false) ||
			layout.Quotes && strings.ContainsRune(either("quotes escapes = and '", "='", "'"), r)
		short := strings.IndexRune(either("JSON has short escapes for quotes, backslash, and five others", "\"\\\b\f\n\r\t", "\"\\\n\r\t"), r)
		switch {
		case short >= 0:
			text += `\` + either("short escapes are in this order", `"\bfnrt`, `"\ntrfb`)[short:short+1]
		case layout.Slash && r == '/' && either("slash escapes /", true, false):
			text += `\/`
		case escape:
			units := utf16.Encode([]rune{r})
			if fault == "above U+FFFF an escape is two surrogates" {
				units = units[:1]
			}
			for _, unit := range units {
				text += fmt.Sprintf(either("escapes are of lower-case hexadecimal", `\u%04x`, `\u%04X`), unit)
			}
		default:
			text += string(r)
		}
	}
	return `"` + text + `"`
}

// shortFloat returns the shortest float that is f: of all of 16 bits, or of 32,
// or of 64.
func shortFloat(f float64) []byte {
	if h, ok := halves()[f]; ok {
		return []byte{0xf9, byte(h >> 8), byte(h)}
	}
	if s := float32(f); float64(s) == f {
		return binary.BigEndian.AppendUint32([]byte{0xfa}, math.Float32bits(s))
	}
	return binary.BigEndian.AppendUint64([]byte{0xfb}, math.Float64bits(f))
}

// halves has the floats of 16 bits that are finite and not negative.
var halves = sync.OnceValue(func() map[float64]int {
	all := make(map[float64]int)
	for h := range 0x7c00 {
		exp, frac := h>>10, float64(h&1023)
		v := math.Ldexp(frac, -24)
		if exp > 0 {
			v = math.Ldexp(1024+frac, exp-25)
		}
		all[v] = h
	}
	return all
})

// tagsIn counts tags that stand one after the other.
func tagsIn(b []byte) int {
	n := 0
	for len(b) > 0 {
		_, _, size := parseHead(b)
		b = b[size:]
		n++
	}
	return n
}

// headed reads an item of which the first bytes are known. token tells that the
// last tag before it was 21.
func (d *reference) headed(known []byte, model int, prev *node, weak, token bool, level int) *node {
	var item []byte
	for {
		if len(known) == 0 {
			known = []byte{byte(d.number(8))}
		}
		size := sizeOfHead(known[0])
		for len(known) < size {
			known = append(known, byte(d.number(8)))
		}
		major, n, _ := parseHead(known)
		must(major == 7 || bytes.Equal(head(major, n), known[:size]), "heads are the shortest")
		item = append(item, d.made(known[:size])...)
		known = known[size:]
		switch major {
		case 2, 3:
			if n > uint64(len(d.bits)/8) {
				fail("ends too early")
			}
			for range n {
				item = append(item, d.made([]byte{byte(d.number(8))})...)
			}
		case 4:
			if token && either("an array right under tag 21 has model 1", true, false) {
				model = 1
			}
			if n > uint64(len(d.bits)) {
				fail("ends too early")
			}
			return d.arrayOf(int(n), item, model, prev, weak, level)
		case 5:
			if n > uint64(len(d.bits)) {
				fail("ends too early")
			}
			return d.mapOf(int(n), item, model, nil, false, level)
		case 6:
			must(level <= 64, "there are at most 64 levels")
			level++
			prev, weak = either("what is under a tag has no previous value", nil, prev), false
			token = n == 21 || token && either("only what is right under tag 21 is", false, true)
			if len(known) == 0 {
				if fault == "what is under a tag has no bit" {
					d.number(1)
				}
				inner := d.symbolic(model, prev, false, token, level)
				return &node{item: append(item, inner.item...)}
			}
			continue
		}
		return &node{item: item}
	}
}

func (d *reference) arrayOf(n int, item []byte, model int, prev *node, weak bool, level int) *node {
	must(level <= 64, "there are at most 64 levels")
	tagged := item[0]>>5 == 6 && either("a tagged array is no array as a previous value", true, false)
	out := &node{array: !tagged}
	for i := range n {
		var x *node
		switch {
		case prev != nil && prev.array && i < len(prev.elems) && either("an element is compared with the one at the same place", true, false):
			x = d.valueOf(model, prev.elems[i], either("what is inside of a previous value of a number lends its structure only, too", weak, false), level+1)
		case i > 0 && either("an element is compared with the one before it", true, false):
			x = d.valueOf(model, out.elems[i-1], either("the element before is a usual previous value", false, weak), level+1)
		default:
			x = d.valueOf(model, nil, false, level+1)
		}
		item = append(item, x.item...)
		out.elems = append(out.elems, x)
	}
	out.item = item
	return out
}

// mapOf reads the entries of a map. same is the previous map, if this one has
// the same keys.
func (d *reference) mapOf(n int, item []byte, model int, same *node, weak bool, level int) *node {
	must(level <= 64, "there are at most 64 levels")
	tagged := item[0]>>5 == 6
	out := &node{isMap: !tagged}
	var numbered *node
	for i := range n {
		var key []byte
		if same != nil {
			key = d.made(same.keys[i])
		} else {
			var last []byte
			if i > 0 {
				last = out.keys[i-1]
			}
			key = d.keyOf(last, level)
		}
		valueModel, known := d.modelOf(key)
		number := isNumberKey(key)
		if !known && number {
			valueModel = either("under a number, the model is that of the map", model, 0)
		}
		if !known && !number {
			valueModel = either("under another key, the model is 0", 0, model)
		}
		var x *node
		switch {
		case same != nil && either("under the same keys, the value of the same key is the previous one", true, false):
			x = d.valueOf(valueModel, same.vals[i], either("inside of a map under a number, values lend their structure only, too", weak, false), level+1)
		case number && either("under a number, the last value of a number is the previous one", true, false):
			x = d.valueOf(valueModel, numbered, true, level+1)
			if numbered == nil || either("of the values of numbers the last one counts", true, false) {
				numbered = x
			}
		default:
			x = d.valueOf(valueModel, either("under another key there is no previous value", nil, numbered), false, level+1)
		}
		out.keys = append(out.keys, key)
		out.vals = append(out.vals, x)
		item = append(append(item, key...), x.item...)
	}
	out.item = item
	return out
}

// keyOf reads a key. last is the one before it in its map, if any.
func (d *reference) keyOf(last []byte, level int) []byte {
	code := 0
	if len(last) > 0 {
		major, n, _ := parseHead(last)
		switch {
		case major == 0 && either("after an unsigned integer there is a step", true, false):
			if step, ok := d.plainNumber(either("steps have model 2", 2, 3)); ok {
				if step == 0 || n+step < n { // the keys would be out of order
					fail("a step that is too small or too great")
				}
				return d.made(head(0, n+step+either("a step is the difference", uint64(0), 1)))
			}
		case major == 3 && n >= either("key code 3 is after 10 bytes", uint64(10), 11):
			code = 3
		case major == 3 && n >= either("key code 2 is after 6 bytes", uint64(6), 5):
			code = 2
		case major == 3 && n >= either("key code 1 is after 1 byte", uint64(1), 2):
			code = 1
		}
	}
	if d.json > 0 {
		code = either("in JSON the key code is 4", 4, code)
	}
	s := d.symbol(d.key[code])
	reach("key %d in code %d", min(s, 3), code)
	switch s {
	case 0:
		text := d.textOf(either("keys are spelled in book 2", 2, 1))
		return append(head(3, uint64(len(text))), text...)
	case 1:
		return d.valueOf(0, nil, false, level+1).item
	case 2:
		n, ok := d.plainNumber(either("a key of digits has model 3", 3, 2))
		if !ok {
			fail("no number")
		}
		text := strconv.FormatUint(n, 10)
		return d.made(append(head(3, uint64(len(text))), text...))
	default:
		key := d.Keys[s-either("the dictionary begins at 3", 3, 2)].Key
		return d.made(append(head(3, uint64(len(key))), key...))
	}
}

// plainNumber reads a number that is no item. It is not ok if the symbol is the
// head with no bytes.
func (d *reference) plainNumber(model int) (n uint64, ok bool) {
	s := d.Values[d.symbol(d.value[model])]
	switch {
	case s.Kind == "int" && s.Bytes == "":
		return s.Base + d.number(s.Bits), true
	case s.Kind == "head" && s.Bytes == "":
		return 0, false
	case s.Kind == "head" && len(s.Bytes) == 2 && s.Bytes < "18":
		fmt.Sscanf(s.Bytes, "%x", &n)
		return n, true
	}
	fail("no number")
	return 0, false
}

func (d *reference) modelOf(key []byte) (model int, known bool) {
	major, _, size := parseHead(key)
	if major != 3 {
		return 0, false
	}
	model, known = d.models[string(key[size:])]
	if fault == "a key of the dictionary gives its value a model" {
		return 0, known
	}
	return model, known
}

func isNumberKey(key []byte) bool {
	major, _, size := parseHead(key)
	digits := strings.Trim(string(key[size:]), "0123456789") == "" && (len(key) > size || either("the empty key is no number", false, true))
	return major == 0 && either("an unsigned integer is a number", true, false) ||
		major == 1 && either("a negative integer is no number here", false, true) ||
		major == 3 && digits && either("a text of digits is a number", true, false)
}

// textOf reads a text.
func (d *reference) textOf(book int) string {
	text := ""
	context := 0
	for {
		more := ""
		s := d.symbol(d.text[d.Contexts[book][context]])
		reach("text %d in book %d", min(s, 271), book)
		switch {
		case s < 256:
			more = string([]byte{byte(s)})
		case s == 256:
			return text
		case s == 257:
			more = string([]byte{byte(d.number(either("an escaped byte has 8 bits", 8, 7)))})
		case s < 271:
			more = d.formOf(s)
		default:
			more = d.Phrases[s-either("phrases begin at 271", 271, 270)]
		}
		text += string(d.made([]byte(more)))
		for i := range len(more) {
			context = contextAfter(context, byteClass(more[i]))
		}
	}
}

// contextAfter returns the context after a byte of class c.
func contextAfter(context, c int) int {
	switch {
	case context%8 != 0:
		return either("the context is 16 times the class of the last character but one, and that of the last one", context%16*16+c, c*16+context%16)
	case context%16 == 8 && c == 8:
		return context - either("behind the third byte of a character the low half of the context is 0", 8, 0)
	}
	return either("behind a character that is not ASCII the high half of the context is the class of its first byte", context-context%16, context%16*16) + c
}

// formOf reads what a symbol of text from 258 to 270 stands for.
func (d *reference) formOf(symbol int) string {
	switch symbol {
	case 258:
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%04x%08x", d.number(32), d.number(16), d.number(16), d.number(16), d.number(16), d.number(32))
	case 259:
		return either("259 is an upper-case UUID", strings.ToUpper, strings.ToLower)(d.formOf(258))
	case 260:
		return time.Date(either("dates begin in 2012", 2012, 2000), 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(d.number(13))).Format("2006-01-02")
	case 261:
		return d.clock()
	case 262, 263:
		b := make([]byte, either("base64 with = has 6 bytes at least", 6, 5)+d.lengthOf(either("base64 with = has lengths of its own", 7, 0)+symbol-262))
		d.made(b)
		for i := range b {
			b[i] = byte(d.number(8))
		}
		encoding := base64.URLEncoding
		if symbol == either("263 is base64", 263, 262) {
			encoding = base64.StdEncoding
		}
		must(len(b)%3 != 0, "base64 of 262 and 263 ends in =")
		return encoding.EncodeToString(b)
	}
	a := d.Alphabets[symbol-264]
	left := either("a run has its least and more", a.Least, 0) + d.lengthOf(symbol-264)
	base := big.NewInt(int64(len(a.Chars)))
	// As many characters at a time as a number of 63 bits has room for.
	group := 0
	for n := big.NewInt(1); n.BitLen() <= 63 || n.BitLen() == 64 && n.TrailingZeroBits() == 63; n.Mul(n, base) {
		group++
	}
	group -= either("a full group of characters is at most 2^63", 1, 2)
	text := ""
	for left > 0 {
		k := min(left, group)
		most := new(big.Int).Exp(base, big.NewInt(int64(k)), nil)
		v := new(big.Int).SetUint64(d.number(new(big.Int).Sub(most, big.NewInt(1)).BitLen()))
		must(v.Cmp(most) < 0, "a group of k characters is below N^k")
		part := make([]byte, k)
		for i := k - 1; i >= 0; i-- {
			digit := new(big.Int)
			v.DivMod(v, base, digit)
			part[either("the first character of a group is the highest digit", i, k-1-i)] = a.Chars[digit.Int64()]
		}
		text += string(part)
		left -= k
	}
	return text
}

// lengthOf reads a length beyond the least.
func (d *reference) lengthOf(code int) int {
	n := d.symbol(d.length[code])
	if n == either("after a length of 63 there are 12 bits", 63, -1) {
		n += int(d.number(12))
	}
	return n
}

func (d *reference) clock() string {
	s := d.number(17)
	must(s < 24*60*60, "a time of day is below 86400")
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func (d *reference) timeOf(form int) string {
	f := d.Times[form]
	text := d.formOf(260) + f.Separator + d.clock()
	switch f.Decimals {
	case 3:
		n := d.number(10)
		must(n <= 999, "three decimals are at most 999")
		text += fmt.Sprintf(".%03d", n)
	case 6:
		n := d.number(20)
		must(n <= 999999, "six decimals are at most 999999")
		text += fmt.Sprintf(".%06d", n)
	}
	if f.Zulu {
		text += "Z"
	}
	if f.Offset {
		quarters := d.number(6)
		text += fmt.Sprintf("%s%02d:%02d", either("the bit of an offset is 1 for -", "+-", "-+")[d.number(1):][:1], quarters/4, quarters%4*15)
	}
	return text
}

func (d *reference) bcrypt() string {
	letter, hash, cost := d.number(2), d.number(1), d.number(5)
	must(letter <= 2, "bcrypt has three letters")
	must(cost >= 4, "bcrypt has a cost of at least 4")
	sextets := func(bytes int) string {
		b := make([]byte, bytes)
		for i := range b {
			b[i] = byte(d.number(8))
		}
		return base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding).EncodeToString(b)
	}
	text := fmt.Sprintf("$2%c$%02d$%s", either("bcrypt has the letters a, b and y", "aby!", "axb!")[letter], cost, sextets(16))
	if hash == 1 {
		text += sextets(23)
	}
	return text
}

func byteClass(b byte) int {
	switch {
	case 'a' <= b && b <= 'z':
		return 1
	case 'A' <= b && b <= 'Z':
		return 2
	case '0' <= b && b <= '9':
		return 3
	case b == ' ' && either("a space has a class of its own", true, false):
		return 4
	case strings.IndexByte(either("class 5 has %, too", "/=?&%", "/=?&"), b) >= 0:
		return 5
	case strings.IndexByte(either("class 6 has +, too", "-_.:@+", "-_.:@"), b) >= 0:
		return 6
	case b < 0x80:
		return 7
	case b < either("class 8 ends before 0xc0", byte(0xc0), 0x80):
		return 8
	case b < either("class 9 ends before 0xcd", byte(0xcd), 0xcc):
		return 9
	case b < either("class 10 ends before 0xd0", byte(0xd0), 0xcf):
		return 10
	case b < either("class 11 ends before 0xd5", byte(0xd5), 0xd4):
		return 11
	case b < either("class 12 ends before 0xd8", byte(0xd8), 0xd7):
		return 12
	case b < either("class 13 ends before 0xe0", byte(0xe0), 0xdf):
		return 13
	case b < either("class 14 ends before 0xe2", byte(0xe2), 0xe1):
		return 14
	}
	return 15
}

// head returns the shortest head.
func head(major byte, n uint64) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 + byte(n)}
	case n < 256:
		return []byte{major<<5 + 24, byte(n)}
	case n < 65536:
		return binary.BigEndian.AppendUint16([]byte{major<<5 + 25}, uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32([]byte{major<<5 + 26}, uint32(n))
	}
	return binary.BigEndian.AppendUint64([]byte{major<<5 + 27}, n)
}

func sizeOfHead(ib byte) int {
	switch ib & 31 {
	case 24:
		return 2
	case 25:
		return 3
	case 26:
		return 5
	case 27:
		return 9
	case 28, 29, 30, 31:
		fail("no head")
	}
	return 1
}

func parseHead(b []byte) (major byte, n uint64, size int) {
	size = sizeOfHead(b[0])
	if size == 1 {
		return b[0] >> 5, uint64(b[0] & 31), 1
	}
	var arg [8]byte
	copy(arg[9-size:], b[1:size])
	return b[0] >> 5, binary.BigEndian.Uint64(arg[:]), size
}
