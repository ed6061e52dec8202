package variation

import (
	"math"
	"math/big"

	"gonum.org/v1/gonum/mathext/prng"
)

// twister draws numbers as RoboVAST does, to the last bit: by the Mersenne
// Twister of CPython's module random, and of numpy's generator of the time before
// it had several (numpy.random.seed, numpy.random.normal).
type twister struct {
	source *prng.MT19937
	// next is the second one of the two normal numbers that are made at once.
	next    float64
	hasNext bool
}

// newPython is random.seed(seed): the sign does not count, and there may be any
// number of bits.
func newPython(seed *big.Int) *twister {
	words := []uint32{}
	const word = 32
	for rest := new(big.Int).Abs(seed); rest.Sign() > 0 || len(words) == 0; rest.Rsh(rest, word) {
		words = append(words, uint32(new(big.Int).And(rest, big.NewInt(math.MaxUint32)).Uint64()))
	}
	t := &twister{source: prng.NewMT19937()}
	t.source.SeedFromKeys(words)
	return t
}

// newNumpy is numpy.random.seed(seed).
func newNumpy(seed uint32) *twister {
	t := &twister{source: prng.NewMT19937()}
	t.source.Seed(uint64(seed))
	return t
}

// unit is random.random(): a number from 0 to 1, without 1, of 53 random bits.
func (t *twister) unit() float64 {
	high, low := t.source.Uint32()>>5, t.source.Uint32()>>6
	return (float64(high)*(1<<26) + float64(low)) / (1 << 53) // exact, so that nothing depends on how it is computed
}

// uniform is random.uniform(low, high). The conversion keeps a compiler from
// fusing the two operations, which would give another last bit.
func (t *twister) uniform(low, high float64) float64 {
	return low + float64((high-low)*t.unit())
}

// below is random.randrange(n), for n above 0: as many random bits as n has,
// until they are a number below it. The words come the lowest first.
func (t *twister) below(n *big.Int) *big.Int {
	const word = 32
	for {
		v := new(big.Int)
		bits := n.BitLen()
		for at := 0; at < bits; at += word {
			drawn := t.source.Uint32()
			if rest := bits - at; rest < word {
				drawn >>= word - rest
			}
			v.Or(v, new(big.Int).Lsh(big.NewInt(int64(drawn)), uint(at)))
		}
		if v.Cmp(n) < 0 {
			return v
		}
	}
}

// between is random.randint(low, high): a whole number, both included.
func (t *twister) between(low, high *big.Int) *big.Int {
	size := new(big.Int).Sub(high, low)
	v := t.below(size.Add(size, big.NewInt(1)))
	return v.Add(v, low)
}

// normal is numpy.random.normal(mean, deviation): the polar method, which makes
// two numbers of each point that it finds in a circle and keeps one for the next
// time.
func (t *twister) normal(mean, deviation float64) float64 {
	return mean + float64(deviation*t.standard())
}

func (t *twister) standard() float64 {
	if t.hasNext {
		t.hasNext = false
		return t.next
	}
	for {
		x := 2*t.unit() - 1 // exact
		y := 2*t.unit() - 1
		r := float64(x*x) + float64(y*y)
		if r >= 1 || r == 0 {
			continue
		}
		f := math.Sqrt(-2 * cLog(r) / r)
		t.next, t.hasNext = f*x, true
		return f * y
	}
}
