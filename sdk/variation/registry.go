// Package variation turns the configurations of a campaign file into those that
// are run: each variation multiplies what came before it.
//
// A variation type is a Func in a Registry. Those of the format are always
// there; a program adds its own with Register, and a user with an executable
// that reads and writes JSON, see Registry.Plugin. Expansion is deterministic:
// the same file gives the same configurations on every computer, so a campaign
// can be resumed.
package variation

import (
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// Config is one configuration that is run.
type Config struct {
	// Name is unique within its campaign: "<configuration>-<i>-<j>...", with
	// a number from 1 for each variation.
	Name string
	// Parameters in the file's order, those that variations add behind them.
	// They may be shared with other configurations: do not change them.
	Parameters []spec.Parameter
}

// Input is what a Func gets.
type Input struct {
	// Config is the configuration to vary. It must not be changed.
	Config Config
	// Origin is the name of the file's configuration that Config came from.
	Origin string
	// Settings are those of the variation in the file: plain YAML values
	// with string keys.
	Settings map[string]any
	// Dir is the folder of the campaign file, absolute.
	Dir string
}

// Change is what one child of a configuration has in place of its parent's
// parameters, or besides them.
type Change []spec.Parameter

// Func makes the children of one configuration; there must be at least one. It
// has to give the same ones each time, and may be called from several
// goroutines at once. An *api.InvalidSpecError that names no file is reported at the
// variation's place in the file, with its paths below the variation's.
type Func func(ctx context.Context, in Input) ([]Change, error)

// Registry holds the variation types by name. It may be read, but not added to,
// by several goroutines at once.
type Registry struct {
	types  map[string]variationType
	random api.Random
}

// variationType is how the children of a configuration are made: one by one
// for each, or the same ones for all.
type variationType struct {
	each Func
	same func(in Input) (changes, error)
}

// changes are the changes that a variation makes, as Configs are configurations.
type changes struct {
	count int
	all   iter.Seq[Change]
}

func changesOf(list []Change) changes { return changes{len(list), slices.Values(list)} }

// Default returns a registry with the types of the format:
// ParameterVariationList, ParameterVariationDistributionUniform,
// ParameterVariationDistributionGaussian and OneOfVariation. Random values are
// those that RoboVAST draws.
func Default() *Registry {
	return &Registry{random: api.RandomRoboVAST, types: map[string]variationType{
		spec.VariationList:     {same: list},
		spec.VariationUniform:  {same: uniform},
		spec.VariationGaussian: {same: gaussian},
		spec.VariationOneOf:    {}, // it needs the registry; see expansion.children
	}}
}

// With returns Default with random values drawn by random; empty is the
// default. An unknown value is an *api.InvalidSpecError.
func With(random api.Random) (*Registry, error) {
	r := Default()
	switch random {
	case "", api.RandomRoboVAST:
	case api.RandomLegacy:
		r.random = random
		r.types[spec.VariationUniform] = variationType{same: legacyUniform}
		r.types[spec.VariationGaussian] = variationType{same: legacyGaussian}
	default:
		return nil, api.InvalidOption("Random", "%q is not known; give %s or %s", string(random), api.RandomRoboVAST, api.RandomLegacy)
	}
	return r, nil
}

// Register adds a type. A name that is empty, or taken, is an
// *api.InvalidSpecError.
func (r *Registry) Register(typ string, f Func) error {
	switch _, taken := r.types[typ]; {
	case typ == "":
		return api.Invalid("", "a variation type needs a name")
	case taken:
		return api.Invalid("", "there is a variation type %s already", typ)
	}
	r.types[typ] = variationType{each: f}
	return nil
}

// Types returns the names of all types, sorted.
func (r *Registry) Types() []string { return slices.Sorted(maps.Keys(r.types)) }
