package main

import (
	"path/filepath"
	"testing"
)

// TestSizes checks that packing makes no kind of session larger than its CBOR,
// and cookies at most 0.79 of what Brotli would make them. (The tables were
// trained on these very sessions; of others, README has the figures.)
func TestSizes(t *testing.T) {
	files, err := filepath.Glob("../../testdata/sessions/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	sums, err := measure(files)
	if err != nil {
		t.Fatal(err)
	}
	for kind, s := range sums {
		if s.body[packedForm] > s.body[cborForm] {
			t.Errorf("%s: %d bytes packed, %d not", kind, s.body[packedForm], s.body[cborForm])
		}
	}
	if s := sums[all]; s.cookie[packedForm]*100 > s.cookie[brotliForm]*79 {
		t.Errorf("%d characters packed, %d by Brotli", s.cookie[packedForm], s.cookie[brotliForm])
	}
}
