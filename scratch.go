package cookiesession

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/pack"
	"example.com/cookiesession/internal/pack/tables"
	"example.com/cookiesession/internal/value"
	"example.com/cookiesession/internal/wire"
)

// A scratch holds the buffers of one sealing or opening. Only its methods hand
// out slices of it, and nothing that leaves this package points into one.
type scratch struct {
	opened               // what is in token, when that is opened
	tape       cbor.Tape // of the value; empty to begin with
	body       []byte    // of the value on the tape; empty until pack makes it
	packed     bool      // body is
	record     []byte
	additional []byte
	token      []byte
	text       []byte
	line       []byte // of Set-Cookie
	coder      *pack.Coder
}

var scratches = sync.Pool{New: func() any { return &scratch{coder: packer.NewCoder()} }}

func newScratch() *scratch { return scratches.Get().(*scratch) }

// release gives s back, unless one huge value has grown its buffers.
func (s *scratch) release() {
	const mostBytes, mostTokens = 64 << 10, 2 << 10
	s.tape.Reset() // it holds on to strings
	s.body = s.body[:0]
	if cap(s.tape.Data)+cap(s.body)+cap(s.record)+cap(s.token)+cap(s.text)+cap(s.line)+cap(s.additional) <= mostBytes &&
		cap(s.tape.Tokens) <= mostTokens {
		scratches.Put(s)
	}
}

// encode puts a value on the tape, and returns the plan of its type.
func (s *scratch) encode(c *Codec, v any) (*value.Plan, error) {
	rv, err := value.Follow(v)
	if err != nil {
		return nil, usageError(err)
	}
	plan, err := c.planFor(rv.Type())
	if err != nil {
		return nil, err
	}
	return plan, s.encodeAs(plan, rv)
}

// encodeAs puts a value whose plan is known on the tape.
func (s *scratch) encodeAs(plan *value.Plan, v reflect.Value) error {
	if err := plan.Write(&s.tape, v); err != nil {
		return usageError(err)
	}
	return nil
}

// readBack refuses the value on the tape, which has that plan, if it would not
// open. Marshaling methods may write bytes that they refuse to read: some write
// nothing for the zero value, and do not read nothing.
func (s *scratch) readBack(plan *value.Plan) error {
	if !plan.CallsMethods(&s.tape) {
		return nil
	}
	s.text = s.tape.Append(s.text[:0])
	if _, err := plan.Decode(s.text, reflect.New(plan.Type()).Elem()); err != nil {
		return usageError(fmt.Errorf("the stored form could not be read again: %w", err))
	}
	return nil
}

// packer is that of version 1. Its tables are linked in, so it takes no time to
// make.
var packer = pack.New(&tables.V1)

func init() { value.KeyNumber = packer.KeyNumber }

// mostTokens bounds the tape of a packed value. A tape takes 32 bytes per
// token, here and in every reader.
const mostTokens = 16 << 10

// pack returns the body for the value on the tape, and whether it is packed. It
// is packed only if that is smaller and unpacks to no more than a reader
// allows.
func (s *scratch) pack() (body []byte, packed bool) {
	if len(s.body) > 0 {
		return s.body, s.packed
	}
	size := s.tape.Len(0)
	s.packed = false
	if size <= wire.MaxUnpacked && len(s.tape.Tokens) <= mostTokens {
		s.body = s.coder.AppendTape(s.body, &s.tape)
		s.packed = len(s.body) < size
	}
	if !s.packed {
		s.body = s.tape.Append(s.body[:0])
	}
	return s.body, s.packed
}

// unpack puts the value that was opened on the tape.
func (s *scratch) unpack() error {
	var err error
	if s.rec.packed {
		err = s.coder.ReadTape(&s.tape, s.rec.body, wire.MaxUnpacked)
	} else {
		err = s.tape.Read(s.rec.body, 0)
	}
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*cbor.SyntaxError](err); ok {
		return invalidError(ReasonValue, err)
	}
	return invalidError(ReasonMalformed, err)
}
