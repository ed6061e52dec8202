// Package helm wraps Helm's SDK: it brings a release to a chart and values, and
// fixes one that was interrupted.
package helm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/kube"
)

// hookTimeout bounds what Helm itself waits for: hooks, of which a chart may
// have none.
const hookTimeout = 5 * time.Minute

// Client installs and removes the releases of one namespace.
type Client struct {
	config    *action.Configuration
	namespace string
}

// New returns a client for a namespace. It contacts no cluster.
func New(cfg *rest.Config, namespace string) (*Client, error) {
	config := new(action.Configuration)
	err := config.Init(newGetter(cfg, namespace), namespace, "secret", func(string, ...any) {})
	return &Client{config: config, namespace: namespace}, err
}

// Release is the state of a release.
type Release struct {
	Name, Version string
	// Deployed is false for one that failed or was cut short.
	Deployed bool
	// Ours: Ensure made it.
	Ours bool

	last *release.Release
}

// Find returns the newest release of a name; nil when there is none.
func (c *Client) Find(name string) (*Release, error) {
	last, err := c.config.Releases.Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) || err == nil && last.Info.Status == release.StatusUninstalled {
		return nil, nil // absence is no error here
	}
	if err != nil {
		return nil, err
	}
	r := &Release{Name: name, Deployed: last.Info.Status == release.StatusDeployed, Ours: last.Labels[kube.LabelRelease] == kube.LabelReleaseSetup, last: last}
	if last.Chart != nil && last.Chart.Metadata != nil {
		r.Version = last.Chart.Metadata.Version
	}
	return r, nil
}

// Ensure makes sure that a chart is installed with these values, and returns
// whether something had to be done. It does not wait until the pods run. A
// release that was cut short is completed; nothing is removed from one.
func (c *Client) Ensure(ctx context.Context, name string, to *chart.Chart, values map[string]any) (bool, error) {
	there, err := c.Find(name)
	switch {
	case err != nil:
		return false, err
	case there == nil:
		return true, c.install(ctx, name, to, values)
	case there.isUninstalling():
		// Removing it was cut short; that is ended before it is made again.
		if err := c.Uninstall(name); err != nil {
			return false, err
		}
		return true, c.install(ctx, name, to, values)
	case there.is(to, values):
		return false, nil
	}
	if there.last.Info.Status.IsPending() {
		// Helm refuses to change a pending release, since another process may
		// be working on it.
		there.last.SetStatus(release.StatusFailed, "cut short")
		if err := c.config.Releases.Update(there.last); err != nil {
			return false, err
		}
	}
	return true, c.upgrade(ctx, name, to, values)
}

func (c *Client) install(ctx context.Context, name string, to *chart.Chart, values map[string]any) error {
	install := action.NewInstall(c.config)
	install.ReleaseName = name
	install.Namespace = c.namespace
	install.Timeout = hookTimeout
	install.Labels = map[string]string{kube.LabelRelease: kube.LabelReleaseSetup}
	_, err := install.RunWithContext(ctx, to, values)
	return err
}

func (c *Client) upgrade(ctx context.Context, name string, to *chart.Chart, values map[string]any) error {
	upgrade := action.NewUpgrade(c.config)
	upgrade.Namespace = c.namespace
	upgrade.ResetValues = true
	upgrade.Timeout = hookTimeout
	upgrade.Labels = map[string]string{kube.LabelRelease: kube.LabelReleaseSetup}
	_, err := upgrade.RunWithContext(ctx, name, to, values)
	return err
}

// Uninstall removes a release with all its objects, custom resource
// definitions among them when the chart has them in its templates.
func (c *Client) Uninstall(name string) error {
	uninstall := action.NewUninstall(c.config)
	uninstall.IgnoreNotFound = true
	uninstall.Timeout = hookTimeout
	if _, err := uninstall.Run(name); err != nil {
		return fmt.Errorf("uninstall %s: %w", name, err)
	}
	return nil
}

func (r *Release) isUninstalling() bool { return r.last.Info.Status == release.StatusUninstalling }

// is reports whether a release is what Ensure would make it.
func (r *Release) is(to *chart.Chart, values map[string]any) bool {
	// Read back, values are those of JSON.
	was, err1 := json.Marshal(r.last.Config)
	wanted, err2 := json.Marshal(values)
	return err1 == nil && err2 == nil && bytes.Equal(was, wanted) && r.Deployed && r.Version == to.Metadata.Version
}
