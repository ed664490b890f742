package cookiesession

import "time"

// SealWithRandom is Seal with the random bytes and the time given, for vectors.
func (c *Codec) SealWithRandom(name string, value any, meta Meta, now time.Time, random [16]byte) (string, error) {
	return c.seal(name, value, meta, now, random)
}

// SealRecord seals bytes that need not be a record, as a cookie of one part.
func (c *Codec) SealRecord(name string, record []byte, now time.Time) string {
	return c.SealRecordWithRandom(name, record, now, freshRandom())
}

// SealRecordWithRandom is SealRecord with the random bytes given, for vectors.
func (c *Codec) SealRecordWithRandom(name string, record []byte, now time.Time, random [16]byte) string {
	key := c.keys.current().sealing(now)
	token := appendHeader(nil, key.id, now.Unix(), 1, random)
	return string(appendTokenText(nil, sealToken(key, append(token, record...), appendAdditionalData(nil, name, c.label))))
}
