package pack_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
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
// works on places in its output.

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
	Values []struct {
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
	Contexts                                     [][]int
	KeyCodes, ValueCodes, TextCodes, LengthCodes [][][]int

	key, value, text, length []referenceCode
	models                   map[string]int
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
	n := d.valueOf(0, nil, false, 1)
	if len(d.bits) >= 8 || strings.Contains(d.bits, "1") {
		return nil, errors.New("something follows")
	}
	if len(n.item) > most {
		return nil, errors.New("too large")
	}
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
	if d.room -= len(b); d.room < 0 {
		fail("too large")
	}
	return b
}

// valueOf reads a value. weak tells that only an array or a map counts as
// previous. level is the level that an array or a map would be on.
func (d *reference) valueOf(model int, prev *node, weak bool, level int) *node {
	if weak && prev != nil && !prev.array && !prev.isMap {
		prev = nil
	}
	if prev != nil && d.number(1) == 1 {
		switch {
		case prev.array:
			return d.arrayOf(len(prev.elems), head(4, uint64(len(prev.elems))), model, prev, weak, level)
		case prev.isMap:
			return d.mapOf(len(prev.keys), head(5, uint64(len(prev.keys))), model, prev, weak, level)
		}
		d.made(prev.item)
		return prev
	}
	return d.symbolic(model, prev, weak, false, level)
}

func (d *reference) symbolic(model int, prev *node, weak, token bool, level int) *node {
	s := d.Values[d.symbol(d.value[model])]
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
			major = 2
		}
		d.json++
		outside := d.room
		d.room = 64 << 10
		inner := d.valueOf(0, nil, false, level)
		d.room = outside
		d.json--
		if !inner.array && !inner.isMap {
			fail("JSON that is no array or object")
		}
		text, _ := d.jsonText(inner.item, d.Layouts[s.Layout], 0)
		d.made([]byte(text))
		return &node{item: append(head(major, uint64(len(text))), text...)}
	case "int":
		if level+tagsIn(known)-1 > 64 {
			fail("too deep")
		}
		n := s.Base + d.number(s.Bits)
		if n < 24 && len(known) == 0 {
			fail("has a shorter form")
		}
		return &node{item: d.made(append(known, head(0, n)...))}
	case "whole":
		return &node{item: d.made(shortFloat(float64(s.Base + d.number(s.Bits))))}
	case "hundredths":
		n := uint64(1)<<s.Bits + d.number(s.Bits)
		if n%25 == 0 {
			fail("has a shorter form")
		}
		return &node{item: d.made(binary.BigEndian.AppendUint64([]byte{0xfb}, math.Float64bits(float64(n)/100)))}
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
		if layout.Indent == 0 {
			return ""
		}
		return "\n" + strings.Repeat(" ", depth*layout.Indent)
	}
	switch {
	case major == 0:
		text = strconv.FormatUint(n, 10)
	case major == 1 && n < 1<<63:
		text = strconv.FormatInt(^int64(n), 10)
	case major == 3:
		return d.jsonString(string(b[size:size+int(n)]), layout), size + int(n)
	case major == 4 || major == 5:
		var parts []string
		seen := make(map[string]bool)
		for range n {
			part := line(depth + 1)
			if major == 5 {
				if b[size]>>5 != 3 {
					fail("a key that is no text")
				}
				key, n := d.jsonText(b[size:], layout, depth+1)
				if seen[key] {
					fail("a key twice")
				}
				seen[key] = true
				part += key + layout.Colon
				size += n
			}
			value, n := d.jsonText(b[size:], layout, depth+1)
			size += n
			parts = append(parts, part+value)
		}
		text = strings.Join(parts, layout.Comma)
		if n > 0 {
			text += line(depth)
		}
		text = "[{"[major-4:major-3] + text + "]}"[major-4:major-3]
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
	if !(f > 0 && f*100 < 1<<50) {
		fail("no such number in JSON")
	}
	text := strings.TrimSuffix(strconv.FormatFloat(f, 'f', 2, 64), "0")
	if back, err := strconv.ParseFloat(text, 64); err != nil || back != f || strings.HasSuffix(text, ".0") {
		fail("no such number in JSON")
	}
	return text
}

