package cookiesession

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"example.com/cookiesession/internal/clock"
	"example.com/cookiesession/internal/keytext"
)

// KeyringSealing returns the id of the key that seals at a moment, "" if there
// is none, and whether it is a pending one.
func KeyringSealing(k *Keyring, at time.Time) (id string, pending bool) {
	r := k.current()
	if key := r.sealing(at); key != nil {
		id = key.idText
	}
	return id, r.pending(at)
}

// KeyringFind says how the key of an id stands at a moment.
func KeyringFind(k *Keyring, id string, at time.Time) string {
	key, status := k.current().find(keyringID(id), at)
	if (key != nil) != (status == keyFound) || key != nil && key.idText != id {
		return "inconsistent"
	}
	return map[keyStatus]string{keyUnknown: "unknown", keyFound: "found", keyRevoked: "revoked"}[status]
}

// KeyringSuperseded reports whether cookies of the key of an id are stale.
func KeyringSuperseded(k *Keyring, id string, at time.Time) bool {
	r := k.current()
	key, _ := r.find(keyringID(id), at)
	return r.superseded(key, at)
}

// KeyringReloadFor reports whether a newer ring than that of the last reading
// knows the key of an id.
func KeyringReloadFor(k *Keyring, id string) bool { return k.reloadFor(keyringID(id)) != nil }

// KeyringBeginReading puts the ring into the state of an early reload that has
// begun to read the file. The result ends it, without having found anything.
func KeyringBeginReading(k *Keyring) (end func()) {
	k.reloader.mu.Lock()
	defer k.reloader.mu.Unlock()
	k.reloader.running = &earlyReload{reading: true, done: make(chan struct{})}
	return k.reloader.readingEnds
}

// KeyringStatus returns what a Manager watches.
func KeyringStatus(k *Keyring) (generation, refused uint64, created bool, err error) {
	s := k.status(clock.Now())
	return s.generation, s.refused, s.created, s.err
}

// KeyringStatusPointer returns what a Manager compares.
func KeyringStatusPointer(k *Keyring) any { return k.status(clock.Now()) }

// KeyringSnapshot returns the ring, for printers.
func KeyringSnapshot(k *Keyring) any { return k.current() }

// KeyringCanonical returns the one text of all those that make the same ring.
func KeyringCanonical(text string) (string, error) {
	if _, err := parseRing(text, clock.Now()); err != nil {
		return "", err
	}
	file, _ := keytext.Parse(text)
	var b strings.Builder
	for _, k := range file.Keys {
		b.WriteString(keytext.EncodeKey(&k.Secret))
		if t := k.Activates.Time; !t.IsZero() {
			b.WriteString(" activates=" + t.Format(time.RFC3339Nano))
		}
		if t := k.Retires.Time; !t.IsZero() {
			b.WriteString(" retires=" + t.Format(time.RFC3339Nano))
		}
		b.WriteByte('\n')
	}
	for _, r := range file.Revoked {
		b.WriteString("revoked")
		for _, id := range r.IDs {
			b.WriteString(" " + hex.EncodeToString(id[:]))
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// KeyringEqual reports whether two keyrings hold the same keys, schedules and
// revocations.
func KeyringEqual(a, b *Keyring) bool { return a.current().equal(b.current()) }

// KeyringSealOpen seals with the key that seals now, opens with the key of that
// id in another keyring, and reports whether that worked.
func KeyringSealOpen(from, to *Keyring, id string) bool {
	nonce := make([]byte, 24)
	sealed := from.current().byID[keyringID(id)].seal(nil, nonce, []byte("text"), nil)
	text, err := to.current().byID[keyringID(id)].open(nil, nonce, sealed, nil)
	return err == nil && string(text) == "text"
}

// KeyringSecrets returns the bytes that no printer may show: the secret, and
// the cipher's key, which is as good.
func KeyringSecrets(k Key) (secret, cipherKey []byte) {
	s := k.m.secret()
	cipherKey, err := hkdf.Key(sha256.New, s[:], nil, "cookiesession v1 seal", 32)
	if err != nil {
		panic(err)
	}
	return s[:], cipherKey
}

func keyringID(id string) (raw keyID) {
	hex.Decode(raw[:], []byte(id))
	return raw
}

// KeyringLookup returns all that a request asks the ring: to open a cookie of
// the key of an id, to tell whether it is stale, and to seal.
func KeyringLookup(k *Keyring, id string, at time.Time) func() {
	raw := keyringID(id)
	return func() {
		r := k.current()
		key, _ := r.find(raw, at)
		if key == nil || r.sealing(at) == nil || !r.superseded(key, at) || r.pending(at) {
			panic("the ring is not as the test needs it")
		}
		k.status(clock.Now())
	}
}
