package inputs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/pack"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

const (
	// MaxSmall is how much all packs of a task may be, in bytes, so that they
	// go with it: a ConfigMap holds 1 MiB.
	MaxSmall = 900 << 10
	// theFile is what a pack of one file calls it.
	theFile = "file"
	// packFile says that a source reads its place's own pack.
	packFile = "pack"
)

// Plan is all that a task brings, read and hashed. Nothing has been sent.
type Plan struct {
	files    []manifest.Files
	packs    []*Pack
	identity string
	warnings []string
}

// New reads the task's local files. All problems are returned at once, as
// *api.InvalidSpecError, before any file is read: first what Check finds, then what
// the folders hold and cannot be packed, all of it, up to a bound. A file that
// changes meanwhile is *api.ConflictError. A task that brings nothing has an empty
// plan. It ends when ctx does.
func New(ctx context.Context, t *spec.Task, o Options) (*Plan, error) {
	places, err := find(t, o)
	if err != nil {
		return nil, err
	}
	p := &Plan{}
	found, err := p.scan(ctx, t, places)
	if err != nil {
		return nil, unreadable(t, err)
	}
	read, err := packAll(ctx, found, o.Notify)
	if err != nil {
		return nil, unreadable(t, err)
	}
	var identity strings.Builder
	for i, place := range places {
		fmt.Fprintf(&identity, "%q %v\n", place.path, place.file)
		for j, s := range place.sources {
			sum := ""
			if r := read[i][j]; r != nil {
				sum = r.pack.Sum
			}
			fmt.Fprintf(&identity, "%q %q %q %q %q\n", s.to, sum, s.uri, s.git, s.ref)
		}
	}
	if len(places) > 0 {
		p.identity = kube.Hash(identity.String())
	}
	return p, p.arrange(ctx, places, read)
}

// arrange decides whether the packs go with the task or through the store, and
// makes the orders.
func (p *Plan) arrange(ctx context.Context, places []place, read [][]*content) error {
	small, err := ownPacks(ctx, places, read)
	if err != nil {
		return err
	}
	for i, place := range places {
		f := manifest.Files{Path: place.path, File: place.file, Workdir: place.workdir}
		several := locals(read[i]) > 1
		for j, s := range place.sources {
			item := agentspec.Item{To: s.to, URI: s.uri, Git: s.git, Ref: s.ref, KnownHosts: s.knownHosts}
			if c := read[i][j]; c != nil {
				if small == nil {
					item.Pack = c.pack.Key()
					p.packs = append(p.packs, c.pack)
				} else {
					item.PackFile = packFile
				}
				if small != nil && several {
					item.Only = fmt.Sprint(j)
				}
				if s.file {
					item.Only = path.Join(item.Only, theFile)
				}
			}
			f.Sources = append(f.Sources, item)
		}
		if small != nil && small[i] != nil {
			f.Pack = small[i].small
		}
		p.files = append(p.files, f)
	}
	return nil
}

// ownPacks makes one pack for each place, to go with the task; nil when they
// are too large for that.
func ownPacks(ctx context.Context, places []place, read [][]*content) ([]*Pack, error) {
	total := int64(0)
	for _, c := range slices.Concat(read...) {
		if c != nil {
			total += c.pack.Size
		}
	}
	if total > MaxSmall {
		return nil, nil
	}
	total = 0
	small := make([]*Pack, len(places))
	for i := range places {
		var parts []pack.Entry
		for j, c := range read[i] {
			switch {
			case c == nil:
				continue
			case locals(read[i]) == 1:
				small[i] = c.pack
			default:
				parts = append(parts, below(fmt.Sprint(j), c.entries)...)
			}
		}
		if parts != nil {
			var err error
			if small[i], err = newPack(ctx, sorted(parts), nil); err != nil {
				return nil, err
			}
		}
		if small[i] != nil {
			total += small[i].Size
		}
	}
	if total > MaxSmall {
		return nil, nil
	}
	return small, nil
}

func locals(read []*content) int {
	n := 0
	for _, c := range read {
		if c != nil {
			n++
		}
	}
	return n
}

// unreadable turns the error of a file that may not be read, or is gone by
// now, into one of the task file.
func unreadable(t *spec.Task, err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		return &api.InvalidSpecError{Problems: []api.Problem{{File: t.Source.File, Line: t.Source.Line, Column: 1,
			Message: withoutSecrets(t, fmt.Sprintf("%s cannot be read: %v; fix that, or name it in a .skyignore", of.Path, of.Err))}}}
	}
	return err
}

// Files are the orders for the pods; see manifest.Input.
func (p *Plan) Files() []manifest.Files { return p.files }

// NeedsStore reports whether Upload has to be called before the task's pods
// start: the files are too large to go with the task.
func (p *Plan) NeedsStore() bool { return len(p.packs) > 0 }

// Identity is a hash of all that the task brings, by content where that is
// known here; empty if it brings nothing.
func (p *Plan) Identity() string { return p.identity }

// Warnings list what is omitted.
func (p *Plan) Warnings() []string { return p.warnings }
