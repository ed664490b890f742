package cookiesession_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"

	"example.com/cookiesession/internal/value"
)

var base64url = base64.RawURLEncoding.Strict()

// items has bodies of CBOR, not packed.
func (m *vectorMaker) items() {
	nested := func(open string, n int, inner string) string { return strings.Repeat(open, n) + inner }
	for _, row := range []struct{ comment, item string }{
		{"null", "f6"},
		{"false", "f4"},
		{"an empty text", "60"},
		{"an empty byte string", "40"},
		{"an empty array", "80"},
		{"23, in one byte", "17"},
		{"24, in two", "1818"},
		{"255, in two", "18ff"},
		{"256, in three", "190100"},
		{"65535, in three", "19ffff"},
		{"65536, in five", "1a00010000"},
		{"2^32-1, in five", "1affffffff"},
		{"2^32, in nine", "1b0000000100000000"},
		{"2^53+1, which no double holds", "1b0020000000000001"},
		{"2^63-1", "1b7fffffffffffffff"},
		{"2^63", "1b8000000000000000"},
		{"2^64-1", "1bffffffffffffffff"},
		{"-2^63, the least integer", "3b7fffffffffffffff"},
		{"NaN", "f97e00"},
		{"infinity", "f97c00"},
		{"-infinity", "f9fc00"},
		{"-0.0", "f98000"},
		{"the least float of 16 bits", "f90001"},
		{"the greatest float of 16 bits that is subnormal", "f903ff"},
		{"the greatest float of 16 bits", "f97bff"},
		{"a float of 32 bits just above it", "fa477fe100"},
		{"half of the least float of 16 bits", "fa33000000"},
		{"a float of 32 bits, a little more than the least of 16", "fa33800001"},
		{"the least float of 32 bits", "fa00000001"},
		{"the greatest float of 32 bits", "fa7f7fffff"},
		{"twice the greatest float of 32 bits", "fb47ffffffe0000000"},
		{"half of the least float of 32 bits", "fb3680000000000000"},
		{"the least float of 64 bits", "fb0000000000000001"},
		{"a text with a byte order mark, which stays", "64efbbbf61"},
		{"a text with NUL", "63610062"},
		{"a text with U+FFFF, which is no character", "63efbfbf"},
		{"a text with U+10FFFF, the last one", "64f48fbfbf"},
		{"a text with U+FFFD", "63efbfbd"},
		{"64 arrays in each other", nested("81", 63, "80")},
		{"63 arrays and a map", nested("81", 63, "a0")},
		{"64 arrays, and an integer in the last", nested("81", 64, "01")},
		{"63 arrays, and a tag in the last", nested("81", 63, "d74161")},
		{"62 arrays, and a registered type in the last", nested("81", 62, "d99673826161f5")},
		{"64 maps in each other", nested("a16161", 63, "a0")},
		{"{1: 0, -1: 0, h'61': 0, \"a\": 0}: keys are ordered by their bytes", "a4" + "0100" + "2000" + "416100" + "616100"},
		{"keys are ordered as bytes, the shorter one first", "a3" + "617a01" + "62616102" + "62616203"},
		{"keys that are integers above 23 come after those in one byte", "a3" + "1700" + "181800" + "19010000"},
		{"1, 1.0 and \"1\" are three keys", "a3" + "0101" + "613102" + "f93c0003"},
		{"a text that could be hexadecimal", "686465616462656566"},
		{"a text that could be a UUID", "7824" + hex.EncodeToString([]byte("550e8400-e29b-41d4-a716-446655440000"))},
	} {
		m.item(row.comment, row.item)
	}
	for _, row := range []struct{ comment, item string }{
		{"a head of two bytes for 23", "1817"},
		{"a head of three bytes for 255", "1900ff"},
		{"a head of five bytes for 65535", "1a0000ffff"},
		{"a head of nine bytes for 2^32-1", "1b00000000ffffffff"},
		{"a negative integer whose head is not the shortest", "3817"},
		{"a text whose head is not the shortest", "780161"},
		{"a byte string whose head is not the shortest", "580161"},
		{"an array whose head is not the shortest", "9800"},
		{"a map whose head is not the shortest", "b800"},
		{"a tag whose head is not the shortest", "d81740"},
		{"-2^63-1", "3b8000000000000000"},
		{"-2^64", "3bffffffffffffffff"},
		{"undefined", "f7"},
		{"simple value 0", "e0"},
		{"simple value 19", "f3"},
		{"simple value 32", "f820"},
		{"false in two bytes", "f814"},
		{"NaN with a payload", "f97e01"},
		{"NaN with its sign", "f9fe00"},
		{"a signaling NaN", "f97c01"},
		{"NaN in 32 bits", "fa7fc00000"},
		{"NaN in 64 bits", "fb7ff8000000000000"},
		{"infinity in 32 bits", "fa7f800000"},
		{"infinity in 64 bits", "fb7ff0000000000000"},
		{"-0.0 in 32 bits", "fa80000000"},
		{"1.5 in 32 bits", "fa3fc00000"},
		{"1.5 in 64 bits", "fb3ff8000000000000"},
		{"0.1 as a float of 32 bits, in 64 bits", "fb3fb99999a0000000"},
		{"the least float of 16 bits, in 32", "fa33800000"},
		{"the least float of 32 bits, in 64", "fb36a0000000000000"},
		{"a reserved head, 28", "1c"},
		{"a reserved head, 30", "5e"},
		{"an array of no given length", "9f01ff"},
		{"a text of no given length", "7f6161ff"},
		{"a map of no given length", "bfff"},
		{"a break", "ff"},
		{"a text that is not UTF-8", "61ff"},
		{"a text with half of a surrogate pair", "63eda080"},
		{"a text with a surrogate pair, as of CESU-8", "66eda0bdedb880"},
		{"a text that is cut off inside of a character", "62e282"},
		{"a text with an overlong form", "62c080"},
		{"a text above U+10FFFF", "64f4908080"},
		{"bytes after the item", "0000"},
		{"an integer that is cut off", "19ff"},
		{"a text that is cut off", "6261"},
		{"an array that is cut off", "8201"},
		{"a map that is cut off after a key", "a16161"},
		{"a tag without content", "d7"},
		{"an array of 2^64-1 elements", "9bffffffffffffffff"},
		{"an array of 2^32 elements", "9b000000010000000001"},
		{"a text of 2^63 bytes", "7b800000000000000061"},
		{"a map of 2^63 entries", "bb80000000000000000000"},
		{"a byte string of 2^32+1 bytes, which is 1 in 32 bits", "5b000000010000000161"},
		{"65 arrays in each other", nested("81", 64, "80")},
		{"64 arrays, and a map in the last", nested("81", 64, "a0")},
		{"64 arrays, and a tag in the last", nested("81", 64, "d74161")},
		{"63 arrays, and a registered type in the last", nested("81", 63, "d99673826161f5")},
		{"65 maps in each other", nested("a16161", 64, "a0")},
		{"a key twice", "a2616101616102"},
		{"keys out of order", "a2616201616101"},
		{"keys in order of the text, but a longer one first", "a2" + "62616101" + "616202"},
		{"a negative integer before an integer as keys", "a220000100"},
		{"a text before an integer as keys", "a2" + "616100" + "0100"},
		{"keys out of order in a map inside", "81a2616201616101"},
		{"an array as a key", "a18001"},
		{"a map as a key", "a1a001"},
		{"NaN as a key", "a1f97e0001"},
		{"0.0 and -0.0 as keys", "a2f9000001f9800002"},
	} {
		m.item(row.comment, row.item, invalid)
	}
}

