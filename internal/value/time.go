package value

import (
	"reflect"
	"time"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
)

var timeType = reflect.TypeFor[time.Time]()

// The seconds of the years 1 to 9999: the range of time.Time's own formats.
var (
	minTime = time.Time{}.Unix()
	maxTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() - 1
)

// timeCodec is for times. As the key of a map, which is compared with its
// Location, a time is an instant, in UTC.
type timeCodec struct{ key bool }

func (c timeCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	at, _ := reflect.TypeAssert[time.Time](v)
	if c.key {
		at = at.UTC()
	}
	return writeTime(t, at, depth)
}

func (c timeCodec) decode(d *decoder, v reflect.Value, _ int) error {
	k := d.next()
	if k.Kind != cbor.Tag || k.N != tag.Time && k.N != tag.TimeNanos && (k.N != tag.TimeOffset || c.key) {
		return typed(mismatch(k), timeType)
	}
	at, err := d.time(k.N)
	if err != nil {
		return typed(err, timeType)
	}
	*v.Addr().Interface().(*time.Time) = at
	return nil
}

// writeTime writes the instant, and the offset of a zone other than UTC's.
// Neither the Location's name nor the monotonic reading is stored.
func writeTime(t *cbor.Tape, at time.Time, depth int) error {
	sec, nsec := at.Unix(), at.Nanosecond()
	if sec < minTime || sec > maxTime {
		return &ValueError{Type: timeType, Reason: "a time beyond the years 1 to 9999"}
	}
	if _, offset := at.Zone(); offset != 0 {
		if offset <= -day || offset >= day {
			return &ValueError{Type: timeType, Reason: "a time zone a day or more from UTC"}
		}
		return writeTimeParts(t, tag.TimeOffset, depth, sec, int64(nsec), int64(offset))
	}
	if nsec != 0 {
		return writeTimeParts(t, tag.TimeNanos, depth, sec, int64(nsec))
	}
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	outer := t.Open(cbor.Tag, tag.Time)
	t.AddInt(sec)
	t.Close(outer)
	return nil
}

const day = 24 * 60 * 60 // seconds

func writeTimeParts(t *cbor.Tape, number uint64, depth int, parts ...int64) error {
	if depth+2 > cbor.MaxDepth {
		return errDepth()
	}
	outer := t.Open(cbor.Tag, number)
	list := t.Open(cbor.Array, uint64(len(parts)))
	for _, n := range parts {
		t.AddInt(n)
	}
	t.Close(list)
	t.Close(outer)
	return nil
}

// time reads what stands under one of the tags of times.
func (d *decoder) time(number uint64) (time.Time, error) {
	var parts [3]int64 // seconds, nanoseconds, offset
	count := 1
	switch number {
	case tag.TimeNanos:
		count = 2
	case tag.TimeOffset:
		count = 3
	}
	if count > 1 {
		if k := d.next(); k.Kind != cbor.Array || k.N != uint64(count) {
			return time.Time{}, mismatch(k)
		}
	}
	for i := range count {
		var err error
		if parts[i], err = d.int64(); err != nil {
			return time.Time{}, err
		}
	}
	sec, nsec, offset := parts[0], parts[1], parts[2]
	switch {
	case sec < minTime || sec > maxTime:
		return time.Time{}, refuse("a time beyond the years 1 to 9999")
	case nsec < 0 || nsec > 999_999_999 || nsec == 0 && number == tag.TimeNanos:
		return time.Time{}, refuse("nanoseconds beyond one second, or none")
	case offset <= -day || offset >= day || offset == 0 && number == tag.TimeOffset:
		return time.Time{}, refuse("a time zone a day or more from UTC, or UTC itself")
	case offset == 0:
		return time.Unix(sec, nsec).UTC(), nil
	}
	at := time.Unix(sec, nsec) // in Local
	if _, local := at.Zone(); local != int(offset) {
		at = at.In(time.FixedZone("", int(offset)))
	}
	return at, nil
}
