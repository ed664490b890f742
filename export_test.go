package cookiesession

import (
	"time"

	"example.com/cookiesession/internal/wire"
)

// EndOfEventKinds follows the last kind of event.
const EndOfEventKinds = endOfEventKinds

// KnownFlags are all flags of a record.
const KnownFlags = knownFlags

// SealWithRandom is Seal with the random bytes and the time given, for vectors.
func (c *Codec) SealWithRandom(name string, value any, meta Meta, now time.Time, random [16]byte) (string, error) {
	how := c.sealing(name)
	how.now, how.random = now, random
	return how.value(value, meta)
}

// SealRecord seals bytes that need not be a record, as a cookie of one part.
func (c *Codec) SealRecord(name string, record []byte, now time.Time) string {
	return c.SealRecordWithRandom(name, record, 1, now, freshRandom())
}

// SealRecordWithRandom is SealRecord with the number of parts and the random
// bytes given, for vectors. It does not cut the text.
func (c *Codec) SealRecordWithRandom(name string, record []byte, parts int, now time.Time, random [16]byte) string {
	key := c.keys.current().sealing(now)
	token := appendHeader(nil, tokenHeader{parts: parts, key: key.id, issued: now.Unix(), random: random})
	return string(wire.AppendText(nil, sealToken(key, append(token, record...), appendAdditionalData(nil, name, c.label))))
}

// CountTags counts in n how many tags are verified with the keys that k has
// now.
func CountTags(k *Keyring, n *int) {
	for _, key := range k.current().order {
		open := key.open
		key.open = func(dst, nonce, ciphertext, additionalData []byte) ([]byte, error) {
			*n++
			return open(dst, nonce, ciphertext, additionalData)
		}
	}
}

// CodecOptions is what a Manager with these options gives its Codec.
func (o *Options[T]) CodecOptions() *CodecOptions { return o.codecOptions() }

// RecordOf returns what a value seals.
func RecordOf(c *Codec, name, value string) string {
	f := c.finder(name)
	s, err := f.one(value)
	if err != nil {
		return err.Error()
	}
	return string(s.data)
}

// ValueError is the error for a value that did not decode.
func ValueError(err error) error { return valueError(err) }
