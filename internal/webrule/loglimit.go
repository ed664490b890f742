package webrule

import (
	"cmp"
	"sync"
	"time"
)

// A LogLimit bounds the log lines about events that may happen at every
// request, and counts those that it holds back. The zero value is ready for use
// and lets ten lines per minute through.
type LogLimit struct {
	Lines int           // that are let through in a span of time; 0: ten
	Per   time.Duration // the span; 0: a minute

	mu      sync.Mutex
	start   time.Time // of the span
	lines   int       // that were let through in it
	skipped int       // since the last line that was let through
}

// Allow reports whether a line may be logged now, and if so, how many were not
// since the last one.
func (l *LogLimit) Allow(now time.Time) (ok bool, skipped int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.start) >= cmp.Or(l.Per, time.Minute) {
		l.start, l.lines = now, 0
	}
	if l.lines == cmp.Or(l.Lines, 10) {
		l.skipped++
		return false, 0
	}
	l.lines++
	skipped, l.skipped = l.skipped, 0
	return true, skipped
}