// tags has what stands under a tag, and what may not.
func (m *vectorMaker) tags() {
	text := func(s string) string { return hex.EncodeToString([]byte(s)) }
	for _, row := range []struct{ comment, item string }{
		{"tag 37: any 16 bytes are a UUID", "d82550" + strings.Repeat("ff", 16)},
		{"tag 23: no byte, the empty text", "d740"},
		{"tag 23: one byte", "d74161"},
		{"tag 21: no byte, the empty text", "d540"},
		{"tag 21: one byte", "d54161"},
		{"tag 21: two parts, one of them empty", "d582416140"},
		{"tag 21: three parts that are empty", "d583404040"},
		{"tag 38517: 1970", "d9967500"},
		{"tag 38517: a millisecond before", "d9967520"},
		{"tag 38517: the last millisecond of the year 9999", "d996751b0000e677d21fdbff"},
		{"tag 38517: the first millisecond of the year 0", "d996753b0000388a6f045fff"},
		{"tag 38516: a byte that is not UTF-8", "d9967441ff"},
		{"tag 1: the first second of the year 1", "c13b0000000e7791f6ff"},
		{"tag 1: the last second of the year 9999", "c11b0000003afff4417f"},
		{"tag 38518: a nanosecond", "d99676820001"},
		{"tag 38518: 999,999,999 nanoseconds", "d9967682201a3b9ac9ff"},
		{"tag 38515: a name that nobody knows, over any value", "d99673826161a1616101"},
		{"tag 38515: what is under a name that nobody knows may have any tag", "d9967382616182c200d996b200"},
		{"tag 38551: a second east of UTC, no nanoseconds", "d9969783000001"},
		{"tag 38551: a second less than a day to the west", "d99697830000" + "3a0001517e"},
		{"tag 38529: a float of 32 bits", "d99681fa3dcccccd"},
		{"tag 38529: NaN", "d99681f97e00"},
		{"tag 38535: no entries", "d99687a0"},
		{"tag 38535: a key that is a text", "d99687a1616101"},
		{"tag 38531: texts of each form", "d9968387" + "6161" + "d82550" + strings.Repeat("01", 16) + "d74161" + "d54161" + "d582416140" + "d9967500" + "d9967441ff"},
		{"tag 38533: values of more than one form", "d99685a2" + "6161d74161" + "6162d9967441ff"},
	} {
		m.item(row.comment, row.item)
	}
	for _, row := range []struct{ comment, item string }{
		{"tag 0, a time as text", "c0" + "74" + text("2013-03-21T20:04:00Z")},
		{"tag 2, an integer of any size", "c24101"},
		{"tag 22, base64", "d64161"},
		{"tag 38514, the one before the private block", "d9967200"},
		{"tag 38579, the one after the private block", "d996b300"},
		{"tag 2^64-1", "dbffffffffffffffff00"},
		{"tag 55799, self-described CBOR", "d9d9f700"},
		{"tag 37 over 15 bytes", "d8254f" + strings.Repeat("11", 15)},
		{"tag 37 over 17 bytes", "d82551" + strings.Repeat("11", 17)},
		{"tag 37 over a text", "d8256161"},
		{"tag 37 over a text of 16 bytes", "d82570" + text("0123456789abcdef")},
		{"tag 37 over tag 37", "d825d82550" + strings.Repeat("11", 16)},
		{"tag 23 over a text", "d7626162"},
		{"tag 23 over an array", "d7824161" + "4161"},
		{"tag 21 over no part", "d580"},
		{"tag 21 over one part", "d5814161"},
		{"tag 21 over a text", "d56161"},
		{"tag 21 over parts that are texts", "d58261616161"},
		{"tag 21 over an array in an array", "d582814161" + "4161"},
		{"tag 21 over an integer", "d500"},
		{"tag 21 over tag 23", "d5d74161"},
		{"tag 38517: a millisecond after the year 9999", "d996751b0000e677d21fdc00"},
		{"tag 38517: a millisecond before the year 0", "d996753b0000388a6f046000"},
		{"tag 38517: 2^63-1", "d996751b7fffffffffffffff"},
		{"tag 38517: 2^63", "d996751b8000000000000000"},
		{"tag 38517: -2^63", "d996753b7fffffffffffffff"},
		{"tag 38517 over a float", "d99675f93c00"},
		{"tag 38517 over a text", "d996756161"},
		{"tag 38516 over UTF-8", "d996744161"},
		{"tag 38516 over no byte, which is UTF-8", "d9967440"},
		{"tag 38516 over a text", "d996746161"},
		{"tag 38516 over an array", "d996748141ff"},
		{"tag 1: a second before the year 1", "c13b0000000e7791f700"},
		{"tag 1: a second after the year 9999", "c11b0000003afff44180"},
		{"tag 1 over a float", "c1f93c00"},
		{"tag 1 over a text", "c16131"},
		{"tag 38518: no nanoseconds", "d99676820000"},
		{"tag 38518: 10^9 nanoseconds", "d9967682001a3b9aca00"},
		{"tag 38518: negative nanoseconds", "d99676820020"},
		{"tag 38518: a second before the year 1", "d9967682" + "3b0000000e7791f700" + "01"},
		{"tag 38518: one element", "d996768101"},
		{"tag 38518: three elements", "d9967683000101"},
		{"tag 38518: nanoseconds that are a float", "d996768200f93c00"},
		{"tag 38551: UTC", "d9969783000000"},
		{"tag 38551: a day to the east", "d99697830000" + "1a00015180"},
		{"tag 38551: a day to the west", "d99697830000" + "3a0001517f"},
		{"tag 38551: two elements", "d99697820001"},
		{"tag 38551: 10^9 nanoseconds", "d9969783001a3b9aca0001"},
		{"tag 38551: a second after the year 9999", "d9969783" + "1b0000003afff44180" + "0001"},
		{"tag 38515 over an empty name", "d996738260f5"},
		{"tag 38515 over a name that is no text", "d99673824161f5"},
		{"tag 38515 over one element", "d99673816161"},
		{"tag 38515 over three elements", "d99673836161f5f5"},
		{"tag 38515 over a map", "d99673a16161f5"},
		{"tag 38519: 128", "d996771880"},
		{"tag 38519: -129", "d996773880"},
		{"tag 38519 over a float", "d99677f93c00"},
		{"tag 38520: 32768", "d99678198000"},
		{"tag 38521: 2^31", "d996791a80000000"},
		{"tag 38521: -2^31-1", "d996793a80000000"},
		{"tag 38522: 2^63", "d9967a1b8000000000000000"},
		{"tag 38523: -1", "d9967b20"},
		{"tag 38524: 256", "d9967c190100"},
		{"tag 38524: -1", "d9967c20"},
		{"tag 38525: 65536", "d9967d1a00010000"},
		{"tag 38526: 2^32", "d9967e1b0000000100000000"},
		{"tag 38527: 2^63, which has no tag", "d9967f1b8000000000000000"},
		{"tag 38527: -1", "d9967f20"},
		{"tag 38528: -1", "d9968020"},
		{"tag 38529: a float of 64 bits", "d99681fb3fb999999999999a"},
		{"tag 38529 over an integer", "d9968101"},
		{"tag 38530: 2^63", "d996821b8000000000000000"},
		{"tag 38531 over an integer", "d996838101"},
		{"tag 38531 over a byte string", "d99683814161"},
		{"tag 38531 over null in the list", "d9968381f6"},
		{"tag 38532 over a text", "d99684816161"},
		{"tag 38532: 2^63", "d99684811b8000000000000000"},
		{"tag 38533 over an integer as a value", "d99685a1616101"},
		{"tag 38533 over an integer as a key", "d99685a1016161"},
		{"tag 38534 over a text as a value", "d99686a161616161"},
		{"tag 38535 over a key that is an integer", "d99687a10101"},
		{"tag 38535 over a list", "d9968780"},
		{"tag 38536 over an empty byte string", "d9968840"},
		{"tag 38537 over an empty list", "d9968980"},
		{"tag 38538 over an empty map", "d9968aa0"},
		{"tag 38539: 128 in the list", "d9968b811880"},
		{"tag 38540: 32768 in the list", "d9968c81198000"},
		{"tag 38541: 2^31 in the list", "d9968d811a80000000"},
		{"tag 38542: 2^63 in the list", "d9968e811b8000000000000000"},
		{"tag 38543: -1 in the list", "d9968f8120"},
		{"tag 38544: 65536 in the list", "d99690811a00010000"},
		{"tag 38545: 2^32 in the list", "d99691811b0000000100000000"},
		{"tag 38546: -1 in the list", "d996928120"},
		{"tag 38547: -1 in the list", "d996938120"},
		{"tag 38548: a float of 64 bits in the list", "d9969481fb3fb999999999999a"},
		{"tag 38549: an integer in the list", "d996958101"},
		{"tag 38550: null in the list", "d9969681f6"},
		{"tag 38550 over a map", "d99696a0"},
		{"tag 38519 over null", "d99677f6"},
	} {
		m.item(row.comment, row.item, invalid)
	}
	for number := 38552; number <= 38578; number += 13 {
		m.item(fmt.Sprintf("tag %d, which is reserved", number), fmt.Sprintf("d9%04x00", number), newer)
	}
	m.item("a reserved tag in a map in a list", "81a16161d996b280", newer)
}

