package cookiesession

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"time"

	"example.com/cookiesession/internal/keytext"
)

// A Key seals and opens sessions. It is 32 random bytes, never a passphrase,
// and carries its schedule with it, see [Key.ActivatesAt] and [Key.RetiresAt].
//
// A Key shows its id alone to everything that prints, logs or marshals it, by
// itself or as a field of something else; only [Key.Secret] gives it away. The
// zero Key is no key, and every use of it is an error.
type Key struct {
	_ [0]func() // two Keys are not compared with ==, which would compare addresses, but with Equal

	m                  *keyMaterial
	activates, retires time.Time
}

// keyMaterial is the use of a key. The secret, and the cipher that was made of
// it, are reached through func values alone. A method can be bypassed: fmt does
// not call one on an unexported field. A pointer can be followed, by go-cmp or
// by printers for debugging. But none of them looks into a func.
type keyMaterial struct {
	id     keyID
	idText string
	secret func() [keytext.SecretSize]byte
	seal   func(dst, nonce, plaintext, additionalData []byte) []byte
	open   func(dst, nonce, ciphertext, additionalData []byte) ([]byte, error)
	err    error // why this process can't seal or open with any key
}

// NewKey returns a new random key.
func NewKey() Key {
	var secret [keytext.SecretSize]byte
	rand.Read(secret[:]) // does not fail
	return newKey(&secret)
}

// newKey takes a pointer because the trace of a panic shows arguments that are
// passed by value.
func newKey(from *[keytext.SecretSize]byte) Key {
	secret, id := *from, deriveKeyID(from)
	m := &keyMaterial{id: id, idText: id.String(), secret: func() [keytext.SecretSize]byte { return secret }}
	aead, err := newXAEAD(from)
	if err != nil {
		m.err = err
		return Key{m: m}
	}
	m.seal, m.open = aead.Seal, aead.Open
	return Key{m: m}
}

// ParseKey reads a key from its csk1_ text, as [Key.Secret] returns it. The
// text has no white space around it, and no schedule; for a text that has, see
// [ParseKeyring]. The error says what is wrong and quotes nothing.
func ParseKey(text string) (Key, error) {
	secret, err := keytext.DecodeKey(text)
	if err != nil {
		return Key{}, fmt.Errorf("cookiesession: %w", err)
	}
	return newKey(&secret), nil
}

// ActivatesAt returns k with the moment from which it may seal. The key of a
// ring that was activated last seals. Before that moment k opens sessions like
// any other key, so a fleet can be given a key, replica by replica, before any
// of them uses it. The zero time stands for a key that has been active since
// ever.
func (k Key) ActivatesAt(t time.Time) Key {
	k.activates = plainTime(t)
	return k
}

// RetiresAt returns k with the moment from which it neither seals nor opens
// anything. That should be no earlier than the lifetime of a session after the
// next key's activation. The zero time stands for never.
func (k Key) RetiresAt(t time.Time) Key {
	k.retires = plainTime(t)
	return k
}

// plainTime strips t of its zone and of the monotonic clock's reading, so that
// equal moments are equal values.
func plainTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

// ID returns the key's id, 6 lower-case hex digits, or "" for the zero Key. It
// is part of every cookie in clear, and nothing secret: events, logs and
// revocations call a key by it.
func (k Key) ID() string {
	if k.m == nil {
		return ""
	}
	return k.m.idText
}

// Secret returns the key's csk1_ text, which [ParseKey] reads, or "" for the
// zero Key. A reader of it can read and make every session of the ring.
func (k Key) Secret() string {
	if k.m == nil {
		return ""
	}
	secret := k.m.secret()
	return keytext.EncodeKey(&secret)
}

// Equal reports, in constant time, whether k and other have the same secret.
// Schedules do not count: a key remains the same key when it is given a date.
// Two zero Keys are equal.
func (k Key) Equal(other Key) bool {
	if k.m == nil || other.m == nil {
		return k.m == other.m
	}
	a, b := k.m.secret(), other.m.secret()
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// Format writes the id, whatever the verb.
func (k Key) Format(f fmt.State, verb rune) { formatText(f, verb, k.ID()) }

// formatText writes text as %q or %s do, with the width that f asks for.
func formatText(f fmt.State, verb rune, text string) {
	if verb != 'q' {
		verb = 's'
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), text)
}

// MarshalText returns the id, which [Key.UnmarshalText] does not read: a key
// that goes through a text encoding loses its secret, on purpose.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.ID()), nil }

// UnmarshalText reads a key from its csk1_ text, as [ParseKey] does, so that
// flags and configuration files can hold one.
func (k *Key) UnmarshalText(text []byte) error {
	parsed, err := ParseKey(string(text))
	if err != nil {
		return err
	}
	*k = parsed
	return nil
}
