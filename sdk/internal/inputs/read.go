package inputs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	// maxWarnings limits how many omitted files are listed individually.
	maxWarnings = 5
	// packing is how many packs are read at the same time.
	packing = 2
)

// content is what was read for a local source.
type content struct {
	entries []pack.Entry
	pack    *Pack
}

// scan looks through all local sources, the results as they are in places; those
// that are not local have none.
func (p *Plan) scan(ctx context.Context, t *spec.Task, places []place) ([][]*pack.Folder, error) {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(packing)
	found, wrong := make([][]*pack.Folder, len(places)), make([][][]api.Problem, len(places))
	for i, place := range places {
		found[i], wrong[i] = make([]*pack.Folder, len(place.sources)), make([][]api.Problem, len(place.sources))
		for j, s := range place.sources {
			if s.local == "" {
				continue
			}
			all.Go(func() (err error) {
				found[i][j], err = scanSource(ctx, s)
				var invalid *api.InvalidSpecError
				if errors.As(err, &invalid) { // reported with those of the others
					wrong[i][j], err = s.problems(t, invalid), nil
				}
				return err
			})
		}
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	if problems := slices.Concat(slices.Concat(wrong...)...); len(problems) > 0 {
		return nil, inOrder(problems)
	}
	for i, place := range places {
		for j, s := range place.sources {
			if found[i][j] != nil {
				p.warnings = append(p.warnings, leftOut(t, s.local, found[i][j].Skipped)...)
			}
		}
	}
	return found, nil
}

func scanSource(ctx context.Context, s source) (*pack.Folder, error) {
	if s.file {
		return pack.ScanFile(s.local, theFile)
	}
	return pack.Scan(ctx, s.local, pack.ScanOptions{})
}

// packAll packs each local source by itself.
func packAll(ctx context.Context, found [][]*pack.Folder, notify func(api.TransferProgress)) ([][]*content, error) {
	meter := &meter{notify: notify, now: api.TransferProgress{Reading: true}}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(packing)
	read := make([][]*content, len(found))
	var packs []func() error
	for i, folders := range found {
		read[i] = make([]*content, len(folders))
		for j, folder := range folders {
			if folder == nil {
				continue
			}
			files := 0
			for _, e := range folder.Entries {
				if e.Mode.IsRegular() {
					files++
				}
			}
			report := meter.part(files, folder.Bytes)
			packs = append(packs, func() error {
				made, err := newPack(ctx, folder.Entries, report)
				read[i][j] = &content{entries: folder.Entries, pack: made}
				return err
			})
		}
	}
	for _, pack := range packs { // when the totals are known
		all.Go(pack)
	}
	return read, all.Wait()
}

// problems are what a folder holds and cannot be packed, at the place in the
// task file that names it.
func (s source) problems(t *spec.Task, of *api.InvalidSpecError) []api.Problem {
	var out []api.Problem
	for _, p := range of.Problems {
		out = append(out, api.Problem{File: t.Source.File, Line: s.at.Line, Column: s.at.Column,
			Path: s.field, Message: withoutSecrets(t, p.Message)})
	}
	return out
}

func leftOut(t *spec.Task, dir string, skipped []pack.Skipped) []string {
	var out []string
	for i, s := range skipped {
		if i == maxWarnings {
			return append(out, withoutSecrets(t, fmt.Sprintf("%d more in %s are left out", len(skipped)-i, dir)))
		}
		out = append(out, withoutSecrets(t, pack.Skipped{Name: filepath.Join(dir, s.Name), Reason: s.Reason}.String()))
	}
	return out
}

// withoutSecrets takes out of a message the secrets that were filled into paths.
func withoutSecrets(t *spec.Task, message string) string {
	for _, s := range t.Secrets {
		if s.Value != "" {
			message = strings.ReplaceAll(message, s.Value, "(a secret)")
		}
	}
	return message
}
