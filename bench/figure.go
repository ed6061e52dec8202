package main

import (
	"fmt"
	"math"
	"slices"
)

// figure is one line of the table.
type figure struct {
	what         string
	ours, theirs string
	// ratio is the median of the ratios of pairs, from and to their range.
	ratio, from, to float64
	bound           bound
	runs            string
	// notes are what the reader should know beside the numbers.
	notes []string
}

// bound is what the ratio is held against.
type bound struct {
	limit   float64 // 0: there is none
	atLeast bool
	// text replaces the words that the limit would give.
	text string
}

func atMost(x float64) bound  { return bound{limit: x} }
func atLeast(x float64) bound { return bound{limit: x, atLeast: true} }

func (b bound) String() string {
	switch {
	case b.text != "":
		return b.text
	case b.limit == 0:
		return "-"
	case b.atLeast:
		return fmt.Sprintf(">= %.2f", b.limit)
	default:
		return fmt.Sprintf("<= %.2f", b.limit)
	}
}

// met compares what is printed: a table must not show that 1.00 misses 1.00.
func (f figure) met() string {
	ratio := math.Round(f.ratio*100) / 100
	switch {
	case f.bound.limit == 0:
		return "-"
	case f.bound.atLeast && ratio >= f.bound.limit, !f.bound.atLeast && ratio <= f.bound.limit:
		return "yes"
	default:
		return "NO"
	}
}

// pairs are measurements of both sides, taken in turns.
type pairs struct{ ours, theirs []float64 }

// turns calls both sides n times, and the other one first each time: whatever
// changes on the machine meanwhile, changes for both.
func turns(n int, ours, theirs func(i int) (float64, error)) (pairs, error) {
	var p pairs
	for i := range n {
		for side := range 2 {
			measure, to := ours, &p.ours
			if (i+side)%2 == 1 {
				measure, to = theirs, &p.theirs
			}
			x, err := measure(i)
			if err != nil {
				return p, err
			}
			*to = append(*to, x)
		}
	}
	return p, nil
}

// figure makes a line of the table of pairs; show writes a value with its unit.
func (p pairs) figure(what string, b bound, show func(float64) string) figure {
	ratios := make([]float64, len(p.ours))
	for i := range ratios {
		ratios[i] = p.ours[i] / p.theirs[i]
	}
	return figure{
		what: what, bound: b,
		ours: show(median(p.ours)), theirs: show(median(p.theirs)),
		ratio: median(ratios), from: slices.Min(ratios), to: slices.Max(ratios),
		runs: fmt.Sprintf("%d pairs", len(ratios)),
	}
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

func seconds(x float64) string {
	if x < 1 {
		return fmt.Sprintf("%.0f ms", x*1e3)
	}
	return fmt.Sprintf("%.2f s", x)
}

func perSecond(x float64) string { return fmt.Sprintf("%.0f/s", x) }

func megabytesPerSecond(x float64) string { return fmt.Sprintf("%.1f MB/s", x/1e6) }

func mebibytes(x float64) string {
	if x == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%.0f MiB", x/(1<<20))
}
