package pack

import (
	"math/bits"
	"slices"
	"strings"
	"time"

	"example.com/cookiesession/internal/pack/form"
)

// A run is what the symbols for characters of one alphabet need to know.
type run struct {
	chars string
	least int
	value [256]uint8 // of each character
	group int        // how many characters are written as one number
	bits  []uint8    // of a number of so many characters, up to a group

	// For divide:
	inverse uint64
	shift   uint8
}

// runs are those of form.Alphabets.
var runs = func() (rs []run) {
	for _, a := range form.Alphabets {
		r := run{chars: a.Chars, least: a.Least, bits: []uint8{0}}
		r.shift = uint8(bits.Len(uint(len(a.Chars)-1)) - 1)
		r.inverse, _ = bits.Div64(1<<r.shift, 0, uint64(len(a.Chars)))
		r.inverse++ // rounded up, it is exact enough for 63 bits
		for i, c := range []byte(a.Chars) {
			r.value[c] = uint8(i)
		}
		for n, k := uint64(1), uint64(len(a.Chars)); n <= 1<<63/k; {
			n *= k
			r.group++
			r.bits = append(r.bits, uint8(bits.Len64(n-1)))
		}
		rs = append(rs, r)
	}
	return rs
}()

// size returns how many bits n characters take.
func (r *run) size(n int) int {
	size := 0
	for ; n > r.group; n -= r.group { // twice, or so: faster than a division
		size += int(r.bits[r.group])
	}
	return size + int(r.bits[n])
}

// alphabets has a bit for each alphabet that a character is in.
var alphabets = func() (masks [256]uint8) {
	for i, a := range form.Alphabets {
		for _, c := range []byte(a.Chars) {
			masks[c] |= 1 << i
		}
	}
	return masks
}()

// hexBytes are the alphabets of the two kinds of UUID.
var uuidAlphabets = [...]int{form.Hex, form.UpperHex}

// isUUID reports whether s begins with a UUID in the digits of an alphabet.
func isUUID(s []byte, alphabet int) bool {
	if len(s) < form.UUIDLen {
		return false
	}
	for i, c := range s[:form.UUIDLen] {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if alphabets[c]>>alphabet&1 == 0 {
			return false
		}
	}
	return true
}

// digits returns the number that n digits at the beginning of s are.
func digits(s []byte, n int) (v int, ok bool) {
	if len(s) < n {
		return 0, false
	}
	for _, c := range s[:n] {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = 10*v + int(c-'0')
	}
	return v, true
}

func appendDigits(dst []byte, v, n int) []byte {
	at := len(dst)
	for range n {
		dst = append(dst, '0')
	}
	for i := at + n - 1; i >= at; i-- {
		dst[i] += byte(v % 10)
		v /= 10
	}
	return dst
}

const dayZero = 15340 // 2012-01-01, in days since 1970

// dateAt returns the day that s begins with, as 2006-01-02, counted from
// dayZero.
func dateAt(s []byte) (day int, ok bool) {
	if len(s) < form.DateLen || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	y, ok1 := digits(s, 4)
	m, ok2 := digits(s[5:], 2)
	d, ok3 := digits(s[8:], 2)
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	day = int(t.Unix()/86400) - dayZero
	return day, t.Day() == d && day >= 0 && day < 1<<form.DateBits
}

func appendDate(dst []byte, day int) []byte {
	y, m, d := time.Unix(int64(day+dayZero)*86400, 0).UTC().Date()
	dst = append(appendDigits(dst, y, 4), '-')
	return appendDigits(append(appendDigits(dst, int(m), 2), '-'), d, 2)
}

// clockAt returns the second of the day that s begins with, as 15:04:05.
func clockAt(s []byte) (second int, ok bool) {
	if len(s) < form.ClockLen || s[2] != ':' || s[5] != ':' {
		return 0, false
	}
	h, ok1 := digits(s, 2)
	m, ok2 := digits(s[3:], 2)
	sec, ok3 := digits(s[6:], 2)
	return h*3600 + m*60 + sec, ok1 && ok2 && ok3 && h < 24 && m < 60 && sec < 60
}

