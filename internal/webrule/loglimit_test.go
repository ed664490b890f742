package webrule_test

import (
	"testing"
	"time"

	"example.com/cookiesession/internal/webrule"
)

func TestLogLimit(t *testing.T) {
	var limit webrule.LogLimit
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		if ok, skipped := limit.Allow(start.Add(time.Duration(i) * time.Second)); ok != (i < 10) || skipped != 0 {
			t.Errorf("line %d: let through %v, %d skipped", i, ok, skipped)
		}
	}
	for _, tt := range []struct {
		after   time.Duration
		ok      bool
		skipped int
	}{
		{time.Minute - 1, false, 0},
		{time.Minute, true, 3},
		{time.Minute + 1, true, 0},
		{time.Hour, true, 0},
	} {
		if ok, skipped := limit.Allow(start.Add(tt.after)); ok != tt.ok || skipped != tt.skipped {
			t.Errorf("after %v: let through %v, %d skipped", tt.after, ok, skipped)
		}
	}
}

func TestLogLimitOfOne(t *testing.T) {
	limit := webrule.LogLimit{Lines: 1, Per: time.Hour}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after   time.Duration
		ok      bool
		skipped int
	}{{0, true, 0}, {time.Minute, false, 0}, {time.Hour - 1, false, 0}, {time.Hour, true, 2}, {2*time.Hour - 1, false, 0}} {
		if ok, skipped := limit.Allow(start.Add(tt.after)); ok != tt.ok || skipped != tt.skipped {
			t.Errorf("after %v: let through %v, %d skipped", tt.after, ok, skipped)
		}
	}
}
