package keeper

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What is sent of a growing file is bounded, however it grows and whenever it
// is looked at.
func TestAtMostThreeTimesAFilesSizeIsSent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			f := &file{}
			size, mtime := int64(0), int64(0)
			for scan := range uint32(300) {
				if r.IntN(3) > 0 {
					mtime++
					if grows := r.IntN(2) == 0; grows || seed%2 == 0 {
						size += r.Int64N(1 << r.IntN(20))
					}
				}
				f.saw(scan+1, size, mtime, 0o644)
				if f.due() {
					f.saved(size, mtime, "")
				}
			}
			if !f.current() {
				f.saved(size, mtime, "")
			}
			if f.sent > 3*size {
				t.Errorf("%d bytes were sent of a file of %d", f.sent, size)
			}
		})
	}
}

func TestWhenAFileIsSent(t *testing.T) {
	t.Parallel()
	type seen struct{ size, mtime int64 }
	for name, c := range map[string]struct {
		seen []seen
		want []bool
	}{
		"a new one at once":                            {[]seen{{10, 1}}, []bool{true}},
		"one that does not change once":                {[]seen{{10, 1}, {10, 1}, {10, 1}}, []bool{true, false, false}},
		"an empty one too":                             {[]seen{{0, 1}, {0, 1}}, []bool{true, false}},
		"one that grows by little when it is quiet":    {[]seen{{100, 1}, {110, 2}, {120, 3}, {120, 3}}, []bool{true, false, false, true}},
		"one that grows by half without being quiet":   {[]seen{{100, 1}, {149, 2}, {150, 3}}, []bool{true, false, true}},
		"one that is rewritten again and again, twice": {[]seen{{9, 1}, {9, 2}, {9, 3}, {9, 3}, {9, 4}, {9, 4}}, []bool{true, false, false, true, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &file{}
			for i, s := range c.seen {
				f.saw(uint32(i+1), s.size, s.mtime, 0o644)
				if f.due() != c.want[i] {
					t.Fatalf("scan %d: due %v", i, f.due())
				}
				if f.due() {
					f.saved(s.size, s.mtime, "")
				}
			}
		})
	}
}
