package webrule

import (
	"sync"
	"time"
)

// A LogLimit lets through ten lines a minute of what may happen at every
// request, and counts the others. The zero value is ready for use.
type LogLimit struct {
	mu      sync.Mutex
	start   time.Time // of the minute
	lines   int       // that were let through in it
	skipped int       // since the last line that was let through
}

// Allow reports whether a line may be logged now, and if so, how many were not
// since the last one.
func (l *LogLimit) Allow(now time.Time) (ok bool, skipped int) {
	const most = 10
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.start) >= time.Minute {
		l.start, l.lines = now, 0
	}
	if l.lines == most {
		l.skipped++
		return false, 0
	}
	l.lines++
	skipped, l.skipped = l.skipped, 0
	return true, skipped
}