func (d *reference) jsonString(s string, layout referenceLayout) string {
	if !utf8.ValidString(s) {
		fail("no UTF-8")
	}
	text := ""
	for _, r := range s {
		escape := r < 32 || layout.ASCII && r > 126 || layout.HTML && strings.ContainsRune("<>&\u2028\u2029", r) || layout.Quotes && strings.ContainsRune("='", r)
		short := strings.IndexRune("\"\\\b\f\n\r\t", r)
		switch {
		case short >= 0:
			text += `\` + `"\bfnrt`[short:short+1]
		case layout.Slash && r == '/':
			text += `\/`
		case escape:
			for _, unit := range utf16.Encode([]rune{r}) {
				text += fmt.Sprintf(`\u%04x`, unit)
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
	for h := range 0x7c00 {
		exp, frac := h>>10, float64(h&1023)
		v := math.Ldexp(frac, -24)
		if exp > 0 {
			v = math.Ldexp(1024+frac, exp-25)
		}
		if v == f {
			return []byte{0xf9, byte(h >> 8), byte(h)}
		}
	}
	if s := float32(f); float64(s) == f {
		return binary.BigEndian.AppendUint32([]byte{0xfa}, math.Float32bits(s))
	}
	return binary.BigEndian.AppendUint64([]byte{0xfb}, math.Float64bits(f))
}

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
		if major != 7 && !bytes.Equal(head(major, n), known[:size]) {
			fail("has a shorter form")
		}
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
			if token {
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
			if level > 64 {
				fail("too deep")
			}
			level++
			prev, weak, token = nil, false, n == 21
			if len(known) == 0 {
				inner := d.symbolic(model, nil, false, token, level)
				return &node{item: append(item, inner.item...)}
			}
			continue
		}
		return &node{item: item}
	}
}

func (d *reference) arrayOf(n int, item []byte, model int, prev *node, weak bool, level int) *node {
	if level > 64 {
		fail("too deep")
	}
	tagged := item[0]>>5 == 6
	out := &node{array: !tagged}
	for i := range n {
		var x *node
		switch {
		case prev != nil && prev.array && i < len(prev.elems):
			x = d.valueOf(model, prev.elems[i], weak, level+1)
		case i > 0:
			x = d.valueOf(model, out.elems[i-1], false, level+1)
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
	if level > 64 {
		fail("too deep")
	}
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
			valueModel = model
		}
		var x *node
		switch {
		case same != nil:
			x = d.valueOf(valueModel, same.vals[i], weak, level+1)
		case number:
			x = d.valueOf(valueModel, numbered, true, level+1)
			numbered = x
		default:
			x = d.valueOf(valueModel, nil, false, level+1)
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
		case major == 0:
			if step, ok := d.plainNumber(2); ok {
				if step == 0 || n+step < n {
					fail("too great")
				}
				return d.made(head(0, n+step))
			}
		case major == 3 && n >= 10:
			code = 3
		case major == 3 && n >= 6:
			code = 2
		case major == 3 && n >= 1:
			code = 1
		}
	}
	if d.json > 0 {
		code = 4
	}
	switch s := d.symbol(d.key[code]); s {
	case 0:
		text := d.textOf(2)
		return append(head(3, uint64(len(text))), text...)
	case 1:
		return d.valueOf(0, nil, false, level+1).item
	case 2:
		n, ok := d.plainNumber(3)
		if !ok {
			fail("no number")
		}
		text := strconv.FormatUint(n, 10)
		return d.made(append(head(3, uint64(len(text))), text...))
	default:
		key := d.Keys[s-3].Key
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
	return model, known
}

func isNumberKey(key []byte) bool {
	major, _, size := parseHead(key)
	return major == 0 || major == 3 && len(key) > size && strings.Trim(string(key[size:]), "0123456789") == ""
}

// textOf reads a text.
func (d *reference) textOf(book int) string {
	text := ""
	for {
		b, c := 0, 0
		if len(text) > 0 {
			c = byteClass(text[len(text)-1])
		}
		if len(text) > 1 {
			b = byteClass(text[len(text)-2])
		}
		more := ""
		switch s := d.symbol(d.text[d.Contexts[book][16*b+c]]); {
		case s < 256:
			more = string([]byte{byte(s)})
		case s == 256:
			return text
		case s == 257:
			more = string([]byte{byte(d.number(8))})
		case s < 271:
			more = d.formOf(s)
		default:
			more = d.Phrases[s-271]
		}
		text += string(d.made([]byte(more)))
	}
}

// formOf reads what a symbol of text from 258 to 270 stands for.
func (d *reference) formOf(symbol int) string {
	switch symbol {
	case 258:
		return fmt.Sprintf("%08x-%04x-%04x-%04x-%04x%08x", d.number(32), d.number(16), d.number(16), d.number(16), d.number(16), d.number(32))
	case 259:
		return strings.ToUpper(d.formOf(258))
	case 260:
		return time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(d.number(13))).Format("2006-01-02")
	case 261:
		return d.clock()
	case 262, 263:
		b := make([]byte, 6+d.lengthOf(7+symbol-262))
		d.made(b)
		for i := range b {
			b[i] = byte(d.number(8))
		}
		encoding := base64.URLEncoding
		if symbol == 263 {
			encoding = base64.StdEncoding
		}
		if len(b)%3 == 0 {
			fail("not padded")
		}
		return encoding.EncodeToString(b)
	}
	a := d.Alphabets[symbol-264]
	left := a.Least + d.lengthOf(symbol-264)
	base := big.NewInt(int64(len(a.Chars)))
	// As many characters at a time as a number of 63 bits has room for.
	group := 0
	for n := big.NewInt(1); n.BitLen() <= 63 || n.BitLen() == 64 && n.TrailingZeroBits() == 63; n.Mul(n, base) {
		group++
	}
	group--
	text := ""
	for left > 0 {
		k := min(left, group)
		most := new(big.Int).Exp(base, big.NewInt(int64(k)), nil)
		v := new(big.Int).SetUint64(d.number(new(big.Int).Sub(most, big.NewInt(1)).BitLen()))
		if v.Cmp(most) >= 0 {
			fail("beyond the last group")
		}
		part := make([]byte, k)
		for i := k - 1; i >= 0; i-- {
			digit := new(big.Int)
			v.DivMod(v, base, digit)
			part[i] = a.Chars[digit.Int64()]
		}
		text += string(part)
		left -= k
	}
	return text
}

// lengthOf reads a length beyond the least.
func (d *reference) lengthOf(code int) int {
	n := d.symbol(d.length[code])
	if n == 63 {
		n += int(d.number(12))
	}
	return n
}

func (d *reference) clock() string {
	s := d.number(17)
	if s >= 24*60*60 {
		fail("no time of day")
	}
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func (d *reference) timeOf(form int) string {
	f := d.Times[form]
	text := d.formOf(260) + f.Separator + d.clock()
	switch f.Decimals {
	case 3:
		n := d.number(10)
		if n > 999 {
			fail("no milliseconds")
		}
		text += fmt.Sprintf(".%03d", n)
	case 6:
		n := d.number(20)
		if n > 999999 {
			fail("no microseconds")
		}
		text += fmt.Sprintf(".%06d", n)
	}
	if f.Zulu {
		text += "Z"
	}
	if f.Offset {
		quarters := d.number(6)
		text += fmt.Sprintf("%s%02d:%02d", "+-"[d.number(1):][:1], quarters/4, quarters%4*15)
	}
	return text
}

func (d *reference) bcrypt() string {
	letter, hash, cost := d.number(2), d.number(1), d.number(5)
	if letter > 2 || cost < 4 {
		fail("no bcrypt")
	}
	sextets := func(bytes int) string {
		b := make([]byte, bytes)
		for i := range b {
			b[i] = byte(d.number(8))
		}
		return base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding).EncodeToString(b)
	}
	text := fmt.Sprintf("$2%c$%02d$%s", "aby"[letter], cost, sextets(16))
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
	case b == ' ':
		return 4
	case strings.IndexByte("/=?&%", b) >= 0:
		return 5
	case strings.IndexByte("-_.:@+", b) >= 0:
		return 6
	case b < 0x80:
		return 7
	case b < 0xc0:
		return 8
	case b < 0xcd:
		return 9
	case b < 0xd0:
		return 10
	case b < 0xd5:
		return 11
	case b < 0xd8:
		return 12
	case b < 0xe0:
		return 13
	case b < 0xe2:
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
