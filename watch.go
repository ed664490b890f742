package cookiesession

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keyfile"
)

const (
	defaultInterval = time.Minute
	minInterval     = 10 * time.Millisecond
	confirmAfter    = time.Second // before a file that has lost keys is believed
)

// Watch keeps the ring up to date with its file, until ctx ends: run it in a
// goroutine of its own. It reads the file at once and then every interval (0:
// one minute), or up to a fifth of it earlier, so that the replicas of a fleet
// do not all read at once. It compares the text of the file. So it does not
// matter whether the file was written to, was replaced by a rename, or is
// behind a symbolic link that was switched.
//
// A file is not taken if it cannot be read, has a mistake in it, or holds no
// key that could seal. It is not taken either if it shares no key with the
// ring, unless its sealing key was activated since the last reading. In all
// these cases the ring stays as it is, except that keys which the file revokes
// are revoked. A file that has lost keys is taken if a second reading, one
// second later, finds the same, since the first may have met a file
// half-written.
//
// Deleting a key's line does not withdraw the key. If the file has lost a key
// that opens, it is kept as an opener for at most 7 days, see
// [Keyring.Warnings]. To withdraw a key, revoke it. It stays revoked until the
// process ends, even if the file changes later.
//
// onError, if it is not nil, is called by this goroutine. It gets the reason
// why a file was not taken, again at every reading, and each of
// [Keyring.Warnings] when it first appears. A ring that has no file, or is
// being watched already, is reported at once, and Watch returns.
//
// While a ring is watched, a cookie of a key that it does not know makes it
// read the file early: see [Keyring.SetEarlyReload].
func (k *Keyring) Watch(ctx context.Context, interval time.Duration, onError func(error)) {
	if onError == nil {
		onError = func(error) {}
	}
	if k.path == "" {
		onError(errors.New("cookiesession: keyring: there is no file to watch: use OpenKeyring or LoadOrCreateKeyring"))
		return
	}
	wake, err := k.reloader.start()
	if err != nil {
		onError(err)
		return
	}
	defer k.reloader.stop()
	if interval <= 0 {
		interval = defaultInterval
	}
	interval = max(interval, minInterval)

	var reported *keyringStatus
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			k.reloadEarly(ctx)
			continue
		case <-timer.C:
		}
		if err := k.poll(ctx); err != nil && ctx.Err() == nil {
			onError(fmt.Errorf("cookiesession: keyring not reloaded: %w", err))
		}
		for _, w := range k.latest().newWarnings(reported) {
			onError(w)
		}
		reported = k.latest()
		k.expectReading(missedReadings * min(max(interval, minExpected), maxExpected))
		timer.Reset(interval - rand.N(interval/5+1))
	}
}

// poll reads the file and takes it if it may. The error says why not.
func (k *Keyring) poll(ctx context.Context) error {
	r, err := k.read()
	if err == nil && r.doubtful {
		if err := sleep(ctx, confirmAfter); err != nil {
			return err
		}
		first := r.digest
		r, err = k.read()
		if err == nil && r.doubtful && r.digest != first {
			r.err = errors.New("it has lost keys, and still changes")
		}
	}
	if err == nil {
		err = k.take(r)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settle(err)
	k.health.overdue = ""
	k.warn(clock.Now())
	return err
}

// A reading is the result of one look at the file.
type reading struct {
	file     *keyfile.File
	digest   [sha256.Size]byte // tells whether two texts are the same without keeping the secrets of one
	given    *ring             // has the revocations, also if there is an error
	err      error             // why given must not be taken
	doubtful bool              // the file may have been met half-written
}

// read looks at the file. An error says that the file cannot be read.
func (k *Keyring) read() (reading, error) {
	file, err := keyfile.Read(k.path)
	if err != nil {
		return reading{}, err
	}
	r, now := reading{file: file, digest: sha256.Sum256([]byte(file.Text))}, clock.Now()
	r.given, r.err = parseRing(file.Text, now)
	r.doubtful = r.err == nil && k.current().shrinks(r.given, now)
	return r, nil
}

// take makes a reading the snapshot, or returns the reason why it is not.
func (k *Keyring) take(r reading) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := clock.Now()
	var next *ring
	err := r.err
	if err == nil {
		next, err = k.current().followedBy(r.given, k.Loaded(), now)
	}
	if err == nil {
		k.health.file = r.file.Warnings(keyfile.Self())
	}
	k.install(next, r.given, err, now)
	if err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	return nil
}

// sleep waits, or returns the error of ctx if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
