package cookiesession

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"example.com/cookiesession/internal/clock"
)

const (
	earlySpacing = 50 * time.Millisecond  // between the beginnings of two early reloads
	earlyWait    = 100 * time.Millisecond // at most, for a request
	firstRetry   = time.Second            // until a key that the file did not have is looked for again
	lastRetry    = time.Minute
	unknownKept  = 64
)

// A reloader has the file of a watched [Keyring] read before its time, for a
// request whose cookie has a key that the ring lacks. The replica that first
// reads a changed file may seal with a key that the others have not seen. When
// one of these then takes its visitors for new ones, their new sessions replace
// those that they have. So such a request waits while the file is read.
//
// Anybody can make up ids. That must not keep the file from being read for a
// visitor, so each request may wait for a reading that begins after it has
// come. Readings are few because many requests wait for the same one.
//
// A reloader has its own lock, so that no request waits for a Keyring that is
// being changed.
type reloader struct {
	mu      sync.Mutex // guards the fields below
	off     bool
	wake    chan struct{} // to Watch; nil if the ring is not watched
	running *earlyReload  // nil if there is none
	began   time.Time     // the last one

	// The file may come after the first visitors with a new key, but after a
	// key's retirement visitors bring its id all day. So a key that the file
	// did not have is looked for again after 1, 2, 4 ... seconds.
	unknown [unknownKept]unknownKey // the latest of them, overwritten in turn
	noted   int                     // how many were ever put there
	of      *ring                   // that they are unknown to
}

// An unknownKey is one that was not in the file when it was looked for.
type unknownKey struct {
	id    keyID
	retry time.Duration
	until time.Time // when retry is over
}

// An earlyReload is one that requests wait for.
type earlyReload struct {
	reading bool // the file is being read, perhaps not in its latest form, or was
	done    chan struct{}
}

// SetEarlyReload says whether a cookie of an unknown key makes a watched ring
// read its file before the next interval is over; it does unless told
// otherwise. Only requests with such a cookie wait for it, for at most 100 ms.
// The file is read early at most 20 times per second. For one key it is read
// again after 1, 2, 4 and so on up to 60 seconds. Switch it off where a reading
// costs money, and then let new keys activate later than every replica's
// interval.
func (k *Keyring) SetEarlyReload(on bool) {
	k.reloader.mu.Lock()
	defer k.reloader.mu.Unlock()
	k.reloader.off = !on
}

// reloadFor is called for a well-formed token whose key a snapshot lacks. It
// returns a newer snapshot that knows the key, if need be after an early
// reload, or nil.
func (k *Keyring) reloadFor(id keyID) *ring {
	var timer *time.Timer // most requests do not wait
	for {
		if r := k.knowing(id); r != nil {
			return r
		}
		reload, final := k.reloader.join(id, k.current)
		if reload == nil {
			return k.knowing(id) // a reload may have ended between the two questions
		}
		if timer == nil {
			timer = time.NewTimer(earlyWait)
			defer timer.Stop()
		}
		select {
		case <-reload.done:
		case <-timer.C:
			return k.knowing(id)
		}
		if final && reload.reading { // else the file was not read: Watch has ended
			r := k.knowing(id)
			if r == nil {
				k.reloader.note(id, k.current())
			}
			return r
		}
	}
}

// knowing returns the snapshot if it knows the key, perhaps as a revoked one.
func (k *Keyring) knowing(id keyID) *ring {
	r := k.current()
	if _, status := r.find(id, clock.Now()); status == keyUnknown {
		return nil
	}
	return r
}

// reloadEarly makes the reload that a request has asked for. It reports no
// errors: the next poll will, so that the senders of cookies do not decide how
// often. If the file has lost keys, it does not wait for a second reading.
func (k *Keyring) reloadEarly(ctx context.Context) {
	defer k.reloader.readingEnds()
	if sleep(ctx, k.reloader.pause()) != nil {
		return
	}
	k.reloader.readingBegins()
	if r, err := k.read(); err == nil && !r.doubtful {
		_ = k.take(r)
	}
}

// join returns the reload that a request with that id has to wait for, or nil
// if it need not wait. final is false if the reading had begun before: the file
// may have gained the key since.
func (rl *reloader) join(id keyID, current func() *ring) (reload *earlyReload, final bool) {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	if rl.off || rl.wake == nil {
		return nil, false
	}
	r := current()
	if _, status := r.find(id, clock.Now()); status != keyUnknown {
		return nil, false // a reload has ended since the request looked
	}
	if u := rl.find(id, r); u != nil && clock.Now().Before(u.until) {
		return nil, false
	}
	if rl.running == nil {
		rl.running = &earlyReload{done: make(chan struct{})}
		rl.wake <- struct{}{} // has room: there is one reload at a time
	}
	return rl.running, !rl.running.reading
}

// note says that neither r nor the file has the key.
func (rl *reloader) note(id keyID, r *ring) {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	now := clock.Now()
	u := rl.find(id, r)
	switch {
	case u == nil:
		if rl.of != r {
			rl.of, rl.noted = r, 0
		}
		u = &rl.unknown[rl.noted%unknownKept]
		rl.noted++
		*u = unknownKey{id: id, retry: firstRetry}
	case now.Before(u.until):
		return // another request that waited for the same reading was first
	default:
		u.retry = min(2*u.retry, lastRetry)
	}
	u.until = now.Add(u.retry)
}

// find returns the note about a key, or nil. The caller holds rl.mu.
func (rl *reloader) find(id keyID, r *ring) *unknownKey {
	if rl.of != r {
		return nil
	}
	noted := rl.unknown[:min(rl.noted, unknownKept)]
	if i := slices.IndexFunc(noted, func(u unknownKey) bool { return u.id == id }); i >= 0 {
		return &noted[i]
	}
	return nil
}

// pause returns how long to wait before the next reading.
func (rl *reloader) pause() time.Duration {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	if rl.began.IsZero() {
		return 0
	}
	return min(earlySpacing, max(0, rl.began.Add(earlySpacing).Sub(clock.Now())))
}

// readingBegins says that the file is about to be read.
func (rl *reloader) readingBegins() {
	rl.mu.Lock()
	defer rl.mu.Unlock()
	rl.running.reading, rl.began = true, clock.Now()
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
