package main

import (
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	tests := []struct {
		text string
		want time.Duration // < 0: an error
	}{
		{"0", 0},
		{"0s", 0},
		{"15d", 15 * day},
		{"1h", time.Hour},
		{"90m", 90 * time.Minute},
		{"86400s", day},
		{"1d12h30m5s", day + 12*time.Hour + 30*time.Minute + 5*time.Second},
		{"1d5s", day + 5*time.Second},
		{"007d", 7 * day},
		{"36500d", maxDuration},
		{"36499d24h", maxDuration},
		{"1m0s", time.Minute},
		{"1.5h", 90 * time.Minute},
		{"1d1.5s", day + 2*time.Second},
		{"5ms", time.Second},

		{"", -1},
		{"15", -1},
		{"d", -1},
		{"-1d", -1},
		{"+1d", -1},
		{"-1h", -1},
		{"+1h", -1},
		{"1d-1h", -1},
		{"1.5d", -1},
		{"1 d", -1},
		{" 1d", -1},
		{"1D", -1},
		{"1w", -1},
		{"1h1d", -1},
		{"1d1d", -1},
		{"1d12", -1},
		{"36501d", -1},
		{"36500d1s", -1},
		{"9999999999999999999d", -1},
		{"9223372036854775807s", -1},
	}
	for _, tt := range tests {
		got, err := parseDuration(tt.text)
		if (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
			t.Errorf("parseDuration(%q) = %v, %v", tt.text, got, err)
		}
		if again, err := parseDuration(formatDuration(got)); err != nil || again != got {
			t.Errorf("%v is written as %q, which is %v, %v", got, formatDuration(got), again, err)
		}
	}
}

func TestFrom(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		0:                                        "0s ago",
		time.Hour - time.Millisecond:             "in 1h",
		day + 2*time.Hour + 59*time.Minute:       "in 1d2h",
		-(3*time.Hour + 5*time.Minute + 9*1e9):   "3h5m ago",
		-(90 * time.Second):                      "1m30s ago",
		40*day + 59*time.Minute + 59*time.Second: "in 40d",
	} {
		if got := from(now, now.Add(d)); got != want {
			t.Errorf("from(%v) = %q, want %q", d, got, want)
		}
	}
}
