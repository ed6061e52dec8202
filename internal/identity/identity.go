// Package identity has the user name under which tasks are submitted and listed, and
// stores the name that a login sets. The name is a label and grants nothing: RBAC
// decides what a user may do in a namespace.
package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// Identity is who a client acts as.
type Identity struct {
	// User goes into labels and selects "my tasks".
	User string `json:"user"`
	// Source says where User comes from: "login", "cluster" or "kubeconfig".
	Source string `json:"source"`
	// ClusterUser and Groups are the caller's at the API server; empty when it
	// was not asked or does not return them.
	ClusterUser string   `json:"clusterUser,omitempty"`
	Groups      []string `json:"groups,omitempty"`
	// ClusterUID distinguishes a user from a later one of the same name, where
	// the API server has such ids.
	ClusterUID string `json:"-"`
}

// Sources of a user name.
const (
	SourceLogin      = "login"
	SourceCluster    = "cluster"
	SourceKubeconfig = "kubeconfig"
)

// File keeps the user name of `auth login`.
type File struct{ Path string }

type stored struct {
	User string `json:"user"`
}

// DefaultFile is <user's config folder>/kubevast/identity.json; VAST_CONFIG_DIR
// names another folder.
func DefaultFile() (File, error) {
	dir := os.Getenv("VAST_CONFIG_DIR")
	if dir == "" {
		base, err := os.UserConfigDir()
		if err != nil {
			return File{}, err
		}
		dir = filepath.Join(base, "kubevast")
	}
	return File{Path: filepath.Join(dir, "identity.json")}, nil
}

// Load returns the stored name, empty when there is none.
func (f File) Load() (string, error) {
	data, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var s stored
	if err := json.Unmarshal(data, &s); err != nil {
		return "", api.WithRemedies(fmt.Errorf("%s is damaged: %w", f.Path, err),
			api.Remedy{Action: api.Login, Ref: "NAME", Namespace: "*", Purpose: "fix it"})
	}
	return s.User, nil
}

// Save stores a name; the empty one removes the file, so that the cluster's
// own name for the caller counts again.
func (f File) Save(user string) error {
	if user == "" {
		err := os.Remove(f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	data, err := json.Marshal(stored{User: user})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(f.Path, append(data, '\n'), 0o600)
}

// Valid reports whether a text can be a user name: something to read, on one
// line, of at most 253 characters.
func Valid(user string) bool {
	return strings.TrimSpace(user) == user && user != "" && len(user) <= 253 &&
		!strings.ContainsFunc(user, func(r rune) bool { return r < ' ' || r == 0x7f })
}
