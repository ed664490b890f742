package cookiesession

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"example.com/cookiesession/internal/clock"
)

const (
	defaultInterval = time.Minute
	minInterval     = 10 * time.Millisecond
	confirmAfter    = time.Second // before a file that has lost keys is believed
)

// Watch keeps the ring up to date with its file, until ctx ends: run it in a
// goroutine of its own. It reads the file at once and then every interval (0:
// one minute), or up to a fifth of it earlier, lest a fleet do so in step. It
// compares the text of the file, so that it does not matter whether the file
// was written to, renamed over, or is behind a symbolic link that was switched.
//
// A file that cannot be read, has a mistake in it, holds no key, or lacks the
// key that seals now without revoking it is not taken; the ring stays as it is,
// except for the keys that the file revokes in spite of all that. So revoke a
// leaked key, rather than just delete its line. A file that has lost other keys
// is taken if a second reading, one second later, finds the same, since the
// first may have met a file half-written.
//
// onError, if it is not nil, is called by this goroutine with each reason for
// which a file was not taken, again at every reading, and once with each of
// [Keyring.Warnings]. A ring that has no file, or is being watched already, is
// reported at once, and Watch returns.
//
// While a ring is watched, a cookie of a key that it does not know makes it
// read the file early, at most once a second: see [Keyring.SetEarlyReload].
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

	var warned []string
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			k.reloadEarly()
			continue
		case <-timer.C:
		}
		if err := k.poll(ctx); err != nil && ctx.Err() == nil {
			onError(fmt.Errorf("cookiesession: keyring not reloaded: %w", err))
		}
		for _, w := range k.status().warnings {
			if !slices.Contains(warned, w) {
				warned = append(warned, w)
				onError(errors.New("cookiesession: keyring: " + w))
			}
		}
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
		first := r.file.digest
		r, err = k.read()
		if err == nil && r.doubtful && r.file.digest != first {
			r.err = errors.New("it has lost keys, and still changes")
		}
	}
	if err == nil {
		err = k.take(r)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.settle(err)
	return err
}

// A reading is the result of one look at the file.
type reading struct {
	file     *keyringFile
	next     *ring
	revoked  map[keyID]struct{} // understood, also if there is an error
	err      error              // why next is not to be taken
	doubtful bool               // the file may have been met half-written
}

// read looks at the file. The error is that of a file that cannot be read.
func (k *Keyring) read() (reading, error) {
	file, err := readKeyringFile(k.path)
	if err != nil {
		return reading{}, err
	}
	r, now := reading{file: file}, clock.Now()
	r.next, r.revoked, r.err = parseRing(file.text, now)
	r.doubtful = r.err == nil && k.current().shrinks(r.next, now)
	return r, nil
}

// take makes a reading the snapshot, or returns the reason why it is not.
func (k *Keyring) take(r reading) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.install(r.next, r.revoked, r.err); err != nil {
		return fmt.Errorf("%s: %w", k.path, err)
	}
	k.warn(r.file.warnings())
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