// mapKeys has each kind of key, not packed.
func (m *vectorMaker) mapKeys() {
	for _, row := range []struct{ comment, key string }{
		{"the empty text", "60"},
		{"2^64-1", "1bffffffffffffffff"},
		{"-2^63", "3b7fffffffffffffff"},
		{"a float", "f93e00"},
		{"-0.0", "f98000"},
		{"infinity", "f97c00"},
		{"null", "f6"},
		{"true", "f5"},
		{"a byte string", "4161"},
		{"tag 1", "c100"},
		{"tag 38515", "d9967382616101"},
		{"tag 38516", "d9967441ff"},
		{"tag 38518", "d99676820001"},
		{"tag 38519", "d9967701"},
		{"tag 38524", "d9967c01"},
		{"tag 38529", "d99681f93e00"},
		{"tag 38530", "d9968201"},
	} {
		m.item("a key: "+row.comment, "a1"+row.key+"01")
	}
	for _, row := range []struct{ comment, key string }{
		{"tag 37", "d82550" + strings.Repeat("11", 16)},
		{"tag 23", "d74161"},
		{"tag 21", "d54161"},
		{"tag 38517", "d9967500"},
		{"tag 38516 over UTF-8", "d996744161"},
		{"tag 38529 over NaN", "d99681f97e00"},
		{"tag 38531", "d9968380"},
		{"tag 38536", "d99688f6"},
		{"tag 38551", "d9969783000001"},
		{"tag 0", "c000"},
	} {
		m.item("a key that is refused: "+row.comment, "a1"+row.key+"01", invalid)
	}
	m.item("keys of each kind in one map", "a9"+"01f6"+"20f6"+"4161f6"+"6161f6"+"c100f6"+"d9967441fff6"+"d9967701f6"+"f5f6"+"f93e00f6")
	m.item("1 and 1 as an int8 are two keys", "a20101d996770102")
	m.item("0.0 and -0.0 under tag 38529 as keys", "a2d99681f9000001d99681f9800002", invalid)
}

