package cbor

import (
	"reflect"
	"time"
)

var timeType = reflect.TypeFor[time.Time]()

// The seconds of the years 1 to 9999: the range of time.Time's own formats.
var (
	minTime = time.Time{}.Unix()
	maxTime = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() - 1
)

type timeCodec struct{}

func (timeCodec) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	t, _ := reflect.TypeAssert[time.Time](v)
	return appendTime(dst, t, depth)
}

func (timeCodec) decode(d *decoder, v reflect.Value, depth int) error {
	ib, n, err := d.head()
	if err == nil {
		if ib>>5 != majorTag || n != tagTime && n != tagTimeNanos {
			err = d.mismatch(ib, nil)
		} else if err = d.enter(depth); err == nil {
			var t time.Time
			if t, err = d.time(n, depth); err == nil {
				*v.Addr().Interface().(*time.Time) = t
			}
		}
	}
	return typed(err, timeType)
}

// appendTime appends the instant. Neither the Location nor the monotonic
// reading is stored.
func appendTime(dst []byte, t time.Time, depth int) ([]byte, error) {
	sec, nsec := t.Unix(), t.Nanosecond()
	if sec < minTime || sec > maxTime {
		return dst, &ValueError{Type: timeType, Reason: "a time beyond the years 1 to 9999"}
	}
	if nsec == 0 {
		if depth >= MaxDepth {
			return dst, errDepth()
		}
		return appendInt(appendTag(dst, tagTime), sec), nil
	}
	if depth+1 >= MaxDepth {
		return dst, errDepth()
	}
	dst = appendHead(appendTag(dst, tagTimeNanos), majorArray, 2)
	return appendInt(appendInt(dst, sec), int64(nsec)), nil
}

// time reads what stands under one of the tags of times; depth is the tag's.
func (d *decoder) time(tag uint64, depth int) (time.Time, error) {
	var sec, nsec int64
	var err error
	if tag == tagTimeNanos {
		if err := d.enter(depth + 1); err != nil {
			return time.Time{}, err
		}
		ib, n, err := d.head()
		if err != nil {
			return time.Time{}, err
		}
		if ib>>5 != majorArray || n != 2 {
			return time.Time{}, d.mismatch(ib, nil)
		}
	}
	if sec, err = d.int64(); err != nil {
		return time.Time{}, err
	}
	if tag == tagTimeNanos {
		if nsec, err = d.int64(); err != nil {
			return time.Time{}, err
		}
		if nsec < 1 || nsec > 999_999_999 {
			return time.Time{}, d.refuse("nanoseconds beyond one second, or none")
		}
	}
	if sec < minTime || sec > maxTime {
		return time.Time{}, d.refuse("a time beyond the years 1 to 9999")
	}
	return time.Unix(sec, nsec).UTC(), nil
}
