package cookiesession

import (
	"fmt"
	"reflect"
	"sync"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
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
func (s *scratch) encode(value any) ([]byte, error) {
	item, err := cbor.Append(s.item[:0], value)
	if err != nil {
		return nil, usageError(err)
	}
	s.item = item
	return item, nil
}

// encodeAs returns the CBOR of a value whose plan is known.
func (s *scratch) encodeAs(plan *cbor.Plan, value reflect.Value) ([]byte, error) {
	item, err := plan.Append(s.item[:0], value)
	if err != nil {
		return nil, usageError(err)
	}
	s.item = item
	return item, nil
}

// reencode returns the CBOR of a value that was decoded from an item of this
// scratch, which stays.
func (s *scratch) reencode(plan *cbor.Plan, value reflect.Value) (item []byte, err error) {
	s.reencoded, err = plan.Append(s.reencoded[:0], value)
	return s.reencoded, err
}

// readBack refuses an item, which was made of a value of the type t, if it
// would not open. Marshaling methods may write what they don't read: some write
// nothing for the zero value, and refuse to read nothing.
func readBack(plan *cbor.Plan, t reflect.Type, item []byte) error {
	if !plan.CallsMethods() {
		return nil
	}
	if _, err := plan.Decode(item, reflect.New(t).Elem()); err != nil {
		return usageError(fmt.Errorf("what would be stored could not be read again: %w", err))
	}
	return nil
}

// readBackAny is readBack for an item that encode has made of a value.
func readBackAny(value any, item []byte) error {
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	plan, err := cbor.PlanFor(v.Type())
	if err != nil {
		return usageError(err) // unreachable: encode has used it
	}
	return readBack(plan, v.Type(), item)
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
