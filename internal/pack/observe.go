package pack

import (
	"bytes"
	"fmt"
)

// Notes takes the symbols of packed forms, so that the trainer counts what the
// encoder chooses. Functions may be nil.
type Notes struct {
	Value  func(model uint8, symbol int)
	Key    func(code uint8, symbol int)
	Text   func(book int, context uint8, symbol int)
	Length func(code, n int)
}

// Observe packs item as a value of a model, and tells notes the symbols.
func (p *Packer) Observe(item []byte, model uint8, notes *Notes) error {
	e := p.newEncoder(nil, item)
	defer p.free(e)
	e.value(0, model, none, true)
	d := decoder{r: reader{src: e.w.close()}, tables: p.tables, max: len(item), notes: notes}
	if err := d.value(model, none, true, 0); err != nil {
		return fmt.Errorf("%x: %w", item, err)
	}
	if !bytes.Equal(d.dst, item) {
		return fmt.Errorf("pack: internal error: %x comes back as %x", item, d.dst)
	}
	return nil
}

// ObserveText is Observe for a text by itself, in a book.
func (p *Packer) ObserveText(text string, book int, notes *Notes) error {
	e := p.newEncoder(nil, nil)
	defer p.free(e)
	if !e.text([]byte(text), book, book, []uint16{0}, noLimit) {
		return nil // it is shorter as it is
	}
	d := decoder{r: reader{src: e.w.close()}, tables: p.tables, max: len(text), notes: notes}
	return d.text(book)
}

func (d *decoder) noteValue(model uint8, symbol uint) {
	if d.notes != nil && d.notes.Value != nil {
		d.notes.Value(model, int(symbol))
	}
}

func (d *decoder) noteKey(code uint8, symbol int) {
	if d.notes != nil && d.notes.Key != nil {
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
