package variation

import (
	"hash/fnv"
	"math"
	"math/bits"
	"math/rand/v2"
	"strconv"
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
// get the same ones, as in RoboVAST. They are others than RoboVAST draws with
// the same seed: its generators are Python's and numpy's.
func uniform(in Input) (changes, error) {
	s := &settings{values: in.Settings}
	low, high := s.need("min"), s.need("max")
	if low > high {
		s.fail("max", "is below min")
	}
	whole := isWhole(s.values["min"]) && isWhole(s.values["max"])
	return s.draw(in, func(kind string, g *generator) any {
		switch {
		case kind == "int", kind == "string" && whole:
			return g.between(int64(low), int64(high))
		case kind == "bool":
			return g.unit() < high
		}
		return low + float64(g.unit()*(high-low))
	})
}

// gaussian is ParameterVariationDistributionGaussian: num_variations children
// with values of a normal distribution, moved to min or max when they are
// beyond it. For the type bool a value is whether it reaches the mean. See
// uniform for what the values depend on.
func gaussian(in Input) (changes, error) {
	s := &settings{values: in.Settings}
	mean, deviation := s.need("mean"), s.need("std")
	low, hasLow := s.number("min")
	high, hasHigh := s.number("max")
	if deviation < 0 {
		s.fail("std", "must not be below 0")
	}
	if hasLow && hasHigh && low > high {
		s.fail("max", "is below min")
	}
	return s.draw(in, func(kind string, g *generator) any {
		v := mean + float64(deviation*g.normal())
		if hasLow {
			v = max(v, low)
		}
		if hasHigh {
			v = min(v, high)
		}
		switch kind {
		case "int":
			return int64(math.RoundToEven(v))
		case "bool":
			return v >= mean
		}
		return v
	})
}

// kinds are the names that a type of value has.
var kinds = map[string]string{
	"float": "float", "double": "float", "number": "float", "int": "int", "integer": "int", "bool": "bool", "string": "string",
}

// draw makes num_variations children, each with a value of next. The values are
// not kept: they are drawn again, from the same seed, whenever they are needed.
func (s *settings) draw(in Input, next func(kind string, g *generator) any) (changes, error) {
	name := s.text("name", "")
	if name == "" {
		s.fail("name", "must be the name of a parameter")
	}
	count, _ := s.whole("num_variations")
	if count < 1 || count > maxVariations {
		s.fail("num_variations", "must be a whole number from 1 to %d", maxVariations)
	}
	kind := kinds[strings.ToLower(s.text("type", "float"))]
	if kind == "" {
		s.fail("type", "must be float, int, bool or string")
	}
	seed, seeded := s.whole("seed")
	if err := s.err(); err != nil {
		return changes{}, err
	}
	if !seeded {
		seed = int64(hash(in.Origin))
	}
	return changes{int(count), func(yield func(Change) bool) {
		g := &generator{newSource(seed, name)}
		for range count {
			v := next(kind, g)
			if kind == "string" {
				v = text(v)
			}
			if !yield(Change{{Name: name, Value: v}}) {
				return
			}
		}
	}}, nil
}

// generator draws numbers by formulas of its own, so that they stay the same
// with every version of Go and on every machine.
type generator struct{ source *rand.PCG }

// newSource returns a source of its own for each parameter, so that two of the
// same seed do not go in step.
func newSource(seed int64, name string) *rand.PCG { return rand.NewPCG(uint64(seed), hash(name)) }

// unit is a number from 0 to 1, without 1.
func (g *generator) unit() float64 { return float64(g.source.Uint64()>>11) / (1 << 53) }

// between is a whole number of low to high.
func (g *generator) between(low, high int64) int64 {
	size := uint64(high-low) + 1
	if size == 0 {
		return int64(g.source.Uint64())
	}
	n, _ := bits.Mul64(g.source.Uint64(), size)
	return low + int64(n)
}

// normal is a number of the standard normal distribution (by Kinderman and
// Monahan: the ratio of two uniform ones, where it falls below a curve). It is
// made by operations that every processor does alike; the logarithm, which may
// differ in the last digit, only decides.
func (g *generator) normal() float64 {
	for {
		u, v := 1-g.unit(), g.unit()
		x := 2 * math.Sqrt(2/math.E) * (v - 0.5) / u
		if x*x <= -4*math.Log(u) {
			return x
		}
	}
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// text is a number as a string parameter has it.
func text(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}
