package cbor

// Tags of the registry (RFC 8949, Section 3.4; RFC 9562 for UUIDs).
const (
	TagTime   = 1
	TagBase64 = 21
	TagHex    = 23
	TagUUID   = 37
)

// Private tags, one block from 0x6373, "cs" in ASCII. The numbers are part of
// the format: they never change, and new ones go to the end.
const (
	TagRegistered = 25459 + iota // [name, value]
	TagNotUTF8                   // a string that is not UTF-8, as a byte string
	TagISOTime                   // "2006-01-02T15:04:05.000Z", as milliseconds since 1970
	TagTimeNanos                 // time.Time, as [seconds since 1970, nanoseconds]

	// Go types inside an any; the value is as the type's own plan writes it.
	TagInt8
	TagInt16
	TagInt32
	TagInt64
	TagUint
	TagUint8
	TagUint16
	TagUint32
	TagUint64 // up to 1<<63-1; greater integers are uint64 without a tag
	TagUintptr
	TagFloat32
	TagDuration // nanoseconds

	// These hold null, too: nil of the type.
	TagStrings      // []string
	TagInts         // []int
	TagMapStrings   // map[string]string
	TagMapInts      // map[string]int
	TagMapAny       // map[any]any whose keys are all strings; others need no tag
	TagNilBytes     // only null: nil []byte
	TagNilSlice     // only null: nil []any
	TagNilMapString // only null: nil map[string]any
)