func appendClock(dst []byte, second int) []byte {
	dst = append(appendDigits(dst, second/3600, 2), ':')
	dst = append(appendDigits(dst, second/60%60, 2), ':')
	return appendDigits(dst, second%60, 2)
}

// paddedAt returns how many characters of padded base64 s begins with, where so
// many of them are of the alphabet, and how many bytes they are.
func paddedAt(s []byte, n int, r *run) (length, size int, ok bool) {
	pad := (4 - n%4) % 4
	if pad == 0 || pad == 3 || len(s) < n+pad || string(s[n:n+pad]) != "=="[:pad] || n*6/8 < form.PaddedLeast {
		return 0, 0, false
	}
	unused := uint8(1)<<(2*pad) - 1
	return n + pad, n * 6 / 8, r.value[s[n-1]]&unused == 0
}

// payload writes what follows a symbol that stands for part of a text.
func (e *encoder) payload(symbol int, part []byte) {
	switch symbol {
	case form.Escape:
		e.w.write(uint64(part[0]), 8)
	case form.UUID, form.UpperUUID:
		r := &runs[uuidAlphabets[symbol-form.UUID]]
		for _, c := range part {
			if c != '-' {
				e.w.write(uint64(r.value[c]), 4)
			}
		}
	case form.Date:
		day, _ := dateAt(part)
		e.w.write(uint64(day), form.DateBits)
	case form.Clock:
		second, _ := clockAt(part)
		e.w.write(uint64(second), form.ClockBits)
	case form.Padded, form.PaddedStd:
		k := symbol - form.Padded
		n := len(part) - strings.Count(string(part[len(part)-2:]), "=")
		size := n * 6 / 8
		e.length(len(runs)+k, size-form.PaddedLeast)
		e.sextets(part[:n], size*8, &runs[k])
	default:
		if symbol < form.Run || symbol >= form.Phrase {
			return // a byte or a phrase
		}
		r := &runs[symbol-form.Run]
		e.length(symbol-form.Run, len(part)-r.least)
		for len(part) > 0 {
			k := min(len(part), r.group)
			v := uint64(0)
			for _, c := range part[:k] {
				v = v*uint64(len(r.chars)) + uint64(r.value[c])
			}
			e.w.write64(v, uint(r.bits[k]))
			part = part[k:]
		}
	}
}

// sextets writes characters of base64 that stand for so many bits.
func (e *encoder) sextets(part []byte, left int, r *run) {
	for _, c := range part {
		k := min(left, 6)
		e.w.write(uint64(r.value[c]>>(6-k)), uint(k))
		left -= k
	}
}

// length writes a length beyond the least.
func (e *encoder) length(code, n int) {
	e.code(e.tables.lengthCodes[code][min(n, form.LongRun)])
	if n >= form.LongRun {
		e.w.write(uint64(n-form.LongRun), form.LongRunBits)
	}
}

// payload reads what follows a symbol that stands for part of a text.
func (d *decoder) payload(symbol int) error {
	switch symbol {
	case form.Escape:
		d.dst = append(d.dst, byte(d.r.read(8)))
	case form.UUID, form.UpperUUID:
		r := &runs[uuidAlphabets[symbol-form.UUID]]
		for i, n := range [...]int{8, 4, 4, 4, 12} {
			if i > 0 {
				d.dst = append(d.dst, '-')
			}
			d.digits(r, n)
		}
	case form.Date:
		d.dst = appendDate(d.dst, int(d.r.read(form.DateBits)))
	case form.Clock:
		return d.clock()
	case form.Padded, form.PaddedStd:
		k := symbol - form.Padded
		size := form.PaddedLeast + d.length(len(runs)+k)
		if size%3 == 0 {
			return errSymbol
		}
		d.sextets(size*8, runs[k].chars)
		d.dst = append(d.dst, "=="[:(3-size%3)%3]...)
	default:
		r := &runs[symbol-form.Run]
		left := r.least + d.length(symbol-form.Run)
		for left > 0 && d.check() == nil {
			k := min(left, r.group)
			if !d.digits(r, k) {
				return errSymbol
			}
			left -= k
		}
	}
	return nil
}

