package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.com/cookiesession/internal/pack/form"
)

func readTestInput(t *testing.T) *input {
	t.Helper()
	in, err := readInput("../../../testdata", "testdata")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// TestGenerated checks that the files in the tree are what the trainer makes.
func TestGenerated(t *testing.T) {
	tables, err := train(readTestInput(t))
	if err != nil {
		t.Fatal(err)
	}
	goFile, jsonFile := filepath.Join(t.TempDir(), "tables.go"), filepath.Join(t.TempDir(), "tables.json")
	if err := writeGo(goFile, tables); err != nil {
		t.Fatal(err)
	}
	if err := writeJSON(jsonFile, tables); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]string{{goFile, "../tables/tables_gen.go"}, {jsonFile, "../../../docs/packing-v1.json"}} {
		got, err := os.ReadFile(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what go generate makes", pair[1])
		}
	}
}

// TestLengths compares package-merge with weights whose best codes are known.
func TestLengths(t *testing.T) {
	powers := make([]int, 20) // a code without a limit would have 19 bits
	for i := range powers {
		powers[i] = 1 << i
	}
	for _, test := range []struct {
		weights, want []int
	}{
		{[]int{1, 1}, []int{1, 1}},
		{[]int{5, 1, 1, 1}, []int{1, 3, 3, 2}},
		{[]int{8, 4, 2, 1, 1}, []int{1, 2, 3, 4, 4}},
		{powers[:5], []int{4, 4, 3, 2, 1}},
	} {
		got := lengths(test.weights)
		if cost(test.weights, got) != cost(test.weights, test.want) || space(got) != 1<<form.MaxCode {
			t.Errorf("weights %v: lengths %v, want %v", test.weights, got, test.want)
		}
	}
	if got := lengths(powers); slices.Max(got) != form.MaxCode || space(got) != 1<<form.MaxCode {
		t.Errorf("lengths %v", got)
	}
}

func cost(weights, lengths []int) int {
	sum := 0
	for i, w := range weights {
		sum += w * lengths[i]
	}
	return sum
}

func space(lengths []int) int {
	sum := 0
	for _, n := range lengths {
		sum += 1 << (form.MaxCode - n)
	}
	return sum
}

func TestLog2(t *testing.T) {
	for _, test := range []struct{ x, want int }{
		{1, 0}, {2, 256}, {3, 405}, {1000, 2551}, {1 << 30, 30 * 256}, {1<<30 - 1, 30*256 - 1},
	} {
		if got := log2(test.x); got != test.want {
			t.Errorf("log2(%d) is %d/256, want %d", test.x, got, test.want)
		}
	}
}

// TestModels has keys of several spellings.
func TestModels(t *testing.T) {
	c := readTestInput(t).models
	for key, want := range map[string]string{
		"email": "email", "userEmail": "email", "user_email": "email", "UserEmail": "email", "EMAIL": "email",
		"first_name": "first", "firstname": "first", "userId": "id", "user_ids": "id", "isReady": "bool", "createdAt": "time",
		"xyz": "generic", "": "generic", "42": "generic",
	} {
		if got := c.names[c.of(key)]; got != want {
			t.Errorf("%q is %s, want %s", key, got, want)
		}
	}
}
