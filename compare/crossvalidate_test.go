package main

import (
	"errors"
	"math"
	"testing"
)

func TestCrossValidation(t *testing.T) {
	const out = `trained on themselves (mean bytes)
kind            n     json   cookie
a               1    100.0     80.0
~all            1    100.0     80.0

cross-validated, a fifth of each kind left out (mean bytes; cookie: mean characters)
kind            n     json     cbor   cookie
a               3    100.0     90.0    120.0
b               1    300.0    200.0    200.0
~all            4    150.0    117.5    140.0

cross-validated, whole kinds left out (mean bytes)
kind            n     json     cbor   cookie
a               3    100.0     90.0    999.0
`
	kinds, err := readCrossValidation([]byte(out))
	if err != nil || len(kinds) != 2 || kinds["a"] != 120 || kinds["b"] != 200 {
		t.Fatalf("%v, %v", kinds, err)
	}
	table := &sizeTable{Kinds: []string{"a", "b"}, Count: map[string]int{"a": 3, "b": 1}, JSON: 150, Rows: []*sizeRow{{}, {Form: oursName}}}
	if err := table.addUntrained(kinds); err != nil {
		t.Fatal(err)
	}
	row, err := table.ours()
	if err != nil || row.Form != untrainedName || row.Mean != 140 || math.Abs(row.Share-140.0/150) > 1e-9 {
		t.Errorf("%+v, %v", row, err)
	}
	other := &sizeTable{Kinds: []string{"a", "c"}}
	if err := other.addUntrained(kinds); !errors.Is(err, errNoTrainer) {
		t.Errorf("kinds of other sessions: %v", err)
	}
	for name, out := range map[string]string{"nothing": "", "another table": "kind n\na 1\n"} {
		if _, err := readCrossValidation([]byte(out)); !errors.Is(err, errNoTrainer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
