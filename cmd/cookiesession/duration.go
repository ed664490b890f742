package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A duration is a flag whose value may be in days. Lifetimes of sessions are in
// days; the standard library's durations have none.
type duration time.Duration

const day = 24 * time.Hour

// maxDuration keeps sums with the present from leaving the years that a keyring
// file can hold.
const maxDuration = 100 * 365 * day

var errDuration = errors.New("not a duration such as 15d, 36h, 1d12h or 90s")

// parseDuration reads a whole number of days and then the form of
// time.ParseDuration, without a sign. It rounds up to whole seconds, as exact
// as the times in keyring files.
func parseDuration(s string) (time.Duration, error) {
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		days, rest = "0", s
	} else if rest == "" {
		rest = "0"
	}
	n, err := strconv.ParseUint(days, 10, 64)
	if err != nil || rest == "" || strings.ContainsAny(rest[:1], "+-") {
		return 0, errDuration
	}
	d, err := time.ParseDuration(rest)
	switch {
	case err != nil:
		return 0, errDuration
	case n > uint64(maxDuration/day) || d > maxDuration-time.Duration(n)*day:
		return 0, fmt.Errorf("longer than %s", formatDuration(maxDuration))
	}
	return time.Duration(n)*day + (d + time.Second - 1).Truncate(time.Second), nil
}

var units = []struct {
	name byte
	size time.Duration
}{{'d', day}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}

// formatDuration writes d, cut to whole seconds, as parseDuration reads it.
func formatDuration(d time.Duration) string {
	var b strings.Builder
	for _, u := range units {
		if n := d / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%c", n, u.name)
			d %= u.size
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// about writes how long d is, in its two largest units.
func about(d time.Duration) string {
	for i, u := range units {
		if d >= u.size && i+1 < len(units) {
			return formatDuration(d.Truncate(units[i+1].size))
		}
	}
	return formatDuration(d)
}

// from writes how far t is from now.
func from(now, t time.Time) string {
	if d := t.Sub(now).Round(time.Second); d > 0 {
		return "in " + about(d)
	}
	return about(now.Sub(t).Round(time.Second)) + " ago"
}

// String is part of flag.Value.
func (d *duration) String() string { return formatDuration(time.Duration(*d)) }

// Set is part of flag.Value.
func (d *duration) Set(s string) error {
	v, err := parseDuration(s)
	*d = duration(v)
	return err
}

// stamp writes a time as it stands in keyring files.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
