package variation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// MaxConfigs is the most configurations that a campaign may have.
const MaxConfigs = 1_000_000

// Expand returns the configurations of a campaign in the file's order. The
// variations of a configuration are applied one after the other, each to all
// that the one before gave (a Cartesian product), on top of its parameters.
//
// What is wrong with the file is an *api.InvalidSpec with every problem that
// was found: a type that r lacks, settings that a type cannot take, a plug-in
// that fails, names that meet.
func Expand(ctx context.Context, c *spec.Campaign, r *Registry) ([]Config, error) {
	return expand(ctx, c, r, MaxConfigs)
}

func expand(ctx context.Context, c *spec.Campaign, r *Registry, most int) ([]Config, error) {
	dir, err := filepath.Abs(filepath.Dir(c.Path))
	if err != nil {
		return nil, err
	}
	if problems := r.Check(c); len(problems) > 0 {
		return nil, &api.InvalidSpec{Problems: problems}
	}
	e := &expansion{registry: r, file: c.Path, dir: dir, most: most}
	var out []Config
	for i := range c.Configurations {
		configs, err := e.configuration(ctx, &c.Configurations[i], most-len(out))
		var invalid *api.InvalidSpec
		switch {
		case errors.As(err, &invalid):
			e.problems = append(e.problems, invalid.Problems...)
		case err != nil:
			return nil, err
		}
		out = append(out, configs...)
	}
	if len(e.problems) == 0 {
		e.checkNames(c, out)
	}
	if len(e.problems) > 0 {
		return nil, &api.InvalidSpec{Problems: e.problems}
	}
	return out, nil
}

type expansion struct {
	registry *Registry
	file     string
	dir      string
	most     int // configurations
	problems []api.Problem
}

// configuration expands one entry of the file.
func (e *expansion) configuration(ctx context.Context, c *spec.Configuration, limit int) ([]Config, error) {
	configs := []Config{{Name: c.Name, Parameters: c.Parameters}}
	for i := range c.Variations {
		v := &c.Variations[i]
		changes, total, err := e.all(ctx, c.Name, v, configs, limit)
		if err != nil {
			return nil, err
		}
		next := make([]Config, 0, total)
		for j, parent := range configs {
			for k, change := range changes[j] {
				next = append(next, Config{Name: parent.Name + "-" + strconv.Itoa(k+1), Parameters: merge(parent.Parameters, change)})
			}
		}
		configs = next
	}
	return configs, nil
}

// all returns the changes for each parent, and how many they are together. They
// are asked for side by side: a plug-in is a process for each.
func (e *expansion) all(ctx context.Context, origin string, v *spec.Variation, parents []Config, limit int) ([][]Change, int, error) {
	out := make([][]Change, len(parents))
	var total atomic.Int64
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, parent := range parents {
		if within.Err() != nil {
			break // one has failed, or the caller gave up
		}
		group.Go(func() (err error) {
			out[i], err = e.children(within, origin, v, parent)
			if err == nil && total.Add(int64(len(out[i]))) > int64(limit) {
				err = e.at(v, "with this the campaign has more than %d configurations; run it in parts", e.most)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, 0, err
	}
	return out, int(total.Load()), ctx.Err()
}

// children returns the changes that a variation makes of one configuration.
// Those of OneOfVariation are the changes of all its branches.
func (e *expansion) children(ctx context.Context, origin string, v *spec.Variation, parent Config) ([]Change, error) {
	var out []Change
	if v.Type == spec.VariationOneOf {
		for i := range v.Branches {
			changes, err := e.children(ctx, origin, &v.Branches[i], parent)
			if err != nil {
				return nil, err
			}
			out = append(out, changes...)
		}
	} else {
		var err error
		in := Input{Config: parent, Origin: origin, Settings: v.Settings, Dir: e.dir}
		if out, err = e.registry.types[v.Type](ctx, in); err != nil {
			return nil, e.place(v, err)
		}
	}
	if len(out) == 0 {
		return nil, e.at(v, "gives no configuration for %s", parent.Name)
	}
	return out, nil
}

// at makes an error of a problem with a variation.
func (e *expansion) at(v *spec.Variation, format string, args ...any) error {
	return &api.InvalidSpec{Problems: []api.Problem{{
		File: e.file, Line: v.Line, Column: v.Column, Path: v.Path, Message: fmt.Sprintf(format, args...)}}}
}

// place gives the problems of a Func their place.
func (e *expansion) place(v *spec.Variation, err error) error {
	var invalid *api.InvalidSpec
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
	return &api.InvalidSpec{Problems: placed}
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