// values has what this library writes of values.
func (m *vectorMaker) values() {
	number := func(x any) { m.TB.Helper(); m.value(fmt.Sprintf("value: %v", x), x) }
	for _, n := range []int64{0, 1, 23, 24, 31, 32, 63, 64, 127, 128, 255, 256, 1000, 4095, 4096, 65535, 65536, 1000000, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1767225600, 1767225600123, 1<<53 + 1, math.MaxInt64} {
		number(int(n))
	}
	for _, n := range []int64{-1, -24, -25, -256, -257, -65536, -65537, -1 << 32, -1<<32 - 1, math.MinInt64} {
		number(int(n))
	}
	number(uint64(1 << 63))
	number(uint64(math.MaxUint64))
	for _, f := range []float64{0, 1, 2, 23, 24, 100, 1023, 2048, 2049, 65504, 65505, 1e6, 16777217, 1767225600, 1767225600123, 1<<52 - 1, 1 << 52, 1e20, 1e300} {
		m.value(fmt.Sprintf("a whole number that is a float: %.0f", f), f)
	}
	for _, f := range []float64{0.5, 0.64, 0.65, 0.75, 1.27, 1.28, 19.99, 29.9, 99.95, 327.67, 327.69, 655.33, 655.37, 1e6 + 0.01, -19.99, 0.001, 1.0 / 3, -1, math.Copysign(0, -1), math.Inf(-1), math.SmallestNonzeroFloat64} {
		m.value(fmt.Sprintf("a float: %v", f), f)
	}
	m.value("value: NaN", vlist{math.NaN()})
	m.value("nulls and bools", vlist{nil, nil, true, true, false, nil})
	for _, n := range []int{0, 1, 15, 16, 23, 24, 32, 255, 256, 300} {
		m.value(fmt.Sprintf("%d bytes", n), draw(n, "bytes"))
	}
	m.value("a map with keys of the dictionary", vdoc{"theme": "dark", "locale": "en", "user_id": 1042, "name": "Anna", "email": "anna@example.com", "createdAt": "2024-02-17T21:52:59.723Z"})
	m.value("a map with keys that are not in the dictionary", vdoc{"zq": 1, "zqzq": 2, "zqzqzq": 3, "zqzqzqzqzq": 4, "Straße": 5})
	m.value("a map with keys that are special in JavaScript", vdoc{"__proto__": vdoc{"a": 1}, "constructor": 2, "length": 3, "toString": 4})
	m.value("a map with an empty key", vdoc{"": 1, "a": 2})
	m.value("a map with keys of 5, 6, 9 and 10 bytes", vdoc{"zqzqz": 1, "zqzqzq": 2, "zqzqzqzqz": 3, "zqzqzqzqzq": 4, "zqzqzqzqzqz": 5})
	m.value("a map with a key of 300 bytes", vdoc{strings.Repeat("key ", 75): 1})
	m.value("a map with a key that is not UTF-8", vdoc{"\xff": 1, "a": 2})
	m.value("a map with 24 keys", func() vdoc {
		d := vdoc{}
		for i := range 24 {
			d[fmt.Sprintf("k%d", i)] = i
		}
		return d
	}())
	m.value("maps in maps", vdoc{"user": vdoc{"name": "Anna", "address": vdoc{"city": "Oslo"}}})
	m.value("keys that are digits", vdoc{"0": 1, "7": 2, "007": 3, "1169": 4, "1170": 5, "18446744073709551615": 6, "18446744073709551616": 7})
	m.value("keys that are digits, and others", vdoc{"12": vlist{1}, "13": vlist{1}, "theme": "dark", "zz": vlist{1}, "114": vlist{1, 2}})
	m.value("integer keys", map[any]any{5: 1, 6: 1, 7: 1, 100: 1, 1000000: 1})
	m.value("integer keys up to the greatest", map[any]any{0: 1, 23: 1, 24: 1, uint64(math.MaxUint64): 1})
	m.value("integer keys, negative and not", map[any]any{-5: 1, -4: 1, 3: 1})
	m.value("integer keys, and then texts", map[any]any{1: "a", 2: "a", "theme": "dark", "b": 3})
	m.value("integer keys, and what is under them repeats", map[any]any{1169: vdoc{"qty": 1, "on": true}, 1170: vdoc{"qty": 1, "on": true}, 1201: vdoc{"qty": 2, "on": true}})
	m.value("keys of each kind", map[any]any{1: 1, "a": 2, true: 3, nil: 4, 1.5: 5, int8(5): 6, value.ByteString("x"): 7, time.Unix(5, 0).UTC(): 8, "\xff": 9})
	m.value("a cart by ids", vdoc{"cart": vdoc{
		"17": vdoc{"qty": 1, "price": 19.99}, "23": vdoc{"qty": 1, "price": 19.99}, "24": 6, "25": vdoc{"qty": 2, "price": 19.99}, "26": vdoc{"qty": 2, "tags": vlist{"a"}},
	}})
	m.value("a form in a book of its own: a path, an address, an identifier", vlist{"/orders/1024?page=2", "anna@example.com", "sku_9-a", "Mozilla/5.0 (X11; Linux x86_64)"})
}

