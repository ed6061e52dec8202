package variation

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"

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
	return &api.InvalidSpecError{Problems: s.problems}
}

// text returns a text, or the value of absent if there is none.
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

// seed returns the seed, of any size, and whether there is one.
func (s *settings) seed() (*big.Int, bool) {
	seed, ok := wholeNumber(s.values["seed"])
	if !ok && s.values["seed"] != nil {
		s.fail("seed", "must be a whole number")
	}
	return seed, ok
}

// numpySeed returns the seed of a normal distribution.
func (s *settings) numpySeed() uint32 {
	seed, seeded := s.seed()
	switch {
	case s.values["seed"] == nil:
		s.fail("seed", "is missing: RoboVAST draws no normal distribution without one; give a number from 0 to 4294967295")
		s.problems[len(s.problems)-1].Remedies = []api.Remedy{{Options: []string{"Random=" + string(api.RandomLegacy)},
			Purpose: "resume a campaign that was begun without one"}}
	case seeded && (seed.Sign() < 0 || seed.BitLen() > 32):
		s.fail("seed", "%.40s is out of range: numpy's generator takes a seed from 0 to 4294967295", seed.String())
	case seeded:
		return uint32(seed.Uint64())
	}
	return 0
}

// integer returns a number as a whole one, without its fraction; 0 if there is
// none.
func (s *settings) integer(key string) *big.Int {
	if v, ok := wholeNumber(s.values[key]); ok {
		return v
	}
	v, _ := number(s.values[key])
	out, _ := big.NewFloat(v).Int(nil) // it is finite
	return out
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
	_, ok := wholeNumber(v)
	return ok
}
