package variation

import "math"

// cLog is the natural logarithm of a number between 0 and 1, both without, as the
// C library of Linux has it on a processor with a fused multiplication and
// addition, to the last bit. numpy's normal distribution takes its logarithm
// from there, and no other one will do: those of C libraries err by up to 0.52
// of a last bit, that of package math by more, and elsewhere.
//
// x is 2^k z; log(x) is k log(2) + log(c) + log1p(z/c-1), with c near z from a
// table. Where that would lose bits, near 1, it is one polynomial. Which
// operations are fused is part of the result.
func cLog(x float64) float64 {
	const (
		near   = 0x3fee000000000000 // 1 - 1/16
		bottom = 0x3fe6000000000000 // 11/16, where the table begins
	)
	bits := math.Float64bits(x)
	if bits >= near {
		return cLogNear1(x - 1)
	}
	above := bits - bottom
	entry := logTable[above>>45%128]
	k := float64(int64(above) >> 52)
	z := math.Float64frombits(bits - above&(0xfff<<52))
	r := math.FMA(z, entry[0], -1)
	w := math.FMA(k, log2High, entry[1])
	high := w + r
	low := math.FMA(k, log2Low, w-high+r)
	square := r * r
	low = math.FMA(square, -0x1.0000000000001p-1, low)
	p := math.FMA(r, -0x1.55575e506c89fp-3, 0x1.999b324f10111p-3)
	p = math.FMA(p, square, math.FMA(r, -0x1.fffffffeb4590p-3, 0x1.555555551305bp-2))
	return math.FMA(r*square, p, low) + high
}

// The two parts of log(2).
const (
	log2High = 0x1.62e42fefa3800p-1
	log2Low  = 0x1.ef35793c76730p-45
)

// cLogNear1 is cLog(1+r) for -1/16 <= r < 0.
func cLogNear1(r float64) float64 {
	r2 := r * r
	r3 := r * r2
	a := math.FMA(r, -0x1.ffffffffffdcbp-3, 0x1.5555555555577p-2)
	a = math.FMA(r2, 0x1.999999995dd0cp-3, a)
	b := math.FMA(r, 0x1.24924a344de30p-3, -0x1.55555556745a7p-3)
	b = math.FMA(r2, -0x1.fffffa4423d65p-4, b)
	c := math.FMA(r, -0x1.999eb43b068ffp-4, 0x1.c7184282ad6cap-4)
	c = math.FMA(r2, 0x1.78182f7afd085p-4, c)
	c = math.FMA(r3, -0x1.5521375d145cdp-4, c)
	p := math.FMA(math.FMA(c, r3, b), r3, a)

	// The first half of r's bits, whose square is exact, and the second.
	first := math.FMA(-0x1p27, r, math.FMA(r, 0x1p27, r))
	second := r - first
	square := first * first
	high := math.FMA(square, -0.5, r)
	low := math.FMA(square, -0.5, r-high)
	low = math.FMA(-0.5*second, r+first, low)
	return high + math.FMA(p, r3, low)
}
