package cbor

import "example.com/cookiesession/internal/tag"

const (
	tagTime         = tag.Time
	tagBase64       = tag.Base64
	tagHex          = tag.Hex
	tagUUID         = tag.UUID
	tagRegistered   = tag.Registered
	tagNotUTF8      = tag.NotUTF8
	tagISOTime      = tag.ISOTime
	tagTimeNanos    = tag.TimeNanos
	tagInt8         = tag.Int8
	tagInt16        = tag.Int16
	tagInt32        = tag.Int32
	tagInt64        = tag.Int64
	tagUint         = tag.Uint
	tagUint8        = tag.Uint8
	tagUint16       = tag.Uint16
	tagUint32       = tag.Uint32
	tagUint64       = tag.Uint64
	tagUintptr      = tag.Uintptr
	tagFloat32      = tag.Float32
	tagDuration     = tag.Duration
	tagStrings      = tag.Strings
	tagInts         = tag.Ints
	tagMapStrings   = tag.MapStrings
	tagMapInts      = tag.MapInts
	tagMapAny       = tag.MapAny
	tagNilBytes     = tag.NilBytes
	tagNilSlice     = tag.NilSlice
	tagNilMapString = tag.NilMapString
	tagInt8s        = tag.Int8s
	tagInt16s       = tag.Int16s
	tagInt32s       = tag.Int32s
	tagInt64s       = tag.Int64s
	tagUints        = tag.Uints
	tagUint16s      = tag.Uint16s
	tagUint32s      = tag.Uint32s
	tagUint64s      = tag.Uint64s
	tagUintptrs     = tag.Uintptrs
	tagFloat32s     = tag.Float32s
	tagFloat64s     = tag.Float64s
	tagBools        = tag.Bools
	tagTimeOffset   = tag.TimeOffset
)

func appendTag(dst []byte, tag uint64) []byte {
	return appendHead(dst, majorTag, tag)
}
