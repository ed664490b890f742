package main

import (
	"testing"
	"time"
)

// TestGrowth runs everything that grows for a moment, which checks that every
// cookie there opens or doesn't, as its row says.
func TestGrowth(t *testing.T) {
	g, err := measureGrowth(mustForms(t), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(g.Sizes), len(contents)*len(growthSizes); got != want {
		t.Errorf("%d sizes, not %d", got, want)
	}
	for _, step := range g.Sizes {
		if step.JSON < step.Size || step.JSON > step.Size+200 {
			t.Errorf("%s: %d bytes for %d", step.Content, step.JSON, step.Size)
		}
		if step.Seal.Ratio <= 0 || step.Open.Ratio <= 0 || step.HandSeal.Ratio <= 0 || step.HandOpen.Ratio <= 0 {
			t.Errorf("%s of %d bytes: a ratio is missing: %+v", step.Content, step.Size, step)
		}
	}
	for _, steps := range [][]*step{g.Rings, g.Headers, g.Cores, g.Rejects} {
		if len(steps) == 0 {
			t.Error("steps are missing")
		}
		for _, step := range steps {
			if step.Nanos <= 0 || step.Times <= 0 {
				t.Errorf("%s: a figure is missing: %+v", step.Case, step)
			}
		}
	}
}
