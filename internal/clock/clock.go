// Package clock tells the time to the rest of the module. It is [time.Now],
// except for two uses. A process of a test fleet can be given a clock that is
// off; no operating system lets a single process have that. And the command
// shows a session as of the time when its cookie was issued.
package clock

import (
	"sync/atomic"
	"time"
)

var offset atomic.Int64

// Now returns the current time, moved by the offset, if one was set.
func Now() time.Time {
	now := time.Now()
	if d := offset.Load(); d != 0 {
		return now.Add(time.Duration(d))
	}
	return now
}

// SetOffset makes [Now] tell a time that is off by d, for the two uses that the
// package has.
func SetOffset(d time.Duration) { offset.Store(int64(d)) }
