package cbor

// Tags of the registry (RFC 8949, Section 3.4; RFC 9562 for UUIDs).
const (
	tagTime   = 1
	tagBase64 = 21
	tagHex    = 23
	tagUUID   = 37
)

// Private tags, one block from 0x6373, "cs" in ASCII. The numbers are part of
// the format: they never change, and new ones go to the end.
const (
	tagRegistered = 25459 + iota // [name, value]
	tagNotUTF8                   // a string that is not UTF-8, as a byte string
	tagISOTime                   // "2006-01-02T15:04:05.000Z", as milliseconds since 1970
	tagTimeNanos                 // time.Time, as [seconds since 1970, nanoseconds]

	// Go types inside an any; the value is as the type's own plan writes it.
	tagInt8
	tagInt16
	tagInt32
	tagInt64
	tagUint
	tagUint8
	tagUint16
	tagUint32
	tagUint64 // up to 1<<63-1; greater integers are uint64 without a tag
	tagUintptr
	tagFloat32
	tagDuration // nanoseconds

	// These hold null, too: nil of the type.
	tagStrings      // []string
	tagInts         // []int
	tagMapStrings   // map[string]string
	tagMapInts      // map[string]int
	tagMapAny       // map[any]any whose keys are all strings; others need no tag
	tagNilBytes     // only null: nil []byte
	tagNilSlice     // only null: nil []any
	tagNilMapString // only null: nil map[string]any
)

func appendTag(dst []byte, tag uint64) []byte {
	return appendHead(dst, majorTag, tag)
}
