// Package archives finds archives on a share by the names of campaigns and tasks, downloads
// and unpacks them, and tries a share.
package archives

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// suffixes are the ends of the names of archives.
var suffixes = []string{".tar.gz", ".tar.zst", ".tgz"}

// Base returns the name of an archive without the end that shows its format; ok is false for
// the name of another file.
func Base(name string) (base string, ok bool) {
	for _, suffix := range suffixes {
		if base, ok := strings.CutSuffix(name, suffix); ok && base != "" {
			return base, true
		}
	}
	return name, false
}

const (
	// tries is how often a call is repeated after temporary errors, with pause before the
	// second one, and twice as long each time.
	tries = 5
	pause = time.Second
)

// again repeats a call while its error is temporary.
func again(ctx context.Context, call func() error) error {
	wait := pause
	for n := 1; ; n++ {
		err := call()
		var temporary *share.TemporaryError
		if !errors.As(err, &temporary) || n == tries {
			return err
		}
		select {
		case <-time.After(max(wait, temporary.RetryAfter)):
		case <-ctx.Done():
			return ctx.Err()
		}
		wait *= 2
	}
}

// List returns the archives on a share, sorted by name. With all it returns every file.
func List(ctx context.Context, p share.ShareProvider, all bool) ([]share.Object, error) {
	var found []share.Object
	err := again(ctx, func() error {
		found = nil
		for o, err := range p.List(ctx) {
			if err != nil {
				return err
			}
			if _, archive := Base(o.Name); archive || all {
				found = append(found, o)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b share.Object) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// Find returns the archives that refs name, sorted by name: the name of a file, with or
// without its end; a glob on either; the name of a campaign or the beginning of an id, if only
// one has it; "@latest" for the newest campaign by its id. A share that cannot be listed is
// asked for the names. A ref that names nothing is an api.NotFoundError.
func Find(ctx context.Context, p share.ShareProvider, refs []string) ([]share.Object, error) {
	for _, ref := range refs {
		if !doublestar.ValidatePattern(ref) {
			return nil, api.Invalid("", "%q is not a valid pattern; * matches any text, [ab] one of these characters", ref)
		}
	}
	all, err := List(ctx, p, true)
	if unlisted := (*api.NotSupportedError)(nil); errors.As(err, &unlisted) {
		return named(ctx, p, refs)
	}
	if err != nil {
		return nil, err
	}
	var found []share.Object
	for _, ref := range refs {
		matched, err := match(ref, all)
		if err != nil {
			return nil, err
		}
		for _, o := range matched {
			if !slices.ContainsFunc(found, func(f share.Object) bool { return f.Name == o.Name }) {
				found = append(found, o)
			}
		}
	}
	slices.SortFunc(found, func(a, b share.Object) int { return cmp.Compare(a.Name, b.Name) })
	return found, nil
}

// match returns the objects that one ref names.
func match(ref string, all []share.Object) ([]share.Object, error) {
	var exact, globbed, campaigns, beginning []share.Object
	for _, o := range all {
		base, archive := Base(o.Name)
		switch {
		case o.Name == ref || archive && base == ref:
			exact = append(exact, o)
		case doublestar.MatchUnvalidated(ref, o.Name), archive && doublestar.MatchUnvalidated(ref, base):
			globbed = append(globbed, o)
		case archive && kube.CampaignName(base) == ref, archive && ref == kube.Latest && kube.CampaignName(base) != "":
			campaigns = append(campaigns, o)
		case archive && strings.HasPrefix(base, ref):
			beginning = append(beginning, o)
		}
	}
	if ref == kube.Latest && len(campaigns) > 0 {
		return []share.Object{slices.MaxFunc(campaigns, func(a, b share.Object) int { return cmp.Compare(stamp(a.Name), stamp(b.Name)) })}, nil
	}
	switch {
	case len(exact) > 0:
		return exact, nil
	case len(globbed) > 0:
		return globbed, nil
	}
	for _, some := range [][]share.Object{campaigns, beginning} {
		if len(some) == 1 {
			return some, nil
		}
		if len(some) > 1 {
			names := make([]string, 0, len(some))
			for _, o := range some[:min(len(some), 5)] {
				names = append(names, o.Name)
			}
			return nil, api.Invalid("", "%q names %d archives: %s; give a whole name or a pattern such as %q", ref, len(some), strings.Join(names, ", "), ref+"*")
		}
	}
	return nil, notFound(ref)
}

func notFound(ref string) error {
	return &api.NotFoundError{Kind: "archive", Name: ref, Hint: "the share has no archive of that name"}
}

// stamp is the time in the id of a campaign.
func stamp(name string) string {
	base, _ := Base(name)
	return strings.TrimPrefix(base, kube.CampaignName(base))
}

// named asks a share that cannot be listed.
func named(ctx context.Context, p share.ShareProvider, refs []string) ([]share.Object, error) {
	var found []share.Object
	for _, ref := range refs {
		if strings.ContainsAny(ref, "*?[@") {
			return nil, &api.NotSupportedError{Message: "the share cannot be listed; give whole names"}
		}
		names := []string{ref}
		if _, archive := Base(ref); !archive {
			names = []string{ref + suffixes[0], ref + suffixes[1]}
		}
		there := false
		for _, name := range names {
			var o share.Object
			err := again(ctx, func() (err error) {
				o, err = p.Stat(ctx, name)
				return err
			})
			if api.IsNotFound(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			found, there = append(found, o), true
		}
		if !there {
			return nil, notFound(ref)
		}
	}
	return found, nil
}

// Remove removes an archive. One that is absent is no error.
func Remove(ctx context.Context, p share.ShareProvider, name string) error {
	err := again(ctx, func() error { return p.Remove(ctx, name) })
	if api.IsNotFound(err) {
		return nil
	}
	return err
}
