package pack

import "example.com/cookiesession/internal/pack/form"

// A Trial packs with other tables than those of the package, so that the
// trainer can measure its own.
type Trial struct{ tables *tables }

// NewTrial returns a Trial for tables, which must not change any more.
func NewTrial(tables *form.Tables) Trial { return Trial{newTables(tables)} }

// Bits is as the function of this name.
func (t Trial) Bits(item []byte) int {
	e := &encoder{tables: t.tables, item: item}
	e.value(0, form.Generic, none, true)
	return e.w.bits()
}
