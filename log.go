package cookiesession

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/webrule"
)

// An eventLog stands in for Options.OnEvent: a lost change must not go
// unnoticed, and neither must a fault that will cost sessions. Lines that could
// come at every request are limited, and a line tells how many were left out
// before it.
type eventLog struct {
	limits    [endOfEventKinds]webrule.LogLimit
	strangers strangers
}

// logLines has a row for each kind that is logged.
var logLines = [endOfEventKinds]struct {
	level  slog.Level
	hourly bool // at most one line an hour; else ten a minute
	text   string
}{
	EventSaveFailed: {slog.LevelError, false, "session not saved"},
	EventLate:       {slog.LevelError, false, "session changed after the response headers were sent; the change is lost: change it before the first write"},
	EventTimedOut:   {slog.LevelError, false, "session changed by a request that was given up; the change is lost, unless it was a Destroy"},

	EventRefused: {slog.LevelWarn, true, "cookies are sealed by unknown keys; if that goes on, this replica lacks keys of the others"},
	EventHijacked: {slog.LevelWarn, true, "connection taken over with an unsent session cookie; " +
		"it reaches the client only if the handler sends it: see Manager.Cookies"},
	EventNearLimit: {slog.LevelWarn, true, "a session fills more than three quarters of the room in its cookies"},

	EventKeysRefused: {slog.LevelError, true, "new keys not taken"},
	EventKeysCreated: {slog.LevelWarn, true, "new keyring made, so no session from before opens; " +
		"if this happens at each start, put its file where it stays, such as on a volume"},
	EventKeysPending: {slog.LevelWarn, true, "no key is active yet, and one seals early; a clock or a schedule is wrong"},
	EventKeysWarning: {slog.LevelError, false, "something is wrong with the keyring"},

	EventInsecureTLS: {slog.LevelWarn, true, "Options.Insecure is set, but the request came over TLS; leave it off, so that cookies are Secure"},
	EventPlainHTTP: {slog.LevelInfo, true, "a Secure cookie was set on a page over plain HTTP, where browsers drop it; " +
		"serve TLS, or if a proxy does, have it send X-Forwarded-Proto: https; Options.Insecure is for development only"},
}

func newEventLog() *eventLog {
	l := new(eventLog)
	for kind := range logLines {
		if logLines[kind].hourly {
			l.limits[kind].Lines, l.limits[kind].Per = 1, time.Hour
		}
	}
	return l
}

// log is called with each event.
func (l *eventLog) log(r *http.Request, e Event) {
	switch {
	case e.Kind == EventOpened:
		l.strangers.opened.Add(1)
		return
	case e.Kind == EventRefused && e.Reason != ReasonUnknownKey:
		return
	case e.Kind == EventTimedOut && e.Reason == "":
		return // no change is known of
	case logLines[e.Kind].text == "":
		return
	}
	now := clock.Now()
	args := []any{"cookie", e.Cookie}
	if e.Kind == EventRefused {
		unknown, opened := l.strangers.count(now)
		if unknown == 0 {
			return
		}
		args = append(args, "unknown", unknown, "opened", opened)
	} else {
		ok, skipped := l.limits[e.Kind].Allow(now)
		if !ok {
			return
		}
		if skipped > 0 {
			args = append(args, "skipped", skipped)
		}
	}
	line := logLines[e.Kind]
	if errors.Is(e.Err, ErrTooLarge) {
		line.level = slog.LevelWarn
	}
	if e.Err != nil && e.Kind != EventRefused {
		args = append(args, "error", e.Err)
	}
	if e.KeyID != "" {
		args = append(args, "key", e.KeyID)
	}
	if e.Limit != 0 {
		args = append(args, "size", e.Size, "limit", e.Limit)
	}
	ctx := context.Background()
	if r != nil {
		ctx = r.Context()
	}
	slog.Log(ctx, line.level, "cookiesession: "+line.text, args...)
}

// strangers count cookies of unknown keys. Anybody can send one, and visitors
// of long ago do. Only if they are many, compared with the cookies that open,
// this replica may lack a key.
type strangers struct {
	opened atomic.Int64 // since start

	mu      sync.Mutex
	start   time.Time // of the count
	unknown int64     // since start
	quiet   time.Time // until then, there is no line
}

// count counts a cookie of an unknown key. It returns the counts since the last
// line if another line is due, and else zero.
func (s *strangers) count(now time.Time) (unknown, opened int64) {
	const least, percent = 10, 1
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown++
	unknown, opened = s.unknown, s.opened.Load()
	switch {
	case now.Before(s.quiet):
		return 0, 0
	case unknown >= least && 100*unknown > percent*opened:
		s.quiet = now.Add(time.Hour)
		s.begin(now, 0)
		return unknown, opened
	case now.Sub(s.start) >= time.Hour:
		s.begin(now, 1)
	}
	return 0, 0
}

func (s *strangers) begin(now time.Time, unknown int64) {
	s.start, s.unknown = now, unknown
	s.opened.Store(0)
}
