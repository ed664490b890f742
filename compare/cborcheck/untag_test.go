package cborcheck

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	peer "github.com/fxamacker/cbor/v2"
)

// untag spells out the strings that are carried as bytes in what the peer read:
// a second, plain reading of their tags.
func untag(v any) any {
	switch v := v.(type) {
	case map[any]any:
		for k, x := range v {
			v[k] = untag(x)
		}
	case []any:
		for i, x := range v {
			v[i] = untag(x)
		}
	case peer.Tag:
		return spellOut(v)
	}
	return v
}

func spellOut(tag peer.Tag) any {
	switch content := tag.Content.(type) {
	case []byte:
		switch tag.Number {
		case 37:
			h := hex.EncodeToString(content)
			return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
		case 23:
			return hex.EncodeToString(content)
		case 21:
			return base64.RawURLEncoding.EncodeToString(content)
		case 38515 + 1:
			return string(content)
		}
	case []any:
		if tag.Number == 21 {
			var parts []string
			for _, part := range content {
				parts = append(parts, base64.RawURLEncoding.EncodeToString(part.([]byte)))
			}
			return strings.Join(parts, ".")
		}
	case uint64:
		if tag.Number == 38515+2 {
			return time.UnixMilli(int64(content)).UTC().Format("2006-01-02T15:04:05.000Z")
		}
	}
	return tag
}
