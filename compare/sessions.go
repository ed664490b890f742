package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/cookiesession/internal/document"
)

// preferences are the eight fields that many sites keep for a visitor.
type preferences struct {
	Theme    string `json:"theme"`
	Lang     string `json:"lang"`
	TZ       string `json:"tz"`
	FontSize int    `json:"fontSize"`
	Sidebar  bool   `json:"sidebar"`
	Currency string `json:"currency"`
	UserID   int64  `json:"userId"`
	Email    string `json:"email"`
}

var eight = preferences{
	Theme: "dark", Lang: "de-CH", TZ: "Europe/Zurich", FontSize: 18,
	Sidebar: true, Currency: "CHF", UserID: 4207311, Email: "ana.lima@example.com",
}

// A session is one value that every form carries.
type session struct {
	kind  string
	name  string
	text  []byte // as JSON, without white space
	value any    // as a program has it: a *preferences, or a map[string]any
}

// A set is sessions that are measured together.
type set struct {
	Name     string
	dir      string // where the sessions were read from; "": nowhere
	sessions []session
}

// kinds returns the kinds of a set's sessions in order.
func (s *set) kinds() []string {
	var kinds []string
	for _, session := range s.sessions {
		kinds = append(kinds, session.kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func eightSet() (*set, error) {
	text, err := json.Marshal(eight)
	if err != nil {
		return nil, err
	}
	return &set{Name: "eight preferences", sessions: []session{{kind: "preferences", name: "preferences", text: text, value: &eight}}}, nil
}

// readSet reads the JSON documents of a directory, each of which is a session.
func readSet(name, dir string) (*set, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s has no .json files: put each session there as a JSON document", dir)
	}
	s := &set{Name: name, dir: dir}
	for _, file := range files {
		session, err := readSession(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		s.sessions = append(s.sessions, session)
	}
	return s, nil
}

// readSession reads a document, with its whole numbers as ints.
func readSession(file string) (session, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return session{}, err
	}
	value, err := document.Parse(text)
	if err != nil {
		return session{}, err
	}
	if _, ok := value.(map[string]any); !ok {
		return session{}, errors.New("not a JSON object, which the peers need a session to be")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, bytes.TrimPrefix(text, []byte("\ufeff"))); err != nil {
		return session{}, err
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	return session{kind: kindOf(name), name: name, text: compact.Bytes(), value: value}, nil
}

var serial = regexp.MustCompile(`^[0-9]+[-_]|[-_][0-9]+$`)

// kindOf returns a document's kind: its name without a number before or after
// it, as in cart-001 and 001-flask.
func kindOf(name string) string { return serial.ReplaceAllString(name, "") }

// asFloats returns the set with numbers as encoding/json decodes them.
func (s *set) asFloats() (*set, error) {
	floats := &set{Name: s.Name + ", numbers as float64", sessions: slices.Clone(s.sessions)}
	for i := range floats.sessions {
		var value map[string]any
		if err := json.Unmarshal(floats.sessions[i].text, &value); err != nil {
			return nil, err
		}
		floats.sessions[i].value = value
	}
	return floats, nil
}

// target returns a place to decode a value of this type to.
func target(value any) any {
	switch value.(type) {
	case *preferences:
		return new(preferences)
	case map[any]any:
		return new(map[any]any)
	}
	return new(map[string]any)
}

// plain returns a value as encoding/json decodes its text, so that a session
// and a form's copy of it can be compared.
func plain(value any) (decoded any, err error) {
	if m, ok := value.(*map[any]any); ok {
		value = *m
	}
	if m, ok := value.(map[any]any); ok {
		byName := make(map[string]any)
		for k, v := range m {
			byName[fmt.Sprint(k)] = v
		}
		value = byName
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(text, &decoded)
	return decoded, err
}

// asMap returns a session as the map of values that the session packages keep.
func asMap(value any) map[string]any {
	switch value := value.(type) {
	case map[string]any:
		return value
	case *preferences:
		return map[string]any{
			"theme": value.Theme, "lang": value.Lang, "tz": value.TZ, "fontSize": value.FontSize,
			"sidebar": value.Sidebar, "currency": value.Currency, "userId": value.UserID, "email": value.Email,
		}
	}
	panic(fmt.Sprintf("compare: a session of type %T", value)) // unreachable
}

// forGob returns a value without an empty list or a nil inside an any:
// encoding/gob loses the one and refuses the other.
func forGob(value any) any {
	switch value := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(value))
		for k, v := range value {
			if v != nil {
				m[k] = forGob(v)
			}
		}
		return m
	case []any:
		var list []any // an empty list comes back as nil, too
		for _, v := range value {
			if v != nil {
				list = append(list, forGob(v))
			}
		}
		return list
	}
	return value
}

// asValues returns a session as gorilla/sessions keeps it.
func asValues(value any) any {
	m := make(map[any]any)
	for k, v := range asMap(value) {
		m[k] = v
	}
	return m
}

// The same for gob.
func asGobValues(value any) any  { return asValues(forGob(asMap(value))) }
func asGobEntries(value any) any { return forGob(asMap(value)) }

// usualSets returns the sets of a run without -sessions.
func usualSets() ([]*set, error) {
	preferences, err := eightSet()
	if err != nil {
		return nil, err
	}
	corpus, err := readSet("corpus", "../testdata/sessions")
	if err != nil {
		return nil, err
	}
	posted, err := readSet("posted sessions", "../testdata/wild")
	if err != nil {
		return nil, err
	}
	posted.sessions = slices.DeleteFunc(posted.sessions, func(s session) bool {
		return s.kind == "express-store" // the stored form of others that are there
	})
	return []*set{preferences, corpus, posted}, nil
}