// digits appends k characters of an alphabet, which are one number, of at most
// a group. It reports whether the number has no more digits.
func (d *decoder) digits(r *run, k int) bool {
	v, chars := d.r.read64(uint(r.bits[k])), r.chars
	at := len(d.dst)
	d.dst = slices.Grow(d.dst, k)[:at+k]
	out := d.dst[at:]
	for i := len(out) - 1; i >= 0; i-- {
		q := r.divide(v)
		out[i] = chars[v-q*uint64(len(chars))]
		v = q
	}
	return v == 0
}

// divide divides v, which is less than 1<<63, by the number of characters. The
// processor's own division takes three times as long.
func (r *run) divide(v uint64) uint64 {
	q, _ := bits.Mul64(v, r.inverse)
	return q >> r.shift
}

func (d *decoder) clock() error {
	second := int(d.r.read(form.ClockBits))
	if second >= 86400 {
		return errSymbol
	}
	d.dst = appendClock(d.dst, second)
	return nil
}

// sextets appends the characters of base64 that stand for so many bits.
func (d *decoder) sextets(left int, chars string) {
	for left > 0 && d.check() == nil {
		n := min(left, 54) // of a word
		w := d.r.peek() >> (64 - n) << (64 - n)
		d.r.pos += n
		left -= n
		for ; n > 0; n -= 6 {
			d.dst = append(d.dst, chars[w>>58])
			w <<= 6
		}
	}
}

func (d *decoder) length(code int) int {
	n := int(d.code(&d.tables.lengths[code], &d.tables.Length[code]))
	d.noteLength(code, n)
	if n == form.LongRun {
		n += int(d.r.read(form.LongRunBits))
	}
	return n
}

// A whole is a form that a whole text has.
type whole struct {
	code   uint16
	kind   uint8
	symbol int // of text, or the number of a time form
	bits   int // the code's included
}

// wholeForm returns the cheapest form of a whole text, if it has one.
func (e *encoder) wholeForm(s []byte, model uint8) (best whole, ok bool) {
	if len(s) < 4 || len(s) > pieceSize {
		return whole{}, false
	}
	m := &e.tables.models[model]
	best.bits = 1 << 30
	try := func(code uint16, kind uint8, symbol, bits int) {
		if bits += int(code & 15); code != 0 && bits < best.bits {
			best, ok = whole{code, kind, symbol, bits}, true
		}
	}
	mask := uint8(1<<len(runs) - 1)
	for _, c := range s {
		if mask &= alphabets[c]; mask == 0 {
			break
		}
	}
	for ; mask != 0; mask &= mask - 1 {
		k := bits.TrailingZeros8(mask)
		if len(s) >= runs[k].least {
			try(m.forms[form.Run+k-form.UUID], form.Form, form.Run+k, e.tables.runBits(k, len(s)))
		}
	}
	switch last := s[len(s)-1]; {
	case last == '=':
		n := len(s) - 1
		if s[n-1] == '=' {
			n--
		}
		for k := range 2 {
			if size := e.tables.paddedBits(s, n, k); size > 0 && allIn(s[:n], k) {
				try(m.forms[form.Padded+k-form.UUID], form.Form, form.Padded+k, size)
			}
		}
	case len(s) == form.UUIDLen:
		for k, alphabet := range uuidAlphabets {
			if isUUID(s, alphabet) {
				try(m.forms[k], form.Form, form.UUID+k, 128)
			}
		}
	case s[0] == '$':
		if n := bcryptBits(s); n > 0 {
			try(m.bcrypt, form.Bcrypt, 0, n)
		}
	}
	if s[2] == ':' && len(s) == form.ClockLen {
		if _, ok := clockAt(s); ok {
			try(m.forms[form.Clock-form.UUID], form.Form, form.Clock, form.ClockBits)
		}
	}
	if len(s) >= form.DateLen && s[4] == '-' {
		if _, ok := dateAt(s); ok && len(s) == form.DateLen {
			try(m.forms[form.Date-form.UUID], form.Form, form.Date, form.DateBits)
		} else if ok {
			for i := range form.TimeForms {
				if _, bits, ok := timeOf(s, &form.TimeForms[i]); ok {
					try(m.times[i], form.Time, i, form.DateBits+form.ClockBits+bits)
				}
			}
		}
	}
	return best, ok
}

