package main

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCrossValidation(t *testing.T) {
	const out = `trained on themselves (mean bytes)
kind            n     json   cookie
a               1    100.0     80.0

a fifth of each kind left out (mean bytes; cookie: mean characters)
kind            n     json     cbor   of json   cookie   median   floats
a               3    100.0     90.0    0.5000    120.0      110    121.0
b               1    300.0    200.0    0.5000    200.0      200    201.0
~wild           4    150.0    117.5    0.5000    140.0      115    141.0

whole kinds left out (mean bytes)
kind            n     json     cbor   of json   cookie   median   floats
a               3    100.0     90.0    0.5000    999.0      999    999.0
`
	figures, err := readCrossValidation([]byte(out))
	if err != nil || len(figures) != 3 || figures["a"] != (untrained{120, 110}) || figures["b"] != (untrained{200, 200}) {
		t.Fatalf("%v, %v", figures, err)
	}
	newTable := func() *sizeTable {
		return &sizeTable{
			Kinds: []string{"a", "b"}, Count: map[string]int{"a": 3, "b": 1}, JSON: 150,
			Rows: []*sizeRow{{}, {Form: oursName}}, dir: "testdata/wild",
		}
	}
	table := newTable()
	if err := table.addUntrained(figures); err != nil {
		t.Fatal(err)
	}
	row, err := table.ours()
	if err != nil || row.Form != untrainedName || row.Mean != 140 || row.Median != 115 || math.Abs(row.Share-140.0/150) > 1e-9 {
		t.Errorf("%+v, %v", row, err)
	}

	// An older trainer prints no median.
	figures, err = readCrossValidation([]byte(strings.ReplaceAll(out, "median", "middle")))
	if err != nil || figures["a"] != (untrained{120, -1}) {
		t.Errorf("%v, %v", figures, err)
	}

	table = newTable()
	table.Kinds = append(table.Kinds, "c")
	if err := table.addUntrained(figures); !errors.Is(err, errNoTrainer) {
		t.Errorf("a kind that the trainer does not have: %v", err)
	}
	for name, out := range map[string]string{
		"nothing":       "",
		"another table": "kind n\na 1\n",
		"a short row":   strings.Replace(out, "    120.0      110    121.0", "", 1),
		"a word":        strings.Replace(out, "120.0", "many!", 1),
	} {
		if _, err := readCrossValidation([]byte(out)); !errors.Is(err, errNoTrainer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
