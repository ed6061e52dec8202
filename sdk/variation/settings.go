package variation

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/kubevast/vast/sdk/api"
)

// settings reads the settings of a variation. The parser of campaign files has
// checked them; a program that makes a campaign by itself has not.
type settings struct {
	values   map[string]any
	problems []api.Problem
}

func (s *settings) fail(key, format string, args ...any) {
	s.problems = append(s.problems, api.Problem{Path: key, Message: fmt.Sprintf(format, args...)})
}

func (s *settings) err() error {
	if len(s.problems) == 0 {
		return nil
	}
	return &api.InvalidSpec{Problems: s.problems}
}

// text returns a text, or what stands for it when it is absent.
func (s *settings) text(key, absent string) string {
	switch v := s.values[key].(type) {
	case string:
		return v
	case nil:
		return absent
	}
	s.fail(key, "must be text")
	return absent
}

// number returns a number, and whether there is one.
func (s *settings) number(key string) (float64, bool) {
	v, ok := number(s.values[key])
	if !ok && s.values[key] != nil {
		s.fail(key, "must be a number")
	}
	return v, ok
}

// need is number for what must be there.
func (s *settings) need(key string) float64 {
	v, ok := s.number(key)
	if !ok && s.values[key] == nil {
		s.fail(key, "is missing")
	}
	return v
}

// whole returns a whole number, and whether there is one.
func (s *settings) whole(key string) (int64, bool) {
	switch v := s.values[key].(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case nil:
		return 0, false
	}
	s.fail(key, "must be a whole number")
	return 0, false
}

// number reads the types that numbers come in.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	case json.Number: // of more digits than an int64 has
		f, err := v.Float64()
		return f, err == nil
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return 0, false
}

// isWhole reports a number that is written without a fraction.
func isWhole(v any) bool {
	switch v.(type) {
	case int64, int:
		return true
	}
	return false
}
