// Package tag has the numbers of the CBOR tags of a session's value. It is the
// one place for them: the CBOR code, the packer and its trainer take them from
// here. FORMAT.md lists the content of each.
package tag

// Tags of the registry (RFC 8949, Section 3.4; RFC 9562 for UUIDs). Base64, Hex
// and UUID have a meaning of their own here: text that is carried as bytes.
const (
	Time   = 1
	Base64 = 21
	Hex    = 23
	UUID   = 37
)

// First is the first private tag. The numbers are part of the format: they
// never change, and a new one needs a new version of the format.
const First = 38515

// Reserved is how many tags from First on are the module's.
const Reserved = 64

// Private tags, one block from First.
const (
	Registered = First + iota // [name, value]
	NotUTF8                   // a string that is not UTF-8, as a byte string
	ISOTime                   // "2006-01-02T15:04:05.000Z", as milliseconds since 1970
	TimeNanos                 // time.Time, as [seconds since 1970, nanoseconds]

	// Go types inside an any. The value is as the type's own plan writes it.
	Int8
	Int16
	Int32
	Int64
	Uint
	Uint8
	Uint16
	Uint32
	Uint64 // up to 1<<63-1; greater integers are uint64 without a tag
	Uintptr
	Float32
	Duration // nanoseconds

	// These hold null, too: nil of the type.
	Strings      // []string
	Ints         // []int
	MapStrings   // map[string]string
	MapInts      // map[string]int
	MapAny       // map[any]any whose keys are all strings; others need no tag
	NilBytes     // only null: nil []byte
	NilSlice     // only null: nil []any
	NilMapString // only null: nil map[string]any

	// These hold null, too.
	Int8s    // []int8
	Int16s   // []int16
	Int32s   // []int32
	Int64s   // []int64
	Uints    // []uint
	Uint16s  // []uint16
	Uint32s  // []uint32
	Uint64s  // []uint64
	Uintptrs // []uintptr
	Float32s // []float32
	Float64s // []float64
	Bools    // []bool

	// time.Time in another zone than UTC, as [seconds since 1970, nanoseconds,
	// seconds east of UTC]; these are not 0, and less than a day.
	TimeOffset

	// End is one beyond the last.
	End
)
