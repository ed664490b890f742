package cookiesession

import (
	"fmt"
	"slices"
	"time"

	"example.com/cookiesession/internal/clock"
)

const (
	unwatchedFor   = 10 * time.Minute // from opening a file until Watch
	missedReadings = 3                // intervals
	minExpected    = 20 * time.Second // of an interval, to notice a missed reading
	maxExpected    = 365 * 24 * time.Hour
)

// health holds the faults of a ring that is used all the same, except those
// that the ring itself shows.
type health struct {
	file    []string      // of the file that was taken last
	back    []*ringKey    // that this file has, and that were revoked
	longest time.Duration // life of a session
	overdue string        // that the file has not been read
}

// A keyringWarning is a fault of a ring that is used all the same.
type keyringWarning struct {
	keyID string // "" if it is not about one key
	text  string
}

func (w keyringWarning) Error() string { return "cookiesession: keyring: " + w.text }

// Warnings returns the faults of the ring that do not keep it from being used:
//
//   - others may read the file, or exchange it;
//   - the file has lost a key without revoking it: it still opens, for at most
//     7 days. To withdraw a key, revoke it;
//   - the file has a key again that was revoked: it stays revoked until the
//     process ends. Most likely an older copy of the file has replaced it;
//   - a key retires before its sessions can be over, by Options.Lifetime,
//     MaxLifetime and IdleTimeout;
//   - the file is not watched, or has not been read for three intervals.
func (k *Keyring) Warnings() []string {
	var texts []string
	for _, w := range k.status(clock.Now()).warnings {
		texts = append(texts, w.text)
	}
	return texts
}

// newWarnings returns the warnings of s that last does not have. last may be
// nil.
func (s *keyringStatus) newWarnings(last *keyringStatus) []keyringWarning {
	return slices.DeleteFunc(slices.Clone(s.warnings), func(w keyringWarning) bool {
		return last != nil && slices.Contains(last.warnings, w)
	})
}

// warn reports the faults as they are now. The caller holds k.mu.
func (k *Keyring) warn(now time.Time) {
	warnings := k.health.warnings(k.current(), now)
	if slices.Equal(k.latest().warnings, warnings) {
		return
	}
	s := *k.latest()
	s.warnings = warnings
	k.report.Store(&s)
}

func (h *health) warnings(r *ring, now time.Time) (warnings []keyringWarning) {
	warn := func(keyID, format string, args ...any) {
		warnings = append(warnings, keyringWarning{keyID, fmt.Sprintf(format, args...)})
	}
	for _, text := range h.file {
		warn("", "%s", text)
	}
	for _, k := range r.order {
		if k.isKept() && !isRetired(k.retires, now) {
			warn(k.idText, "the file has lost key %s, which opens until %s all the same: to withdraw a key, revoke it", k.idText, k.retires.Format(time.RFC3339))
		}
	}
	for _, k := range h.back {
		warn(k.idText, "the file has key %s again, which was revoked, and stays so until this process ends: is it an older copy?", k.idText)
	}
	for _, k := range r.short(h.longest, now) {
		warn(k.idText, "key %s retires %s after the next key's activation, and sessions live for %s: rotate with -lifetime %[3]s", k.idText, days(k.opens), days(h.longest))
	}
	if h.overdue != "" {
		warn("", "%s", h.overdue)
	}
	return warnings
}

// days writes d as the command's flags read it.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}

// back returns the keys of given that r has revoked.
func (r *ring) back(given *ring) (back []*ringKey) {
	for _, k := range given.order {
		if r.revokes(k.id) {
			back = append(back, k)
		}
	}
	return back
}

// A shortKey is a key that does not open for long enough.
type shortKey struct {
	*ringKey
	opens time.Duration // after its successor has begun to seal
}

// short returns the keys that retire too early. A key seals until its successor
// is activated, and has to open until those sessions are over.
func (r *ring) short(longest time.Duration, now time.Time) (short []shortKey) {
	for i, k := range r.order {
		if i == 0 || k.isKept() || k.retires.IsZero() || isRetired(k.retires, now) {
			continue
		}
		next := r.order[i-1].activates
		if opens := k.retires.Sub(next); !next.IsZero() && opens < longest {
			short = append(short, shortKey{k, opens})
		}
	}
	return short
}

// serve notes that there are sessions of that policy. One with an idle timeout
// is renewed, under the key that seals, or ends before its lifetime is over.
func (k *Keyring) serve(p *policy) {
	longest := p.maxLifetime
	if p.idleTimeout > 0 {
		longest = min(longest, p.idleTimeout)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.health.longest = max(k.health.longest, time.Duration(longest)*time.Second)
	k.warn(clock.Now())
}

// expectReading says that the file has to be read within that time.
func (k *Keyring) expectReading(within time.Duration) {
	k.overdue.Store(clock.Now().Add(within).UnixNano())
}

// noteOverdue reports that the file was not read when it should have been.
func (k *Keyring) noteOverdue() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.overdue.Swap(0) == 0 {
		return // another request was first
	}
	k.health.overdue = fmt.Sprintf("%s has not been read since %s: is Keyring.Watch running?", k.path, k.Loaded().UTC().Format(time.RFC3339))
	k.warn(clock.Now())
}