// texts has texts of each kind that this library writes.
func (m *vectorMaker) texts() {
	for _, s := range []string{
		"dark", "a", "A quick brown fox, 42 times!", "THE END", "naïve café", "Zürich", "Łódź", "Привет, мир", "Καλημέρα κόσμε", "שלום עולם", "مرحبا بالعالم",
		"नमस्ते दुनिया", "สวัสดีชาวโลก", "გამარჯობა", "你好，世界", "こんにちは世界", "안녕하세요 세계", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "🍪👩‍👩‍👧", "a\u0301\u200d\ufeff", "tab\tline\nnull\x00del\x7f",
		"http://localhost:3000/a?b=c&d=%20", "anna@example.com", "connect.sid=s:abc",
		"550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000", "550e8400-E29b-41d4-a716-446655440000", "id: 550e8400-e29b-41d4-a716-446655440000.", "id: 550E8400-E29B-41D4-A716-446655440000.",
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"2012-01-01", "2034-06-05", "2034-06-06", "2011-12-31", "2024-02-29", "2023-02-29", "on 2024-02-29.", "00:00:00", "23:59:59", "24:00:00", "at 23:59:59.", "23:59:60",
		"2024-02-17T21:52:59Z", "2024-02-17T21:52:59", "2024-02-17 21:52:59", "2024-02-17 21:52:59.000001", "2024-02-17T21:52:59.999999", "2024-02-17T21:52:59+05:45", "2024-02-17T21:52:59-00:00", "2024-02-17T21:52:59+15:45", "2024-02-17T21:52:59-12:00", "2024-02-17T21:52:59+05:46",
		"2024-02-17T21:52:59.723Z", "0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z", "2024-02-17T21:52:59.72Z", "2023-02-29T21:52:59.723Z",
		"$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2b$04$N9qo8uLOickgx2ZMRZoMye", "$2y$31$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy", "$2x$10$N9qo8uLOickgx2ZMRZoMye", "$2a$03$N9qo8uLOickgx2ZMRZoMye",
		"bXktc2VjcmV0LXNlc3Npb24ta2V5LTEyMzQ1Ng==", "bXktc2VjcmV0LXNlc3Npb24ta2V5LT+/MjM0NTY=", "bXktc2VjcmV0LXNlc3Npb24ta2V5LT-_MjM0NTY=", "csrf/bXktc2VjcmV0LXNlc3Npb24ta2V5LT+/MjM0NTY=",
		"0123456789abcdef01234567", "0123456789ABCDEF01234567", "#1A2B3C", "102938475610293847561", "0000", "00000000000000000000000000000", "user-1029384756", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", "ckxyz0123456789abcdefghij", "aZ+/0123456789abcdefghijkl", "aZ-_0123456789abcdefghijkl",
		"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "AAECAwQFBgcICQoLDA0O.AAECAwQFBgcICQoLDA0O", "AAECAwQFBgcICQoLDA0O..AAEC",
		"\xff\xfe", "\x1f\x8b\x08 text", "\xed\xa0\x80",
	} {
		m.value(fmt.Sprintf("text: %q", s), s)
	}
	for _, n := range []int{23, 24, 255, 256, 1000} {
		m.value(fmt.Sprintf("a text of %d bytes", n), strings.Repeat("xy", n)[:n])
	}
	hexed := hex.EncodeToString(draw(600, "hexadecimal"))
	digits := strings.Map(func(r rune) rune { return '0' + r%10 }, hexed)
	for _, n := range []int{18, 19, 36, 37, 67, 68, 69, 200, 1000} {
		m.value(fmt.Sprintf("%d digits", n), digits[:n])
		m.value(fmt.Sprintf("%d digits of upper-case hexadecimal", n), strings.ToUpper(hexed[:n]))
	}
	m.value("lower-case hexadecimal of 40 digits in a path", "/img/"+hexed[:40]+".png")
	m.value("lower-case hexadecimal of 41 digits, which is no bytes", hexed[:41])
	m.value("the same text twice, and another", vlist{"Hello there", "Hello there", "Hello, there"})
	m.value("texts of each form in a list", vlist{"2024-02-17", "2024-02-18", "21:52:59", "550e8400-e29b-41d4-a716-446655440000", hexed[:32], "dark"})

	for _, s := range []string{
		`{}`, `[]`, `{"version":-1,"rehydrated":true}`, `{"theme":"dark","visits":1000,"12":[],"13":[[]]}`, `[1,23,24,-1,-24,-25,18446744073709551615,-9223372036854775808]`, `[0.5,19.99,1.01,0.01,11258999068426.23]`, `[null,true,false,""]`,
		`[{"id":1,"name":"A"},{"id":2,"name":"A"},{"id":3,"name":"A"}]`, `{"a":"\"\\\b\f\n\r\t\u0001é😀/<>&='"}`,
		`["\u00e9\ud83d\ude00\u007f"]`, `{"a":"\u00e9","b":"http:\/\/example.com\/"}`, `{"a":"\u003ca href=x\u003e \u0026 \u2028\u2029 é"}`, `{"a": "\u00e9", "b": [1, 2]}`,
		"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"é\": []\n}", "{\n  \"a\": \"\\u003ca href\\u003d\\u0027x\\u0027\\u003e\"\n}",
		`{"b":"{\"a\":[1,\"x\"]}","a":1}`, `{"at":"2024-02-17T21:52:59.123Z","id":"550e8400-e29b-41d4-a716-446655440000"}`,
		`{"a":1,"a":2}`, `[1.50]`, `[01]`, `[-0]`, `[1e3]`, `[1.0]`, `[-0.5]`, `{"a":1`, `{"a" :1}`, `[18446744073709551616]`,
	} {
		m.value(fmt.Sprintf("JSON: %s", s), s)
	}
	m.value("bytes that are JSON", []byte(`{"alg":"HS256","typ":"JWT"}`))
	m.value("texts that are the same JSON, and a similar one", vlist{`{"a":"x","b":1}`, `{"a":"x","b":1}`, `{"a":"y","b":1}`})
	m.value("JSON of 64 levels", strings.Repeat("[", 64)+strings.Repeat("]", 64))
	m.value("JSON of 65 levels, which stays text", strings.Repeat("[", 65)+strings.Repeat("]", 65))
}

