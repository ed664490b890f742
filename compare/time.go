package main

import (
	"slices"
	"testing"
	"time"
)

// A timeTable has the cost of sealing and opening a set's sessions.
type timeTable struct {
	Set  string
	Rows []*timeRow

	forms map[string][2]*operation // seal and open, by form
}

type timeRow struct {
	Form       string
	Group      group
	Seal, Open cost
}

// A cost is of one call.
type cost struct {
	Nanos       float64 // median over the rounds
	Ratio       float64 // to the minimum, median of the rounds' ratios
	Least       float64 // the smallest of them
	ToOurs      float64 // median of the rounds' ratios to this library's
	Allocations float64 // -1: not counted
}

// newTimes prepares the operations of a set in the forms that can be timed.
func newTimes(s *set, all []*form) (*timeTable, []*operation, error) {
	t := &timeTable{Set: s.Name, forms: make(map[string][2]*operation)}
	var ops []*operation
	for _, f := range all {
		if f.seal == nil || f.open == nil {
			continue
		}
		seal, open, err := operations(s, f)
		if err != nil {
			return nil, nil, err
		}
		if f.name != minimumName {
			least := t.forms[minimumName]
			seal.reference, open.reference = least[0], least[1]
			ops = append(ops, seal, open)
		}
		t.forms[f.name] = [2]*operation{seal, open}
		t.Rows = append(t.Rows, &timeRow{Form: f.name, Group: f.group})
	}
	return t, ops, nil
}

// operations returns sealing and opening of a set in one form.
func operations(s *set, f *form) (seal, open *operation, err error) {
	var inputs []any
	var texts []string
	for _, session := range s.sessions {
		text, err := f.check(session)
		if err != nil {
			return nil, nil, err
		}
		inputs, texts = append(inputs, f.input(session)), append(texts, text)
	}
	seal = &operation{name: f.name + ", sealing", n: len(inputs), pass: func() error {
		for _, in := range inputs {
			if _, err := f.seal(in); err != nil {
				return err
			}
		}
		return nil
	}}
	open = &operation{name: f.name + ", opening", n: len(inputs), pass: func() error {
		for i, text := range texts {
			if err := f.open(text, f.target(inputs[i])); err != nil {
				return err
			}
		}
		return nil
	}}
	return seal, open, nil
}

// finish computes the rows of a table whose operations were timed.
func (t *timeTable) finish() error {
	for _, row := range t.Rows {
		ops, ours := t.forms[row.Form], t.forms[oursName]
		for i, c := range []*cost{&row.Seal, &row.Open} {
			var err error
			if *c, err = ops[i].cost(ours[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (op *operation) cost(mine *operation) (c cost, err error) {
	c.Allocations, err = op.allocations()
	c.Allocations /= float64(op.n)
	if op.reference == nil {
		// The minimum was timed once for each of the others.
		c.Ratio, c.Least = 1, 1
		c.Nanos, c.ToOurs = median(measured(op.nanos)), 1/median(measured(mine.ratios))
		return c, err
	}
	ratios := measured(op.ratios)
	c.Nanos, c.Ratio, c.Least = median(measured(op.nanos)), median(ratios), slices.Min(ratios)
	c.ToOurs = between(op, mine, func(a, b float64) float64 { return a / b })
	return c, err
}

// allocations counts those of one pass.
func (op *operation) allocations() (float64, error) {
	var err error
	runs := max(5, 100/op.n)
	if op.every > 1 {
		runs = 1
	}
	n := testing.AllocsPerRun(runs, func() {
		if e := op.pass(); e != nil {
			err = e
		}
	})
	return n, err
}

// timeSets times all forms on the sets, a share of the budget each.
func timeSets(sets []*set, all []*form, budget time.Duration) ([]*timeTable, error) {
	var tables []*timeTable
	for _, s := range sets {
		t, ops, err := newTimes(s, all)
		if err != nil {
			return nil, err
		}
		if err := interleave(ops, budget/time.Duration(len(sets))); err != nil {
			return nil, err
		}
		if err := t.finish(); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func (t *timeTable) row(form string) *timeRow {
	i := slices.IndexFunc(t.Rows, func(r *timeRow) bool { return r.Form == form })
	return t.Rows[i]
}

// together returns how many times as long as b a form takes to seal and open.
func (t *timeTable) together(a, b string) float64 {
	least := t.forms[minimumName]
	seal, open := median(measured(least[0].nanos)), median(measured(least[1].nanos))
	x, y := t.forms[a], t.forms[b]
	var ratios []float64
	for i := range min(len(x[0].ratios), len(y[0].ratios)) {
		if x[0].ratios[i]*x[1].ratios[i]*y[0].ratios[i]*y[1].ratios[i] != 0 {
			ratios = append(ratios, (seal*x[0].ratios[i]+open*x[1].ratios[i])/(seal*y[0].ratios[i]+open*y[1].ratios[i]))
		}
	}
	return median(ratios)
}

// addNode adds rows for the peers on Node. They ran in another process, before
// the others, so their ratios are only those of medians.
func (t *timeTable) addNode(node *nodeResult) {
	if node == nil {
		return
	}
	least, mine := t.row(minimumName), t.row(oursName)
	of := func(nanos float64, least, mine cost) cost {
		return cost{Nanos: nanos, Ratio: nanos / least.Nanos, ToOurs: nanos / mine.Nanos, Allocations: -1}
	}
	for _, f := range node.Forms {
		if took := f.Sets[t.Set]; took.Seal > 0 {
			t.Rows = append(t.Rows, &timeRow{
				Form: f.Name, Group: inNode,
				Seal: of(took.Seal, least.Seal, mine.Seal), Open: of(took.Open, least.Open, mine.Open),
			})
		}
	}
}
