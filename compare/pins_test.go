package main

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write testdata/pins.json")

// A pin has the sums of the characters of a set's sessions, and of the
// allocations to seal and to open each of them.
type pin struct {
	Characters int     `json:"characters"`
	Seal       float64 `json:"sealAllocations"`
	Open       float64 `json:"openAllocations"`
}

// TestPins guards the exact figures of a run: the library's characters and
// allocations. A change of testdata/pins.json is a change of the format or of
// its cost, so it belongs into the commit that makes it.
func TestPins(t *testing.T) {
	got := map[string]map[string]pin{"eight preferences": {}, "corpus": {}}
	ourForm := byName(mustForms(t), oursName)
	for _, s := range testSets(t) {
		for _, kind := range s.kinds() {
			part := &set{Name: s.Name}
			for _, session := range s.sessions {
				if session.kind == kind {
					part.sessions = append(part.sessions, session)
				}
			}
			got[s.Name][kind] = pinOf(t, part, ourForm)
		}
	}
	requests := map[string]float64{}
	for _, access := range accesses {
		requests[access] = requestAllocations(t, access)
	}
	pinned := struct {
		Sets     map[string]map[string]pin `json:"sets"`
		Requests map[string]float64        `json:"requestAllocations"`
	}{got, requests}

	const file = "testdata/pins.json"
	if *update {
		text, err := json.MarshalIndent(pinned, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(text, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := pinned
	want.Sets, want.Requests = nil, nil
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	// A map of more than eight entries allocates more or less by its hash,
	// which is random.
	if diff := cmp.Diff(want, pinned, cmpopts.EquateApprox(0.01, 0)); diff != "" {
		t.Errorf("go test -run Pins -update . accepts this (-want +got):\n%s", diff)
	}
}

func pinOf(t *testing.T, s *set, f *form) (p pin) {
	t.Helper()
	for _, session := range s.sessions {
		n, err := f.size(session)
		if err != nil {
			t.Fatal(err)
		}
		p.Characters += n
	}
	seal, open, err := operations(s, f)
	if err != nil {
		t.Fatal(err)
	}
	p.Seal, p.Open = mustAllocations(t, seal), mustAllocations(t, open)
	return p
}

func requestAllocations(t *testing.T, access string) float64 {
	t.Helper()
	all, err := sites()
	if err != nil {
		t.Fatal(err)
	}
	header, err := all[0].cookie()
	if err != nil {
		t.Fatal(err)
	}
	with := requestOperation(access, all[0].handler(access), header)
	without := requestOperation("no session", bare, "")
	return mustAllocations(t, with) - mustAllocations(t, without)
}

func mustAllocations(t *testing.T, op *operation) float64 {
	t.Helper()
	n, err := op.allocations()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func mustForms(t testing.TB) []*form {
	t.Helper()
	all, err := forms()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestSizeTargets checks that a cookie takes at most 0.79 of one with Brotli in
// the packer's place, and half of Phoenix'. (The packer's tables were trained
// on these very sessions; its trainer has the figures of others.)
func TestSizeTargets(t *testing.T) {
	sum := func(name string) (n int) {
		f := byName(mustForms(t), name)
		for _, session := range testSets(t)[1].sessions {
			chars, err := f.size(session)
			if err != nil {
				t.Fatal(err)
			}
			n += chars
		}
		return n
	}
	mine := float64(sum(oursName))
	for name, most := range map[string]float64{brotliName: 0.79, phoenixName: 0.50} {
		if share := mine / float64(sum(name)); share > most {
			t.Errorf("%.3f of %s, at most %.2f", share, name, most)
		}
	}
}