// typed has types of Go, each under its tag.
func (m *vectorMaker) typed() {
	at := time.Unix(1708206779, 0)
	for _, x := range []any{
		int8(-128), int8(127), int16(-32768), int16(32767), int32(-1 << 31), int32(1<<31 - 1), int64(math.MinInt64), int64(math.MaxInt64), uint(0), ^uint(0),
		uint8(255), uint16(65535), uint32(1<<32 - 1), uint64(1), uint64(math.MaxInt64), uintptr(7), ^uintptr(1), float32(0.1), float32(1.5), 90 * time.Second,
		[]string{"admin", "user"}, []string{}, []string(nil), []int{1, 2, -3}, []int(nil), map[string]string{"a": "b"}, map[string]string(nil), map[string]int{"a": 1}, map[string]int(nil),
		map[any]any{"a": "b"}, map[any]any{}, map[any]any(nil), []byte(nil), []any(nil), map[string]any(nil),
		[]int8{-128, 127}, []int8(nil), []int16{-32768, 32767}, []int16(nil), []int32{-1 << 31, 1<<31 - 1}, []int32(nil), []int64{math.MinInt64, math.MaxInt64}, []int64(nil),
		[]uint{0, ^uint(0)}, []uint(nil), []uint16{65535}, []uint16(nil), []uint32{1<<32 - 1}, []uint32(nil), []uint64{math.MaxUint64}, []uint64(nil), []uintptr{1}, []uintptr(nil),
		[]float32{1.5, 0.1}, []float32(nil), []float64{1.5, 0.1}, []float64(nil), []bool{true, false}, []bool(nil),
		at.UTC(), at.Add(5).UTC(), time.Unix(-1, 999999999).UTC(), at.In(time.FixedZone("", 3600)), at.Add(5).In(time.FixedZone("", -12*3600-45*60)),
	} {
		comment := fmt.Sprintf("in a list: %#v", x)
		if at, ok := x.(time.Time); ok {
			comment = "in a list: a time.Time, " + at.Format(time.RFC3339Nano)
		}
		m.value(comment, vlist{x})
	}
}