// allIn reports whether all characters are of an alphabet.
func allIn(s []byte, alphabet int) bool {
	for _, c := range s {
		if alphabets[c]>>alphabet&1 == 0 {
			return false
		}
	}
	return true
}

// runBits returns what n characters of an alphabet, which are enough for a run,
// take after their symbol.
func (t *tables) runBits(alphabet, n int) int {
	r := &runs[alphabet]
	return t.lengthBits(alphabet, n-r.least) + r.size(n)
}

// paddedBits returns what padded base64 takes after its symbol, which s begins
// with: n characters of an alphabet, and more. 0 means that there is none.
func (t *tables) paddedBits(s []byte, n, alphabet int) int {
	length, size, ok := paddedAt(s, n, &runs[alphabet])
	if !ok || length > pieceSize {
		return 0
	}
	return t.lengthBits(len(runs)+alphabet, size-form.PaddedLeast) + 8*size
}

// lengthBits returns what a length beyond the least takes.
func (t *tables) lengthBits(code, n int) int {
	if n >= form.LongRun {
		return int(t.lengthCodes[code][form.LongRun]&15) + form.LongRunBits
	}
	return int(t.lengthCodes[code][n] & 15)
}

// form writes a whole text.
func (e *encoder) form(s []byte, f whole) {
	e.code(f.code)
	switch f.kind {
	case form.Form:
		e.payload(f.symbol, s)
	case form.Time:
		day, _ := dateAt(s)
		second, _ := clockAt(s[form.DateLen+1:])
		rest, bits, _ := timeOf(s, &form.TimeForms[f.symbol])
		e.w.write(uint64(day), form.DateBits)
		e.w.write(uint64(second), form.ClockBits)
		e.w.write(uint64(rest), uint(bits))
	case form.Bcrypt:
		e.bcrypt(s)
	default:
		panic("pack: internal error: unknown form")
	}
}

// timeOf reports whether a text that begins with a date has a time form, and
// what follows the time of day: so many bits of rest.
func timeOf(s []byte, f *form.TimeForm) (rest, bits int, ok bool) {
	if len(s) < form.DateLen+1+form.ClockLen || s[form.DateLen] != f.Separator {
		return 0, 0, false
	}
	if _, ok := clockAt(s[form.DateLen+1:]); !ok {
		return 0, 0, false
	}
	end := s[form.DateLen+1+form.ClockLen:]
	if f.Decimals > 0 {
		if len(end) < 1+f.Decimals || end[0] != '.' {
			return 0, 0, false
		}
		if rest, ok = digits(end[1:], f.Decimals); !ok {
			return 0, 0, false
		}
		bits = decimalBits(f.Decimals)
		end = end[1+f.Decimals:]
	}
	switch {
	case f.Zulu:
		return rest, bits, string(end) == "Z"
	case !f.Offset:
		return rest, bits, len(end) == 0
	}
	if len(end) != 6 || end[0] != '+' && end[0] != '-' || end[3] != ':' {
		return 0, 0, false
	}
	h, ok1 := digits(end[1:], 2)
	m, ok2 := digits(end[4:], 2)
	if !ok1 || !ok2 || h > 15 || m%15 != 0 || m > 45 {
		return 0, 0, false
	}
	rest = (4*h + m/15) << 1
	if end[0] == '-' {
		rest++
	}
	return rest, 7, true
}

