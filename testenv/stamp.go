package testenv

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/kubevast/vast/testenv/internal/gobuild"
	"github.com/kubevast/vast/testenv/internal/taskimage"
)

// stamp is what is known of a cluster that kind made. It lies beside the cluster's
// kubeconfig, and saves the next call from inspecting the cluster.
type stamp struct {
	Way    Way    `json:"way"`
	Image  string `json:"image"`            // node image
	Images string `json:"images,omitempty"` // version of the images loaded into the nodes
	Agent  string `json:"agent,omitempty"`  // version of our own image
	Kueue  string `json:"kueue,omitempty"`
	// Policies is the version of what enforces NetworkPolicies.
	Policies string `json:"policies,omitempty"`
}

// wantedImages changes when other images belong into the nodes.
func wantedImages() string {
	return gobuild.KueueVersion + "-" + gobuild.VersityVersion + "-" + taskimage.Version()
}

func (s *setup) stampPath() (string, error) { return s.cache.Path("clusters", s.Name, "stamp.json") }

func (s *setup) kubeconfigPath() (string, error) {
	return s.cache.Path("clusters", s.Name, "kubeconfig")
}

// readStamp returns the zero value when there is no cluster.
func (s *setup) readStamp() (stamp, error) {
	path, err := s.stampPath()
	if err != nil {
		return stamp{}, err
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return stamp{}, nil
	}
	if err != nil {
		return stamp{}, err
	}
	var read stamp
	if err := json.Unmarshal(raw, &read); err != nil {
		return stamp{}, fmt.Errorf("%s: %w", path, err)
	}
	return read, nil
}

func (s *setup) writeStamp(written stamp) error {
	path, err := s.stampPath()
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(written, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", raw, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// forget removes what is known of the cluster.
func (s *setup) forget() error {
	path, err := s.stampPath()
	if err != nil {
		return err
	}
	kubeconfig, err := s.kubeconfigPath()
	if err != nil {
		return err
	}
	return errors.Join(removeFile(path), removeFile(kubeconfig))
}

// removeFile removes a file, if there is one.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
