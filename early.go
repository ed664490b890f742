package cookiesession

import (
	"errors"
	"slices"
	"time"

	"example.com/cookiesession/internal/clock"
)

const (
	earlyInterval  = time.Second            // at least between two early reloads
	earlyWait      = 100 * time.Millisecond // at most, for a request
	unknownIDsKept = 64
)

// earlyReload is what a [Keyring] knows of keys that it does not know. The
// replica that first reads a changed file may seal with a key that the others
// have not seen. A visitor who then comes to one of those must not be taken for
// a new one, because the new session would replace his; so his request waits
// while the file is read. All fields are guarded by the Keyring's mu.
type earlyReload struct {
	off    bool
	wake   chan struct{} // to Watch; nil if the ring is not watched
	flight *flight       // the reload that requests wait for, if there is one
	began  time.Time     // the last one

	// After a key's retirement visitors bring its id all day. It is not worth a
	// reading, nor a wait, until the ring changes.
	unknown   [unknownIDsKept]keyID // the latest of them, overwritten in turn
	remembers int                   // how many were ever put there
	of        *ring                 // that they are unknown to
}

// A flight is one early reload.
type flight struct {
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
	k.mu.Lock()
	defer k.mu.Unlock()
	k.early.off = !on
}

// reloadFor is called for a well-formed token whose key a snapshot lacks. It
// returns a newer snapshot that knows the key, if need be after an early
// reload, or nil.
func (k *Keyring) reloadFor(id keyID) *ring {
	if r := k.knowing(id); r != nil {
		return r
	}
	f, conclusive := k.board(id)
	if f == nil {
		return k.knowing(id) // a reload may have ended between the two questions
	}
	timer := time.NewTimer(earlyWait)
	defer timer.Stop()
	select {
	case <-f.done:
	case <-timer.C:
		conclusive = false
	}
	r := k.knowing(id)
	if r == nil && conclusive {
		k.remember(id)
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

// board returns the reload that a request with that id is to wait for, or nil
// if it is not to wait. If the reading has begun, the file may have changed
// since, and that it does not have the key is not conclusive.
func (k *Keyring) board(id keyID) (f *flight, conclusive bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e := &k.early
	if e.off || e.wake == nil || e.knownAsUnknown(id, k.current()) {
		return nil, false
	}
	if e.flight != nil {
		return e.flight, !e.flight.reading
	}
	now := clock.Now()
	if !e.began.IsZero() && now.Sub(e.began) < earlyInterval {
		return nil, false
	}
	e.began = now
	e.flight = &flight{done: make(chan struct{})}
	e.wake <- struct{}{} // has room: there is one flight at a time
	return e.flight, true
}

// remember notes that the ring lacks the key and the file does, too.
func (k *Keyring) remember(id keyID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, r := &k.early, k.current()
	if e.knownAsUnknown(id, r) {
		return
	}
	if e.of != r {
		e.of, e.remembers = r, 0
	}
	e.unknown[e.remembers%unknownIDsKept] = id
	e.remembers++
}

func (e *earlyReload) knownAsUnknown(id keyID, r *ring) bool {
	return e.of == r && slices.Contains(e.unknown[:min(e.remembers, unknownIDsKept)], id)
}

// reloadEarly makes the reload that a request asked for. It reports no errors:
// the next poll will, and those who send cookies do not decide how often.
// Neither does it wait to see whether a file that has lost keys stays so.
func (k *Keyring) reloadEarly() {
	k.mu.Lock()
	k.early.flight.reading = true
	k.mu.Unlock()
	if r, err := k.read(); err == nil && !r.doubtful {
		_ = k.take(r)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.early.land()
}

// land lets the waiting requests go on.
func (e *earlyReload) land() {
	if e.flight != nil {
		close(e.flight.done)
		e.flight = nil
	}
}

// beginWatch makes early reloads possible. Watch receives from wake.
func (k *Keyring) beginWatch() (wake <-chan struct{}, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.path == "":
		return nil, errors.New("cookiesession: keyring: there is no file to watch: use OpenKeyring or LoadOrCreateKeyring")
	case k.early.wake != nil:
		return nil, errors.New("cookiesession: keyring: it is watched already")
	}
	k.early.wake = make(chan struct{}, 1)
	return k.early.wake, nil
}

func (k *Keyring) endWatch() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.early.wake = nil
	k.early.land()
}
