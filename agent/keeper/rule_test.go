package keeper

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// However a file is written to and whenever it is looked at, sending it takes a
// small part of the time.
func TestALargeFileLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			f, now, mtime := &file{}, time.Unix(0, 0), int64(0)
			var spent, last time.Duration
			for scan := range uint32(2000) {
				now = now.Add(interval)
				if r.IntN(3) > 0 {
					mtime++
				}
				f.saw(scan+1, now, 1, mtime, 0o644)
				if f.due(now) {
					last = time.Duration(r.Int64N(int64(mostPause / share)))
					f.sent(now, now.Add(last))
					f.saved(1, mtime, "")
					now = now.Add(last)
					spent += last
				}
			}
			if elapsed := now.Sub(time.Unix(0, 0)); (spent-last)*share > elapsed || f.times < 2 {
				t.Errorf("of %s %s went into sending it %d times", elapsed, spent, f.times)
			}
		})
	}
}

func TestWhenAFileIsSent(t *testing.T) {
	t.Parallel()
	type seen struct {
		second      int
		size, mtime int64
	}
	hours := func(n int) (all []seen) { // a file that is written anew each hour
		for i := range n {
			all = append(all, seen{3600 * i, 9, int64(i)}, seen{3600*i + 5, 9, int64(i)}, seen{3600*i + 10, 9, int64(i)})
		}
		return all
	}
	for name, c := range map[string]struct {
		seen []seen
		took time.Duration
		want []int // the seconds
	}{
		"a new one at once":                               {[]seen{{0, 10, 1}}, 0, []int{0}},
		"one that does not change once":                   {[]seen{{0, 10, 1}, {5, 10, 1}, {600, 10, 1}}, 0, []int{0}},
		"an empty one too":                                {[]seen{{0, 0, 1}, {600, 0, 1}}, 0, []int{0}},
		"one that has changed soon after":                 {[]seen{{0, 9, 1}, {5, 9, 2}, {10, 9, 2}}, 0, []int{0, 10}},
		"one that changes each time a little later":       {[]seen{{0, 9, 1}, {5, 9, 2}, {10, 9, 3}, {15, 9, 4}, {20, 9, 5}}, 0, []int{0, 15}},
		"one that grows by little as any other":           {[]seen{{0, 100, 1}, {55, 101, 2}, {60, 101, 2}}, 0, []int{0, 60}},
		"one that is sent often after a minute":           {[]seen{{0, 9, 1}, {10, 9, 2}, {11, 9, 2}, {40, 9, 3}, {41, 9, 3}, {90, 9, 4}, {91, 9, 4}, {145, 9, 5}, {149, 9, 5}, {151, 9, 5}}, 0, []int{0, 11, 41, 91, 151}},
		"one that takes long after ten times as long":     {[]seen{{0, 9, 1}, {30, 9, 2}, {60, 9, 2}, {329, 9, 2}, {330, 9, 2}}, 30 * time.Second, []int{0, 330}},
		"one that takes very long after an hour":          {[]seen{{0, 9, 1}, {4000, 9, 2}, {4199, 9, 2}, {4200, 9, 2}}, 10 * time.Minute, []int{0, 4200}},
		"one of the same size each time it is made again": {hours(4), 20 * time.Second, []int{0, 3605, 7205, 10805}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &file{}
			var got []int
			for i, s := range c.seen {
				now := time.Unix(int64(s.second), 0)
				f.saw(uint32(i+1), now, s.size, s.mtime, 0o644)
				if f.due(now) {
					got = append(got, s.second)
					f.sent(now, now.Add(c.took))
					f.saved(s.size, s.mtime, "")
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("sent at %v, want %v", got, c.want)
			}
		})
	}
}
