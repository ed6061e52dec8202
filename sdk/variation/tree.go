package variation

import (
	"iter"
	"strconv"

	"github.com/kubevast/vast/sdk/spec"
)

// tree is one configuration of the file with its variations: each is a level,
// and what hangs below the last one is run.
type tree struct {
	root   Config
	levels []level
	count  int // of what is run
}

// level has the changes of one variation: the same ones for all configurations
// that it is applied to, or those of each in turn.
type level struct {
	same changes
	each []changes
}

// all yields what is run.
func (t *tree) all() iter.Seq[Config] {
	return func(yield func(Config) bool) { t.each(yield) }
}

// each calls do for what is run until that returns false.
func (t *tree) each(do func(Config) bool) bool {
	levels, met := t.levels, make([]int, len(t.levels)) // how many parents each level has had
	var below func(depth int, config Config) bool
	below = func(depth int, config Config) bool {
		if depth == len(levels) {
			return do(config)
		}
		of := levels[depth].same
		if each := levels[depth].each; each != nil {
			of = each[met[depth]]
			met[depth]++
		}
		child := 0
		for change := range of.all {
			child++
			if !below(depth+1, Config{Name: config.Name + "-" + strconv.Itoa(child), Parameters: merge(config.Parameters, change)}) {
				return false
			}
		}
		return true
	}
	return below(0, t.root)
}

// joined are several changes one after the other.
func joined(parts []changes) changes {
	out := changes{all: func(yield func(Change) bool) {
		for _, part := range parts {
			for change := range part.all {
				if !yield(change) {
					return
				}
			}
		}
	}}
	for _, part := range parts {
		out.count += part.count
	}
	return out
}

// merge puts a change over parameters: one that is there already keeps its
// place.
func merge(base []spec.Parameter, change Change) []spec.Parameter {
	out := make([]spec.Parameter, len(base), len(base)+len(change))
	copy(out, base)
next:
	for _, p := range change {
		for i := range out {
			if out[i].Name == p.Name {
				out[i].Value = p.Value
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}
