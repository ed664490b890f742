package pack

import (
	"fmt"

	"example.com/cookiesession/internal/cbor"
)

// Notes takes the symbols of packed forms, so that the trainer counts what the
// encoder chooses. Functions may be nil.
type Notes struct {
	Value  func(model uint8, symbol int)
	Key    func(code uint8, symbol int)
	Text   func(book int, context uint8, symbol int)
	Length func(code, n int)
}

// Observe packs the item of a tape as a value of a model, and tells notes the
// symbols.
func (p *Packer) Observe(t *cbor.Tape, model uint8, notes *Notes) error {
	e := encoder{tables: p.tables, tape: t}
	e.value(0, model, none, true)
	var back cbor.Tape
	d := newDecoder(p.tables)
	d.notes = notes
	d.begin(&back, e.w.close(), t.Len(0))
	if err := d.value(model, none, true, 0); err != nil {
		return fmt.Errorf("%x: %w", t.Append(nil), err)
	}
	if d.fill(0); !back.Equal(t) {
		return fmt.Errorf("pack: internal error: %x comes back as %x", t.Append(nil), back.Append(nil))
	}
	return nil
}

// ObserveText is Observe for a text by itself, in a book.
func (p *Packer) ObserveText(text string, book int, notes *Notes) error {
	e := encoder{tables: p.tables}
	if !e.text(e.parser.load(text), book, book, []uint16{0}, noLimit) {
		return nil // it is shorter as it is
	}
	d := newDecoder(p.tables)
	d.notes = notes
	d.begin(new(cbor.Tape), e.w.close(), len(text))
	return d.readText(book)
}

func (d *decoder) noteValue(model uint8, symbol uint) {
	if d.notes.Value != nil {
		d.notes.Value(model, int(symbol))
	}
}

func (d *decoder) noteKey(code uint8, symbol int) {
	if d.notes.Key != nil {
		d.notes.Key(code, symbol)
	}
}

func (d *decoder) noteText(book int, context uint8, symbol uint) {
	if d.notes != nil && d.notes.Text != nil {
		d.notes.Text(book, context, int(symbol))
	}
}

func (d *decoder) noteLength(code, n int) {
	if d.notes != nil && d.notes.Length != nil {
		d.notes.Length(code, n)
	}
}
