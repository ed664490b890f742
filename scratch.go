package cookiesession

import (
	"reflect"
	"sync"

	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/wire"
)

// A scratch holds the buffers of one sealing or opening. Only its methods hand
// out slices of it, and nothing that leaves this package points into one.
type scratch struct {
	item       []byte // the value as CBOR
	reencoded  []byte // the same as this program would have written it
	body       []byte // the same packed
	record     []byte
	additional []byte
	token      []byte
	text       []byte
	line       []byte // of Set-Cookie
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

func newScratch() *scratch { return scratches.Get().(*scratch) }

// release gives s back, unless one huge value has grown its buffers.
func (s *scratch) release() {
	const most = 64 << 10
	if cap(s.item)+cap(s.reencoded)+cap(s.body)+cap(s.record)+cap(s.token)+cap(s.text)+cap(s.line)+cap(s.additional) <= most {
		scratches.Put(s)
	}
}

// encode returns the CBOR of a value.
func (s *scratch) encode(v any) ([]byte, error) {
	item, err := value.Append(s.item[:0], v)
	if err != nil {
		return nil, usageError(err)
	}
	s.item = item
	return item, nil
}

// encodeAs returns the CBOR of a value whose plan is known.
func (s *scratch) encodeAs(plan *value.Plan, v reflect.Value) ([]byte, error) {
	item, err := plan.Append(s.item[:0], v)
	if err != nil {
		return nil, usageError(err)
	}
	s.item = item
	return item, nil
}

// reencode returns the CBOR of a value that was decoded from an item of this
// scratch, which stays.
func (s *scratch) reencode(plan *value.Plan, v reflect.Value) (item []byte, err error) {
	s.reencoded, err = plan.Append(s.reencoded[:0], v)
	return s.reencoded, err
}

// packer returns the packer of version 1. All codecs share its tables.
var packer = sync.OnceValue(func() *pack.Packer { return pack.New(&tables.V1) })

// pack returns the body for an item, and whether it is the packed form. It is
// only if that is smaller and unpacks to no more than a reader allows.
func (s *scratch) pack(item []byte) (body []byte, packed bool) {
	if len(item) > wire.MaxUnpacked {
		return item, false
	}
	if s.body = packer().Append(s.body[:0], item); len(s.body) < len(item) {
		return s.body, true
	}
	return item, false
}

// unpack returns the item in a record's body. Decoding it will show whether it
// is deterministic CBOR.
func (s *scratch) unpack(rec *record) ([]byte, error) {
	if !rec.packed {
		return rec.body, nil
	}
	item, err := packer().Unpack(s.item[:0], rec.body, wire.MaxUnpacked)
	if err != nil {
		return nil, invalidError(ReasonMalformed, err)
	}
	s.item = item
	return item, nil
}
