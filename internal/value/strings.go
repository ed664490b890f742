package value

import (
	"encoding/hex"
	"unicode/utf8"

	"example.com/cookiesession/internal/cbor"
	"example.com/cookiesession/internal/tag"
	"example.com/cookiesession/internal/wire"
)

// writeString writes a string value that has depth levels around it.
func writeString(t *cbor.Tape, s string, depth int) error {
	if len(s) >= minSpelled {
		if form := spellingOf(s); form != plain && depth+levels(form) <= cbor.MaxDepth {
			writeSpelled(t, s, form)
			return nil
		}
	}
	return writePlain(t, s, depth)
}

// levels is how many levels a form takes. Where they are too many the string
// stays text, so that depth never decides whether a string can be stored.
func levels(form spelling) int {
	if form == dotted {
		return 2
	}
	return 1
}

// writePlain writes a string as it is. Map keys are always so.
func writePlain(t *cbor.Tape, s string, depth int) error {
	if cbor.IsUTF8String(s) {
		t.AddText(s)
		return nil
	}
	if depth >= cbor.MaxDepth {
		return errDepth()
	}
	at := t.Open(cbor.Tag, tag.NotUTF8)
	from := len(t.Data)
	t.Data = append(t.Data, s...)
	t.AddData(from)
	t.Close(at)
	return nil
}

// string reads a string value that has depth levels around it: text, or one of
// the tagged forms.
func (d *decoder) string(depth int) (string, error) {
	k := d.next()
	if k.Kind == cbor.Text {
		return d.plainString(k.S, depth), nil
	}
	return d.otherString(k)
}

func (d *decoder) otherString(k *cbor.Token) (string, error) {
	if k.Kind != cbor.Tag {
		return "", mismatch(k)
	}
	s, ok, err := d.taggedString(k.N)
	if err == nil && !ok {
		err = mismatch(k)
	}
	return s, err
}

// plainString takes note of a text that this package would spell otherwise.
func (d *decoder) plainString(s string, depth int) string {
	if !d.Inexact && len(s) >= minSpelled {
		d.Inexact = isSpelled(s, depth)
	}
	return s
}

// isSpelled reports whether a string that has depth levels around it is written
// in another form than text.
func isSpelled(s string, depth int) bool {
	form := spellingOf(s)
	return form != plain && depth+levels(form) <= cbor.MaxDepth
}

// taggedString reads what follows a tag, if that is one of those of strings.
func (d *decoder) taggedString(number uint64) (s string, ok bool, err error) {
	var form spelling
	switch number {
	case tag.NotUTF8:
		s, err = d.notUTF8()
		return s, true, err
	case tag.UUID:
		form = uuid
		s, err = d.uuid()
	case tag.Hex:
		form = hexBytes
		s, err = d.hex()
	case tag.Base64:
		form, s, err = d.base64()
	case tag.ISOTime:
		form = isoTime
		s, err = d.isoTime()
	default:
		return "", false, nil
	}
	if err == nil && !d.Inexact && spellingOf(s) != form {
		d.Inexact = true
	}
	return s, true, err
}

func (d *decoder) notUTF8() (string, error) {
	b, err := d.bytes()
	if err != nil {
		return "", err
	}
	if utf8.Valid(b) {
		return "", &cbor.SyntaxError{Offset: d.tape().Offset(d.Pos), Reason: "UTF-8 that is tagged as not UTF-8"}
	}
	return string(b), nil
}

func (d *decoder) uuid() (string, error) {
	b, err := d.bytes()
	if err != nil {
		return "", err
	}
	if len(b) != 16 {
		return "", refuse("a UUID that is not of 16 bytes")
	}
	var s [uuidLength]byte
	at := 0
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			s[at] = '-'
			at++
		}
		const digits = "0123456789abcdef"
		s[at], s[at+1] = digits[c>>4], digits[c&15]
		at += 2
	}
	return string(s[:]), nil
}

func (d *decoder) hex() (string, error) {
	b, err := d.bytes()
	if err != nil {
		return "", err
	}
	var short [96]byte
	return string(hex.AppendEncode(short[:0], b)), nil
}

// base64 reads what stands under [tag.Base64].
func (d *decoder) base64() (spelling, string, error) {
	t, from := d.tape(), len(d.Data) // behind the bytes there is room for a text, too
	if d.peek().Kind != cbor.Array {
		b, err := d.bytes()
		t.Data = wire.AppendText(t.Data, b)
		return base64s, string(t.Data[from:]), err
	}
	count := d.next().N
	if count < 2 {
		return dotted, "", refuse("a dotted string of fewer than two parts")
	}
	for i := range count {
		if i > 0 {
			t.Data = append(t.Data, '.')
		}
		b, err := d.bytes()
		if err != nil {
			return dotted, "", err
		}
		t.Data = wire.AppendText(t.Data, b)
	}
	return dotted, string(t.Data[from:]), nil
}

func (d *decoder) isoTime() (string, error) {
	ms, err := d.int64()
	if err != nil {
		return "", err
	}
	if ms < minISOTime || ms > maxISOTime {
		return "", refuse("a time beyond the years 0 to 9999")
	}
	return formatISOTime(ms), nil
}
