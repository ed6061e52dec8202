package variation

import (
	"hash/fnv"
	"math"
	"math/bits"
	"math/rand/v2"
	"strconv"
)

// What follows draws the values that this program drew before it drew RoboVAST's,
// by api.RandomLegacy. It stays as it is: campaigns were begun with it.

// legacyUniform is uniform. With a seed, too, the values depend on the parameter's
// name.
func legacyUniform(in Input) (changes, error) {
	s := &settings{values: in.Settings}
	low, high := s.need("min"), s.need("max")
	if low > high {
		s.fail("max", "is below min")
	}
	if s.kind() == "int" {
		for _, key := range []string{"min", "max"} {
			if v, _ := s.number(key); v != math.Trunc(v) || math.Abs(v) > 1<<53 {
				s.fail(key, "must be a whole number, since the type is int")
			}
		}
	}
	whole := isWhole(s.values["min"]) && isWhole(s.values["max"])
	return s.legacyDraw(in, func(kind string, g *generator) any {
		switch {
		case kind == "int", kind == "string" && whole:
			return g.between(int64(low), int64(high))
		case kind == "bool":
			return g.unit() < high
		}
		return low + float64(g.unit()*(high-low))
	})
}

// legacyGaussian is gaussian; it needs no seed.
func legacyGaussian(in Input) (changes, error) {
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
	return s.legacyDraw(in, func(kind string, g *generator) any {
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

// legacyDraw makes num_variations children, each with a value of next. The values are
// not kept: they are drawn again, from the same seed, whenever they are needed.
func (s *settings) legacyDraw(in Input, next func(kind string, g *generator) any) (changes, error) {
	name := s.text("name", "")
	if name == "" {
		s.fail("name", "must be the name of a parameter")
	}
	count, _ := s.whole("num_variations")
	if count < 1 || count > maxVariations {
		s.fail("num_variations", "must be a whole number from 1 to %d", maxVariations)
	}
	kind := s.kind()
	seed, seeded := s.whole("seed")
	if err := s.err(); err != nil {
		return changes{}, err
	}
	if !seeded {
		seed = int64(legacyHash(in.Origin))
	}
	return changes{int(count), func(yield func(Change) bool) {
		g := &generator{newSource(seed, name)}
		for range count {
			v := next(kind, g)
			if kind == "string" {
				v = legacyText(v)
			}
			if !yield(Change{{Name: name, Value: v}}) {
				return
			}
		}
	}}, nil
}

// generator draws numbers by its own formulas, so that they are the same with
// every version of Go and on every architecture.
type generator struct{ source *rand.PCG }

// newSource returns a source of its own for each parameter, so that two of the
// same seed do not go in step.
func newSource(seed int64, name string) *rand.PCG { return rand.NewPCG(uint64(seed), legacyHash(name)) }

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

func legacyHash(s string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s))
	return h.Sum64()
}

// legacyText is a number as a string parameter has it.
func legacyText(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return ""
}
