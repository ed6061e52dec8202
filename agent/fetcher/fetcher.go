// Package fetcher brings a pod its inputs before anything of the user's starts.
// What is there already is replaced, so that it can be done again.
package fetcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// Fetcher brings things from wherever they are.
type Fetcher struct {
	// Getenv finds credentials; see store.OpenURI and gitAuth.
	Getenv func(string) string
	// Store opens the namespace's store. It is called once, when a source
	// needs it.
	Store func() (store.Backend, error)

	opened store.Backend
	// from are the tasks that the files of outputs are of, by the folder they go to and
	// their path; passed are the variables by the script that exports them.
	from   map[string]string
	passed map[string][]variable
	// roots are certificates that are trusted beside the system's. Of tests.
	roots []byte
}

// FromEnv reads the orders; see package orders.
func FromEnv(getenv func(string) string) (agentspec.Fetch, error) {
	var o agentspec.Fetch
	if err := json.Unmarshal([]byte(getenv(agentspec.EnvFetch)), &o); err != nil {
		return o, fmt.Errorf("%s: %w", agentspec.EnvFetch, err)
	}
	return o, nil
}

// Fetch brings all items, one after the other: a later one may go into the
// folder of an earlier one. The first that cannot be brought ends it. In the
// end all of it is given to the one whom the orders name.
func (f *Fetcher) Fetch(ctx context.Context, o agentspec.Fetch) error {
	for _, item := range o.Items {
		if err := f.item(ctx, item); err != nil {
			return err
		}
	}
	if o.OwnerFile == "" {
		return nil
	}
	return giveAway(o.Give, o.OwnerFile)
}

func (f *Fetcher) item(ctx context.Context, item agentspec.Item) error {
	if !filepath.IsAbs(item.To) {
		return fmt.Errorf("the target %q is not absolute", item.To)
	}
	if err := os.MkdirAll(filepath.Dir(item.To), 0o755); err != nil {
		return err
	}
	switch {
	case item.Pack != "":
		return f.pack(ctx, item)
	case item.PackFile != "":
		return f.packFile(ctx, item)
	case item.URI != "":
		return f.uri(ctx, item)
	case item.Git != "":
		return f.git(ctx, item)
	case item.Outputs != nil && len(item.Outputs.Env) > 0:
		return f.variables(ctx, item)
	case item.Outputs != nil:
		return f.outputs(ctx, item)
	}
	return writeFile(item.To, item.Text)
}

// writeFile makes a file that everybody may read. One that is there and may not
// be written to is replaced.
func writeFile(path, text string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644) // the user's container has another user
}

func (f *Fetcher) store() (store.Backend, error) {
	if f.opened == nil {
		opened, err := f.Store()
		if absent := (*api.NotInstalledError)(nil); errors.As(err, &absent) {
			return nil, errors.New("the namespace has no store any more; set it up again and submit the task again")
		}
		if err != nil {
			return nil, err
		}
		f.opened = opened
	}
	return f.opened, nil
}
