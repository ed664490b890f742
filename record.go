package cookiesession

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"time"

	"example.com/cookiesession/internal/wire"
)

// A token seals a Record:
//
//	struct {
//	    uint8   flags;
//	    uvarint age;               /* seconds between creation and issue */
//	    opaque  id[16];            /* only with flagID */
//	    uvarint lifetime;          /* seconds, only with flagLifetime: this session's own lifetime */
//	    opaque  binding[16];       /* only with flagBound, not all zero */
//	    opaque  body[];            /* the value as CBOR (RFC 8949), packed with flagPacked */
//	    opaque  padding[];         /* only with flagPadded: 0x80, then zeros */
//	} Record;
//
// Uvarints are base 128, least significant group first, in shortest form and
// below 2^32. created = issued_at - age. The idle timeout and the usual
// lifetime are the server's configuration and not in the cookie, so that
// shortening them takes effect at once. A new session therefore costs 40 + 2
// bytes and its body.
//
// The binding is here and not in the value, because a handler may replace the
// value as a whole, and a release that lacks a field drops it.
//
// The padding (ISO/IEC 7816-4) fills the record to a multiple of some number of
// bytes, so that lengths come in steps. It is computed at each write.
const (
	flagPacked         = 1 << 0
	flagID             = 1 << 1
	flagLifetime       = 1 << 2
	flagBrowserSession = 1 << 3 // the cookie has no Max-Age, with any options
	flagPadded         = 1 << 4
	flagBound          = 1 << 5
	flagPending        = 1 << 6 // only with flagBound: the binding has not been proven yet
	knownFlags         = 1<<7 - 1

	idSize      = 16
	bindingSize = 16
	padding     = 0x80
)

// A record is a Record in memory, together with the time of its token.
type record struct {
	created  int64 // Unix seconds
	issued   int64 // Unix seconds
	lifetime int64 // seconds; 0: none of its own

	packed         bool
	browserSession bool
	pending        bool              // the binding is
	binding        [bindingSize]byte // zero: none
	hasID          bool
	id             [idSize]byte

	body []byte
}

var (
	errRecord = errors.New("not a version 1 record")
	errFlags  = errors.New("a record with flags that this release does not know")
	errAge    = errors.New("created before 1970")
)

// append appends the record to dst.
func (r *record) append(dst []byte) ([]byte, error) {
	flags := len(dst)
	dst = append(dst, 0)
	age := max(0, r.issued-r.created) // clocks of two replicas may differ
	if age > r.issued {
		return dst, errAge
	}
	dst = binary.AppendUvarint(dst, uint64(age))
	if r.hasID {
		dst[flags] |= flagID
		dst = append(dst, r.id[:]...)
	}
	if r.lifetime != 0 {
		dst[flags] |= flagLifetime
		dst = binary.AppendUvarint(dst, uint64(r.lifetime))
	}
	if r.isBound() {
		dst[flags] |= flagBound
		dst = append(dst, r.binding[:]...)
	}
	dst[flags] |= bit(r.packed, flagPacked) | bit(r.browserSession, flagBrowserSession) | bit(r.pending && r.isBound(), flagPending)
	return append(dst, r.body...), nil
}

func bit(on bool, flag byte) byte {
	if on {
		return flag
	}
	return 0
}

func (r *record) isBound() bool { return r.binding != [bindingSize]byte{} }

// pad pads a record to that many bytes, which are more than it has.
func pad(data []byte, size int) []byte {
	data[0] |= flagPadded
	data = append(data, padding)
	return append(data, make([]byte, size-len(data))...)
}

// cutPadding cuts the padding off data.
func cutPadding(data []byte) (rest []byte, ok bool) {
	return bytes.CutSuffix(bytes.TrimRight(data, "\x00"), []byte{padding})
}

// read reads the record of a token that was issued at that time. The record's
// body aliases data.
func (r *record) read(data []byte, issued int64) error {
	if len(data) > 0 && data[0]&^knownFlags != 0 {
		return newerError(errFlags) // the rest may mean anything
	}
	*r = record{issued: issued}
	if !r.parse(data) {
		return invalidError(ReasonMalformed, errRecord)
	}
	return nil
}

func (r *record) parse(data []byte) (ok bool) {
	if len(data) == 0 {
		return false
	}
	flags, data := data[0], data[1:]
	age, data, ok := cutUvarint(data)
	if !ok || age > r.issued {
		return false
	}
	r.created, r.packed = r.issued-age, flags&flagPacked != 0
	if flags&flagID != 0 {
		if len(data) < idSize {
			return false
		}
		r.hasID, r.id, data = true, [idSize]byte(data), data[idSize:]
	}
	if flags&flagLifetime != 0 {
		r.lifetime, data, ok = cutUvarint(data)
		if !ok || r.lifetime == 0 || r.lifetime > int64(wire.MaxLifetime/time.Second) {
			return false
		}
	}
	r.browserSession, r.pending = flags&flagBrowserSession != 0, flags&flagPending != 0
	if flags&flagBound != 0 {
		if len(data) < bindingSize {
			return false
		}
		r.binding, data = [bindingSize]byte(data), data[bindingSize:]
	}
	if r.isBound() != (flags&flagBound != 0) || r.pending && !r.isBound() {
		return false
	}
	if flags&flagPadded != 0 {
		if data, ok = cutPadding(data); !ok {
			return false
		}
	}
	r.body = data
	return len(data) > 0
}

// cutUvarint cuts an uvarint below 2^32 in shortest form off data.
func cutUvarint(data []byte) (v int64, rest []byte, ok bool) {
	u, n := binary.Uvarint(data)
	if n <= 0 || u > math.MaxUint32 || n > 1 && data[n-1] == 0 {
		return 0, nil, false
	}
	return int64(u), data[n:], true
}

// idText returns the id in its printed form, "" for none.
func (r *record) idText() string {
	if !r.hasID {
		return ""
	}
	return hex.EncodeToString(r.id[:])
}

// wholeSeconds returns d in seconds, rounded up, so that no lifetime becomes
// none.
func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

func (r *record) drawID() {
	r.hasID = true
	_, _ = rand.Read(r.id[:]) // never fails: it ends the program instead
}

// begun returns the record of a session that begins now.
func (r record) begun(now time.Time) record {
	r.created, r.issued = now.Unix(), now.Unix()
	return r
}