func decimalBits(n int) int {
	if n == 3 {
		return 10
	}
	return 20
}

// time reads a text in a time form.
func (d *decoder) time(f *form.TimeForm) error {
	d.dst = appendDate(d.dst, int(d.r.read(form.DateBits)))
	d.dst = append(d.dst, f.Separator)
	if err := d.clock(); err != nil {
		return err
	}
	if f.Decimals > 0 {
		v := int(d.r.read(uint(decimalBits(f.Decimals))))
		if v >= 1000 && f.Decimals == 3 || v >= 1000000 {
			return errSymbol
		}
		d.dst = appendDigits(append(d.dst, '.'), v, f.Decimals)
	}
	switch {
	case f.Zulu:
		d.dst = append(d.dst, 'Z')
	case f.Offset:
		quarters, sign := int(d.r.read(6)), byte('+')
		if d.r.read(1) == 1 {
			sign = '-'
		}
		d.dst = append(appendDigits(append(d.dst, sign), quarters/4, 2), ':')
		d.dst = appendDigits(d.dst, quarters%4*15, 2)
	}
	return nil
}

// Lengths of what bcrypt makes, and of its parts.
const (
	bcryptHead = len("$2b$10$")
	bcryptSalt = bcryptHead + 22 // 16 bytes
	bcryptHash = bcryptSalt + 31 // and 23
	saltBits   = 128
	hashBits   = 184
)

var bcryptRun = func() (r run) {
	r.chars = form.BcryptAlphabet
	for i, c := range []byte(r.chars) {
		r.value[c] = uint8(i)
	}
	return r
}()

const bcryptLetters = "aby"

// bcryptBits returns what a text of bcrypt takes, and 0 if s is none.
func bcryptBits(s []byte) int {
	if len(s) != bcryptSalt && len(s) != bcryptHash || s[1] != '2' || strings.IndexByte(bcryptLetters, s[2]) < 0 || s[3] != '$' || s[6] != '$' {
		return 0
	}
	if cost, ok := digits(s[4:], 2); !ok || cost < 4 || cost > 31 {
		return 0
	}
	for _, c := range s[bcryptHead:] {
		if strings.IndexByte(form.BcryptAlphabet, c) < 0 {
			return 0
		}
	}
	const head = 2 + 1 + 5
	switch {
	case bcryptRun.value[s[bcryptSalt-1]]&15 != 0:
		return 0
	case len(s) == bcryptSalt:
		return head + saltBits
	case bcryptRun.value[s[bcryptHash-1]]&3 != 0:
		return 0
	}
	return head + saltBits + hashBits
}

func (e *encoder) bcrypt(s []byte) {
	cost, _ := digits(s[4:], 2)
	e.w.write(uint64(strings.IndexByte(bcryptLetters, s[2])), 2)
	e.flag(len(s) == bcryptHash)
	e.w.write(uint64(cost), 5)
	e.sextets(s[bcryptHead:bcryptSalt], saltBits, &bcryptRun)
	if len(s) == bcryptHash {
		e.sextets(s[bcryptSalt:], hashBits, &bcryptRun)
	}
}

func (d *decoder) bcrypt() error {
	letter, hash, cost := int(d.r.read(2)), d.r.read(1) == 1, int(d.r.read(5))
	if letter >= len(bcryptLetters) || cost < 4 {
		return errSymbol
	}
	d.dst = append(appendDigits(append(d.dst, '$', '2', bcryptLetters[letter], '$'), cost, 2), '$')
	d.sextets(saltBits, form.BcryptAlphabet)
	if hash {
		d.sextets(hashBits, form.BcryptAlphabet)
	}
	return nil
}
