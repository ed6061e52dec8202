package variation

import (
	"math"
	"math/big"
	"slices"
	"strings"
)

// maxVariations is the most values that a distribution may give.
const maxVariations = 1_000_000

// uniform is ParameterVariationDistributionUniform: num_variations children
// with values between min and max. For the type int both are included; for bool
// max is the probability of true; a string is a number's text.
//
// The values depend on nothing but the settings (and, without a seed, on the
// configuration's name), so all configurations that a variation is applied to
// get the same ones. With a seed they are RoboVAST's: CPython's.
func uniform(in Input) (changes, error) {
	s := &settings{values: in.Settings}
	low, high := s.need("min"), s.need("max")
	kind := s.kind()
	whole := kind == "int" || kind == "string" && isWhole(s.values["min"]) && isWhole(s.values["max"])
	from, to := s.integer("min"), s.integer("max")
	switch {
	case low > high || whole && from.Cmp(to) > 0:
		s.fail("max", "is below min")
	case math.IsInf(high-low, 0):
		s.fail("max", "is too far from min")
	}
	seed, seeded := s.seed()
	if !seeded {
		seed = new(big.Int).SetUint64(legacyHash(in.Origin + "\x00" + s.text("name", "")))
	}
	return s.draw(kind, func() func() any {
		t := newPython(seed)
		return func() any {
			switch {
			case whole:
				return small(t.between(from, to))
			case kind == "bool":
				return t.unit() < high
			}
			return t.uniform(low, high)
		}
	})
}

// gaussian is ParameterVariationDistributionGaussian: num_variations children
// with values of a normal distribution, moved to min or max when they are
// beyond it. For the type bool a value is whether it reaches the mean. They are
// RoboVAST's: numpy's.
func gaussian(in Input) (changes, error) {
	s := &settings{values: in.Settings}
	mean, deviation := s.need("mean"), s.need("std")
	low, hasLow := s.number("min")
	high, hasHigh := s.number("max")
	const most = 13 // a value of the standard distribution is never that far out
	switch {
	case math.Signbit(deviation):
		s.fail("std", "must not be below 0")
	case math.IsInf(math.Abs(mean)+most*deviation, 0):
		s.fail("std", "is too large")
	}
	if hasLow && hasHigh && low > high {
		s.fail("max", "is below min")
	}
	kind := s.kind()
	seed := s.numpySeed()
	return s.draw(kind, func() func() any {
		t := newNumpy(seed)
		return func() any {
			v := t.normal(mean, deviation)
			// By comparison, since min(0, -0) is the second one to Go
			// and the first one to Python.
			if hasLow && low > v {
				v = low
			}
			if hasHigh && high < v {
				v = high
			}
			switch kind {
			case "int":
				whole, _ := big.NewFloat(math.RoundToEven(v)).Int(nil)
				return small(whole)
			case "bool":
				return v >= mean
			}
			return v
		}
	})
}

// kinds are the names that a type of value has.
var kinds = map[string]string{
	"float": "float", "double": "float", "number": "float", "int": "int", "integer": "int", "bool": "bool", "string": "string",
}

// kind reads the type of the values.
func (s *settings) kind() string {
	kind := kinds[strings.ToLower(s.text("type", "float"))]
	if kind == "" {
		s.fail("type", "must be float, int, bool or string")
	}
	return kind
}

// keptValues is how many values of a distribution are kept. More of them are
// drawn again whenever they are needed.
const keptValues = 4096

// draw makes num_variations children, each with one value of those that begin
// returns, one after the other, beginning with the seed.
func (s *settings) draw(kind string, begin func() (next func() any)) (changes, error) {
	name := s.text("name", "")
	if name == "" {
		s.fail("name", "must be the name of a parameter")
	}
	count, _ := s.whole("num_variations")
	if count < 1 || count > maxVariations {
		s.fail("num_variations", "must be a whole number from 1 to %d", maxVariations)
	}
	if err := s.err(); err != nil {
		return changes{}, err
	}
	one := func(next func() any) Change {
		v := next()
		if kind == "string" {
			v = pythonText(v)
		}
		return Change{{Name: name, Value: v}}
	}
	if count <= keptValues {
		kept, next := make([]Change, count), begin()
		for i := range kept {
			kept[i] = one(next)
		}
		return changes{int(count), slices.Values(kept)}, nil
	}
	return changes{int(count), func(yield func(Change) bool) {
		next := begin()
		for range count {
			if !yield(one(next)) {
				return
			}
		}
	}}, nil
}
