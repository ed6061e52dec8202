// Package plugin makes types of shares of executables, without compiling them in. The
// protocol is in docs/share-plugins.md.
//
// Requests and answers are lines of JSON on the executable's stdin and stdout, and the
// content of archives follows a line with its length. So a plug-in needs neither
// threads nor files, and holds no archive in memory.
package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/share"
)

// prefix begins the name of an executable; the type follows.
const prefix = "kubectl-vast-share-"

// Version of the protocol.
const Version = 1

// ImageSetting names the image in which uploads run: it has the executable on its PATH.
const ImageSetting = "VAST_SHARE_IMAGE"

// describing is how long a plug-in may take to describe itself.
const describing = 10 * time.Second

var (
	typeName    = regexp.MustCompile(`^[a-z0-9]{1,32}$`)
	settingName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,99}$`)
)

// Types returns the types of the executables on the PATH, sorted. It runs none.
func Types() []string {
	var types []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // as a shell does
		}
		for _, e := range entries {
			name, ok := strings.CutPrefix(strings.TrimSuffix(e.Name(), ".exe"), prefix)
			if !ok || !typeName.MatchString(name) || slices.Contains(types, name) {
				continue
			}
			if _, err := exec.LookPath(prefix + name); err == nil {
				types = append(types, name)
			}
		}
	}
	slices.Sort(types)
	return types
}

// Register adds the type of an executable on the PATH to r, unless r has one of that name. It runs
// the executable, which describes itself. It returns an api.NotFoundError if there is
// none.
func Register(ctx context.Context, r *share.Registry, name string) error {
	if slices.Contains(r.Types(), name) {
		return nil
	}
	executable, err := exec.LookPath(prefix + name)
	switch {
	case !typeName.MatchString(name), errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return &api.NotFoundError{Kind: "executable", Name: prefix + name, Hint: "it is not on the PATH"}
	case err != nil:
		return api.Invalid("", "%s cannot be run: %v", prefix+name, errors.Unwrap(err))
	}
	d, err := Definition(ctx, name, executable)
	if err != nil {
		return err
	}
	r.Register(d)
	return nil
}

// RegisterAll adds the types of all executables on the PATH that r does not have. An
// executable that does not work makes a type whose settings are never valid.
func RegisterAll(ctx context.Context, r *share.Registry) {
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, name := range Types() {
		if slices.Contains(r.Types(), name) {
			continue
		}
		all.Go(func() {
			// Of one type, so that nothing is added to r at the same time.
			own := share.NewRegistry()
			err := Register(ctx, own, name)
			d, lookupErr := own.Lookup(name)
			if err = cmp.Or(err, lookupErr); err != nil {
				d = brokenType(name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			r.Register(d)
		})
	}
	all.Wait()
}

func brokenType(name string, err error) share.Definition {
	return share.Definition{Type: name, Description: "a plug-in that does not work",
		Check: func(share.Settings) []api.Problem { return []api.Problem{{Message: err.Error()}} },
		Open:  func(context.Context, share.Settings) (share.ShareProvider, error) { return nil, err }}
}

// Definition returns the type that an executable implements. It runs the executable,
// which describes itself.
func Definition(ctx context.Context, name, executable string) (share.Definition, error) {
	ctx, cancel := context.WithTimeout(ctx, describing)
	defer cancel()
	about := program{name: name, path: executable, redact: strings.NewReplacer()}
	var described description
	err := about.once(ctx, request{Version: Version, Method: "describe"}, &described)
	if err == nil {
		err = described.check(about)
	}
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = about.broken("it did not describe itself within %s", describing)
		}
		return share.Definition{}, err
	}
	d := share.Definition{Type: name, Description: described.Description}
	for _, s := range described.Settings {
		d.Settings = append(d.Settings, s.setting())
	}
	d.Settings = append(d.Settings, share.Setting{Name: ImageSetting, RequiredForUpload: true, Example: "registry.example.com/share-" + name + ":v1",
		Description: "Image for uploads, which run in the cluster; it has the plug-in on its PATH"})
	d.Open = func(ctx context.Context, settings share.Settings) (share.ShareProvider, error) {
		return open(ctx, program{name: name, path: executable, redact: redactor(d.Settings, settings)}, settings)
	}
	return d, nil
}

// check returns what is wrong with a description.
func (d *description) check(p program) error {
	if d.Version != Version {
		return &api.NotSupportedError{Message: fmt.Sprintf("the share plug-in %s uses version %d of the protocol; this build supports version %d", p.path, d.Version, Version)}
	}
	if d.Description == "" || len(d.Description) > 200 || strings.Contains(d.Description, "\n") {
		return p.broken("its description must be one line of 1 to 200 bytes")
	}
	seen := map[string]bool{ImageSetting: true, "VAST_SHARE_TYPE": true}
	for _, s := range d.Settings {
		for _, name := range append([]string{s.Name}, s.Aliases...) {
			switch {
			case !settingName.MatchString(name):
				return p.broken("the name of its setting %q must be capital letters, digits and underscores", name)
			case seen[name]:
				return p.broken("its setting %s is reserved, or is there twice", name)
			}
			seen[name] = true
		}
	}
	return nil
}

// redactor hides the values of secret settings.
func redactor(all []share.Setting, settings share.Settings) *strings.Replacer {
	var pairs []string
	for _, s := range all {
		value := strings.TrimSpace(settings[s.Name])
		if !s.Secret || value == "" {
			continue
		}
		// Of a file, every line is hidden.
		for line := range strings.Lines(value) {
			if line = strings.TrimSpace(line); line != "" {
				pairs = append(pairs, line, "***")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}
