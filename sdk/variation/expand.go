package variation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/files"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// maxConfigs is the most configurations that a campaign may have.
const maxConfigs = 1_000_000

// Expand returns the configurations of a campaign in the file's order. The
// variations of a configuration are applied one after the other, each to all
// configurations of the one before (a Cartesian product), on top of its
// parameters. Results of registered types and plug-ins are kept, since these
// are called only once; all else is computed when it is requested.
//
// What is wrong with the file is an *api.InvalidSpecError with every problem that
// was found: a type that r lacks, settings that a type cannot take, a plug-in
// that fails, names that meet.
func Expand(ctx context.Context, c *spec.Campaign, r *Registry) (*Configs, error) {
	return expand(ctx, c, r, maxConfigs)
}

func expand(ctx context.Context, c *spec.Campaign, r *Registry, most int) (*Configs, error) {
	dir, err := filepath.Abs(files.Folder(c.Path))
	if err != nil {
		return nil, err
	}
	if problems := r.Check(c); len(problems) > 0 {
		return nil, &api.InvalidSpecError{Problems: problems}
	}
	e := &expansion{registry: r, file: c.Path, dir: dir, most: most}
	var trees []*tree
	count := 0
	for i := range c.Configurations {
		t, err := e.configuration(ctx, &c.Configurations[i], most-count)
		var invalid *api.InvalidSpecError
		switch {
		case errors.As(err, &invalid):
			e.problems = append(e.problems, invalid.Problems...)
		case err != nil:
			return nil, err
		default:
			trees = append(trees, t)
			count += t.count
		}
	}
	out := &Configs{count: count, random: r.random, drawn: draws(c), all: func(yield func(Config) bool) {
		for _, t := range trees {
			if !t.each(yield) {
				return
			}
		}
	}}
	if len(e.problems) == 0 {
		e.checkNames(c, out)
	}
	if len(e.problems) > 0 {
		return nil, &api.InvalidSpecError{Problems: e.problems}
	}
	return out, nil
}

// draws reports whether a campaign has a variation with random values.
func draws(c *spec.Campaign) bool {
	var look func([]spec.Variation) bool
	look = func(all []spec.Variation) bool {
		return slices.ContainsFunc(all, func(v spec.Variation) bool {
			return v.Type == spec.VariationUniform || v.Type == spec.VariationGaussian || look(v.Branches)
		})
	}
	return slices.ContainsFunc(c.Configurations, func(one spec.Configuration) bool { return look(one.Variations) })
}

type expansion struct {
	registry *Registry
	file     string
	dir      string
	most     int // configurations
	problems []api.Problem
}

// configuration expands one entry of the file.
func (e *expansion) configuration(ctx context.Context, c *spec.Configuration, limit int) (*tree, error) {
	t := &tree{root: Config{Name: c.Name, Parameters: c.Parameters}, count: 1}
	for i := range c.Variations {
		v := &c.Variations[i]
		next, err := e.level(ctx, v, t, limit)
		if err != nil {
			return nil, err
		}
		t.levels = append(t.levels, next)
	}
	return t, ctx.Err()
}

// level applies a variation to all that t gives so far, and counts what t gives
// with it.
func (e *expansion) level(ctx context.Context, v *spec.Variation, t *tree, limit int) (level, error) {
	tooMany := func() error {
		return e.at(v, "with this the campaign has more than %d configurations; run it in parts", e.most)
	}
	if !e.asked(v) {
		same, err := e.children(ctx, t.root.Name, v, t.root)
		if err != nil {
			return level{}, err
		}
		if same.count > limit/t.count {
			return level{}, tooMany()
		}
		t.count *= same.count
		return level{same: same}, nil
	}
	// The calls are concurrent: a plug-in is one process per configuration.
	out := make([]changes, t.count)
	var total atomic.Int64
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	parent := 0
	for config := range t.all() {
		if within.Err() != nil {
			break // one has failed, or the caller gave up
		}
		i := parent
		parent++
		group.Go(func() (err error) {
			out[i], err = e.children(within, t.root.Name, v, config)
			if err == nil && total.Add(int64(out[i].count)) > int64(limit) {
				err = tooMany()
			}
			return err
		})
	}
	if err := cmp.Or(group.Wait(), ctx.Err()); err != nil {
		return level{}, err
	}
	t.count = int(total.Load())
	return level{each: out}, nil
}

// asked reports whether a variation is called for each configuration: its type
// is not one of the format.
func (e *expansion) asked(v *spec.Variation) bool {
	return e.registry.types[v.Type].each != nil || slices.ContainsFunc(v.Branches, func(b spec.Variation) bool { return e.asked(&b) })
}

// children returns the changes that a variation makes of one configuration.
// Those of OneOfVariation are the changes of all its branches.
func (e *expansion) children(ctx context.Context, origin string, v *spec.Variation, parent Config) (changes, error) {
	var out changes
	typ := e.registry.types[v.Type]
	in := Input{Config: parent, Origin: origin, Settings: v.Settings, Dir: e.dir}
	switch {
	case v.Type == spec.VariationOneOf:
		var branches []changes
		for i := range v.Branches {
			branch, err := e.children(ctx, origin, &v.Branches[i], parent)
			if err != nil {
				return changes{}, err
			}
			branches = append(branches, branch)
		}
		out = joined(branches)
	case typ.each != nil:
		list, err := typ.each(ctx, in)
		if err != nil {
			return changes{}, e.place(v, err)
		}
		out = changesOf(list)
	default:
		var err error
		if out, err = typ.same(in); err != nil {
			return changes{}, e.place(v, err)
		}
	}
	if out.count == 0 {
		return changes{}, e.at(v, "gives no configuration for %s", parent.Name)
	}
	return out, nil
}

// at makes an error of a problem with a variation.
func (e *expansion) at(v *spec.Variation, format string, args ...any) error {
	return &api.InvalidSpecError{Problems: []api.Problem{{
		File: e.file, Line: v.Line, Column: v.Column, Path: v.Path, Message: fmt.Sprintf(format, args...)}}}
}

// place gives the problems of a Func their place.
func (e *expansion) place(v *spec.Variation, err error) error {
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		return err
	}
	placed := make([]api.Problem, len(invalid.Problems))
	for i, p := range invalid.Problems {
		if p.File == "" {
			p.File, p.Line, p.Column = e.file, v.Line, v.Column
			if p.Path != "" {
				p.Path = "." + p.Path
			}
			p.Path = v.Path + p.Path
		}
		placed[i] = p
	}
	return &api.InvalidSpecError{Problems: placed}
}