// lists has values that repeat.
func (m *vectorMaker) lists() {
	record := func(id int, name string) vdoc {
		return vdoc{"id": id, "name": name, "role": "admin", "tags": vlist{"a", "b"}}
	}
	m.value("rows", vlist{vlist{"success", "one"}, vlist{"success", "two"}, vlist{}, vlist{"error"}, vlist{"error", "two", 3}})
	m.value("rows that are equal", vlist{vlist{1, "x"}, vlist{1, "x"}, vlist{1, "x"}})
	m.value("records", vlist{record(1, "A"), record(1, "B"), vdoc{"id": 2}, record(3, "B"), 4, record(4, "B"), vdoc{"aa": 1, "zzzz": 2}, vdoc{"zzzz": 2}})
	m.value("records with records in them", vlist{vdoc{"a": vdoc{"x": 1, "y": 2}}, vdoc{"a": vdoc{"x": 1, "y": 3}}, vdoc{"a": vdoc{"x": 1, "y": 3}}})
	m.value("lists of empty lists and maps", vlist{vlist{}, vlist{}, vdoc{}, vdoc{}, vlist{vdoc{}}, vlist{vdoc{}, vdoc{}}})
	m.value("bytes, numbers and texts that repeat", vlist{[]byte{1, 2}, []byte{1, 2}, 1000, 1000, 19.99, 19.99, "zqzq", "zqzq"})
	m.value("tagged values that repeat", vlist{"2024-02-17T21:52:59.723Z", "2024-02-17T21:52:59.723Z", int8(5), int8(5), []int{1, 2}, []int{1, 2}, []int{1, 3}})
	m.value("records under numbers in records", vlist{vdoc{"1": vlist{1, 2}, "2": vlist{1, 2}}, vdoc{"1": vlist{1, 2}, "3": vlist{1, 2}}})
	m.value("rows under numbers", vdoc{"10": vlist{vlist{1, "x"}, vlist{2, "x"}}, "11": vlist{vlist{1, "x"}, vlist{2, "x"}}, "12": vlist{vlist{1, "x"}}})
	m.value("a list of 24 elements", func() vlist {
		l := vlist{}
		for i := range 24 {
			l = append(l, i*i)
		}
		return l
	}())
	m.value("a list of 300 nulls", make(vlist, 300))
}
