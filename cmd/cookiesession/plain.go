package main

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"example.com/cookiesession"
	"example.com/cookiesession/internal/value"
)

// plain returns a session's value in a form that encoding/json can show to
// people in full. That form is not read back, so it need not keep types that a
// reader can tell apart: a time is its RFC 3339 text, a duration its Go text.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		if !utf8.ValidString(v) {
			return map[string]any{"base64": base64.StdEncoding.EncodeToString([]byte(v)), "type": "string"}
		}
		return v
	case []byte:
		if v == nil {
			return nil
		}
		return map[string]any{"base64": base64.StdEncoding.EncodeToString(v)}
	case value.ByteString:
		return map[string]any{"base64": base64.StdEncoding.EncodeToString([]byte(v))}
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case time.Duration:
		return v.String()
	case float64:
		return plainFloat(v, 64)
	case float32:
		return plainFloat(float64(v), 32)
	case cookiesession.Unknown:
		return plainUnknown(v)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Slice:
		if r.IsNil() {
			return nil
		}
		list := make([]any, r.Len())
		for i := range list {
			list[i] = plain(r.Index(i).Interface())
		}
		return list
	case reflect.Map:
		return plainMap(r)
	}
	return v // nil, bool and integers
}

func plainFloat(f float64, bits int) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.FormatFloat(f, 'g', -1, bits)
	}
	if bits == 32 {
		return float32(f) // has fewer digits
	}
	return f
}

// plainUnknown names the type, which only the application knows, and shows the
// stored form of the value.
func plainUnknown(u cookiesession.Unknown) any {
	var v any
	plan, err := value.PlanFor(reflect.TypeFor[any]())
	if err == nil {
		_, err = plan.Decode(u.CBOR(), reflect.ValueOf(&v).Elem())
	}
	if err != nil { // it holds more than an any can
		v = u.CBOR()
	}
	return map[string]any{"type": u.Name, "value": plain(v)}
}

// plainMap makes an object. If the texts of two keys are the same, as of 1 and
// "1", it is a list of pairs.
func plainMap(m reflect.Value) any {
	if m.IsNil() {
		return nil
	}
	object, pairs := make(map[string]any, m.Len()), make([]any, 0, m.Len())
	for it := m.MapRange(); it.Next(); {
		key, value := plain(it.Key().Interface()), plain(it.Value().Interface())
		object[keyName(key)] = value
		pairs = append(pairs, []any{key, value})
	}
	if len(object) < len(pairs) {
		return map[string]any{"pairs": pairs}
	}
	return object
}

func keyName(key any) string {
	if s, ok := key.(string); ok {
		return s
	}
	if m, ok := key.(map[string]any); ok { // bytes
		return fmt.Sprint("base64:", m["base64"])
	}
	return fmt.Sprint(key)
}
