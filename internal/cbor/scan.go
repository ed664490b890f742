package cbor

import (
	"bytes"
	"unicode/utf8"
)

// MaxDepth is how deep items nest: every array, map and tag is a level, and the
// item itself, if it is one, is the first.
const MaxDepth = 64

// Valid reports, as a [*SyntaxError], why data is not exactly one deterministic
// CBOR item of the kinds that this package writes (no simple values but false,
// true and null) nested at most [MaxDepth] deep. It accepts every tag.
func Valid(data []byte) error {
	d := newDecoder(data)
	defer d.free()
	if err := d.skip(0); err != nil {
		return err
	}
	return d.end()
}

// skip moves past one item, below depth levels, as strictly as if it were used.
func (d *decoder) skip(depth int) error {
	ib, n, err := d.head()
	if err != nil {
		return err
	}
	switch ib >> 5 {
	case majorBytes:
		_, _, err := d.take(n)
		return err
	case majorText:
		from, to, err := d.take(n)
		if err == nil && !utf8.Valid(d.data[from:to]) {
			err = d.syntax("text that is not UTF-8")
		}
		return err
	case majorArray:
		if err := d.enter(depth); err != nil {
			return err
		}
		count, err := d.count(n, 1)
		for i := 0; i < count && err == nil; i++ {
			err = d.skip(depth + 1)
		}
		return err
	case majorMap:
		return d.skipMap(n, depth)
	case majorTag:
		if err := d.enter(depth); err != nil {
			return err
		}
		return d.skip(depth + 1)
	case majorOther:
		return d.skipOther(ib, n)
	}
	return nil
}

func (d *decoder) skipMap(n uint64, depth int) error {
	if err := d.enter(depth); err != nil {
		return err
	}
	count, err := d.count(n, 2)
	if err != nil {
		return err
	}
	var keys keyOrder
	for range count {
		from := d.pos
		if err := d.skip(depth + 1); err != nil {
			return err
		}
		if err := keys.next(d, from); err != nil {
			return err
		}
		if err := d.skip(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) skipOther(ib byte, bits uint64) error {
	switch ib {
	case simpleFalse, simpleTrue, simpleNull:
		return nil
	case head16, head32, head64:
		_, err := d.float(ib, bits)
		return err
	}
	return d.syntax("simple value")
}

// enter checks that one more level may begin below depth levels.
func (d *decoder) enter(depth int) error {
	if depth >= MaxDepth {
		return d.syntax("nested too deep")
	}
	return nil
}

// keyOrder checks that the keys of one map ascend, so that none is doubled. It
// holds where the key before lies: the empty key is none.
type keyOrder struct{ from, to int }

// next takes the key that lies from a position up to the present one.
func (o *keyOrder) next(d *decoder, from int) error {
	if bytes.Compare(d.data[o.from:o.to], d.data[from:d.pos]) >= 0 {
		return &SyntaxError{Offset: from, Reason: "map keys out of order or doubled"}
	}
	*o = keyOrder{from, d.pos}
	return nil
}
