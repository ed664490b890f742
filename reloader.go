package cookiesession

import (
	"errors"
	"slices"
	"sync"
	"time"

	"example.com/cookiesession/internal/clock"
)

const (
	earlyInterval  = time.Second            // at least between two early reloads
	earlyWait      = 100 * time.Millisecond // at most, for a request
	unknownIDsKept = 64
)

// A reloader has the file of a watched [Keyring] read before its time, for a
// request whose cookie has a key that the ring lacks. The replica that first
// reads a changed file may seal with a key that the others have not seen. When
// one of these then takes its visitors for new ones, their new sessions replace
// those that they have. So such a request waits while the file is read.
//
// A reloader has its own lock, so that no request waits for a Keyring that is
// being changed.
type reloader struct {
	mu      sync.Mutex // guards the fields below
	off     bool
	wake    chan struct{} // to Watch; nil if the ring is not watched
	running *earlyReload  // nil if there is none
	began   time.Time     // the last one

	// After a key's retirement visitors bring its id all day. It is not worth a
	// reading, nor a wait, until the ring changes.
	unknown   [unknownIDsKept]keyID // the latest of them, overwritten in turn
	remembers int                   // how many were ever put there
	of        *ring                 // that they are unknown to
}

// An earlyReload is one that requests wait for.
type earlyReload struct {
	reading bool // the file is being read, perhaps not in its latest form
	done    chan struct{}
}

// SetEarlyReload says whether a cookie of an unknown key makes a watched ring
// read its file before the next interval is over; it does unless told
// otherwise. That happens at most once a second, and only those requests wait
// for it that have such a cookie, for at most 100 ms. Switch it off where a
// reading costs money, and then let new keys activate later than every
// replica's interval.
func (k *Keyring) SetEarlyReload(on bool) {
	k.reloader.mu.Lock()
	defer k.reloader.mu.Unlock()
	k.reloader.off = !on
}

// reloadFor is called for a well-formed token whose key a snapshot lacks. It
// returns a newer snapshot that knows the key, if need be after an early
// reload, or nil.
func (k *Keyring) reloadFor(id keyID) *ring {
	if r := k.knowing(id); r != nil {
		return r
	}
	reload, final := k.reloader.join(id, k.current())
	if reload == nil {
		return k.knowing(id) // a reload may have ended between the two questions
	}
	timer := time.NewTimer(earlyWait)
	defer timer.Stop()
	select {
	case <-reload.done:
	case <-timer.C:
		final = false
	}
	r := k.knowing(id)
	if r == nil && final {
		k.reloader.remember(id, k.current())
	}
	return r
}

// knowing returns the snapshot if it knows the key, be it as a revoked one.
func (k *Keyring) knowing(id keyID) *ring {
	r := k.current()
	if _, status := r.find(id, clock.Now()); status == keyUnknown {
		return nil
	}
	return r
}

// reloadEarly makes the reload that a request has asked for. It reports no
// errors: the next poll will, so that the senders of cookies do not decide how
// often. Neither does it wait to see whether a file that has lost keys stays
// so.
func (k *Keyring) reloadEarly() {
	k.reloader.readingBegins()
	if r, err := k.read(); err == nil && !r.doubtful {
		_ = k.take(r)
	}
	k.reloader.readingEnds()
}

// join returns the reload that a request with that id has to wait for, or nil
// if it has not to wait. final is false if the reading had begun before: the
// file may have gained the key since.
func (rl *reloader) join(id keyID, r *ring) (reload *earlyReload, final bool) {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	if rl.off || rl.wake == nil || rl.isUnknown(id, r) {
		return nil, false
	}
	if rl.running != nil {
		return rl.running, !rl.running.reading
	}
	now := clock.Now()
	if !rl.began.IsZero() && now.Sub(rl.began) < earlyInterval {
		return nil, false
	}
	rl.began = now
	rl.running = &earlyReload{done: make(chan struct{})}
	rl.wake <- struct{}{} // has room: there is one reload at a time
	return rl.running, true
}

// remember notes that neither r nor the file has the key.
func (rl *reloader) remember(id keyID, r *ring) {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	if rl.isUnknown(id, r) {
		return
	}
	if rl.of != r {
		rl.of, rl.remembers = r, 0
	}
	rl.unknown[rl.remembers%unknownIDsKept] = id
	rl.remembers++
}

// isUnknown reports whether the key is remembered to be in no file. The caller
// holds rl.mu.
func (rl *reloader) isUnknown(id keyID, r *ring) bool {
	return rl.of == r && slices.Contains(rl.unknown[:min(rl.remembers, unknownIDsKept)], id)
}

// readingBegins says that the file is about to be read.
func (rl *reloader) readingBegins() {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	rl.running.reading = true
}

// readingEnds lets the waiting requests go on.
func (rl *reloader) readingEnds() {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	rl.release()
}

// release ends the running reload, if there is one. The caller holds rl.mu.
func (rl *reloader) release() {
	if rl.running != nil {
		close(rl.running.done)
		rl.running = nil
	}
}

// start makes early reloads possible. Watch receives from wake.
func (rl *reloader) start() (wake <-chan struct{}, err error) {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	if rl.wake != nil {
		return nil, errors.New("cookiesession: keyring: it is watched already")
	}
	rl.wake = make(chan struct{}, 1)
	return rl.wake, nil
}

// stop ends early reloads, and lets the waiting requests go on.
func (rl *reloader) stop() {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	rl.wake = nil
	rl.release()
}
