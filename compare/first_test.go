package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestFirstUse(t *testing.T) {
	var out bytes.Buffer
	if err := printFirstUse(&out); err != nil {
		t.Fatal(err)
	}
	var use firstUse
	if err := json.Unmarshal(out.Bytes(), &use); err != nil {
		t.Fatal(err)
	}
	if use.Nanos <= 0 || use.NextNanos <= 0 || use.Bytes <= 0 || use.NextBytes <= 0 {
		t.Errorf("a figure is missing: %+v", use)
	}
}
