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

type timeCodec struct{}

func (timeCodec) write(t *cbor.Tape, v reflect.Value, depth int) error {
	at, _ := reflect.TypeAssert[time.Time](v)
	return writeTime(t, at, depth)
}

func (timeCodec) decode(d *decoder, v reflect.Value, _ int) error {
	k := d.next()
	if k.Kind != cbor.Tag || k.N != tag.Time && k.N != tag.TimeNanos {
		return typed(mismatch(k), timeType)
	}
	at, err := d.time(k.N)
	if err != nil {
		return typed(err, timeType)
	}
	*v.Addr().Interface().(*time.Time) = at
	return nil
}

// writeTime writes the instant. Neither the Location nor the monotonic reading
// is stored.
func writeTime(t *cbor.Tape, at time.Time, depth int) error {
	sec, nsec := at.Unix(), at.Nanosecond()
	if sec < minTime || sec > maxTime {
		return &ValueError{Type: timeType, Reason: "a time beyond the years 1 to 9999"}
	}
	levels := 1
	if nsec != 0 {
		levels = 2
	}
	if depth+levels > cbor.MaxDepth {
		return errDepth()
	}
	if nsec == 0 {
		outer := t.Open(cbor.Tag, tag.Time)
		t.AddInt(sec)
		t.Close(outer)
		return nil
	}
	outer := t.Open(cbor.Tag, tag.TimeNanos)
	parts := t.Open(cbor.Array, 2)
	t.AddInt(sec)
	t.AddInt(int64(nsec))
	t.Close(parts)
	t.Close(outer)
	return nil
}

// time reads what stands under one of the tags of times.
func (d *decoder) time(number uint64) (time.Time, error) {
	if number == tag.TimeNanos {
		if k := d.next(); k.Kind != cbor.Array || k.N != 2 {
			return time.Time{}, mismatch(k)
		}
	}
	sec, err := d.int64()
	if err != nil {
		return time.Time{}, err
	}
	nsec := int64(0)
	if number == tag.TimeNanos {
		if nsec, err = d.int64(); err != nil {
			return time.Time{}, err
		}
		if nsec < 1 || nsec > 999_999_999 {
			return time.Time{}, refuse("nanoseconds beyond one second, or none")
		}
	}
	if sec < minTime || sec > maxTime {
		return time.Time{}, refuse("a time beyond the years 1 to 9999")
	}
	return time.Unix(sec, nsec).UTC(), nil
}
