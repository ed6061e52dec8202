package variation

import (
	"hash/maphash"
	"iter"
	"slices"

	"github.com/kubevast/vast/sdk/api"
)

// Configs are the configurations of a campaign. Each is made when it is
// requested: a million take no more memory than one.
type Configs struct {
	count int
	all   iter.Seq[Config]
	// random drew the values, if drawn says that any are random.
	random api.Random
	drawn  bool
}

// Of returns the configurations of a program that has made them itself.
func Of(configs ...Config) *Configs {
	return &Configs{count: len(configs), all: slices.Values(configs)}
}

// From returns configurations that all makes anew each time it is ranged over:
// so many, and the same ones each time.
func From(count int, all iter.Seq[Config]) *Configs { return &Configs{count: count, all: all} }

// Len returns how many there are; 0 of nil.
func (c *Configs) Len() int {
	if c == nil {
		return 0
	}
	return c.count
}

// Random is what drew their random values, or would have; empty for those of a
// program.
func (c *Configs) Random() api.Random {
	if c == nil {
		return ""
	}
	return c.random
}

// Drawn reports whether any value of theirs is random.
func (c *Configs) Drawn() bool { return c != nil && c.drawn }

// All yields them in their order, the same ones each time.
func (c *Configs) All() iter.Seq[Config] {
	if c == nil {
		return func(func(Config) bool) {}
	}
	return c.all
}

// names yields their names.
func (c *Configs) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for config := range c.All() {
			if !yield(config.Name) {
				return
			}
		}
	}
}

// twice returns the number of occurrences of each name that occurs more than
// once. It keeps a hash of 8 bytes for each name; names with equal hashes are
// compared in a second pass.
func (c *Configs) twice() map[string]int {
	seed := maphash.MakeSeed()
	hashes := make([]uint64, 0, c.Len())
	for name := range c.names() {
		hashes = append(hashes, maphash.String(seed, name))
	}
	slices.Sort(hashes)
	met := map[uint64]bool{}
	for i := 1; i < len(hashes); i++ {
		if hashes[i] == hashes[i-1] {
			met[hashes[i]] = true
		}
	}
	if len(met) == 0 {
		return nil
	}
	count := map[string]int{}
	for name := range c.names() {
		if met[maphash.String(seed, name)] {
			count[name]++
		}
	}
	for name, n := range count {
		if n == 1 {
			delete(count, name)
		}
	}
	return count
}
