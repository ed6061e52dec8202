// Package kueue installs Kueue by Helm, from the chart that lies in Kueue's module.
// No other package of testenv imports Helm.
package kueue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubevast/vast/testenv/internal/cache"
	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// Where Kueue is installed, as its documentation has it.
const (
	Namespace   = "kueue-system"
	Deployment  = "kueue-controller-manager"
	releaseName = "kueue"

	controlPlane = "node-role.kubernetes.io/control-plane"
)

// Image is the name of the released image; made from source it bears it too.
const (
	repository = "registry.k8s.io/kueue/kueue"
	Image      = repository + ":" + gobuild.KueueVersion
)

// installTimeout covers pulling the image on a slow line.
const installTimeout = 5 * time.Minute

// Version changes when another Kueue would be installed, or the same one differently.
func Version() string {
	raw, err := json.Marshal(values())
	if err != nil {
		panic(err) // values has nothing that JSON has not
	}
	return gobuild.KueueVersion + "-" + cache.Hash(string(raw))
}

// Install makes sure that this version of Kueue is installed, and once more when that is
// asked for: what was changed by hand, a test's doing perhaps, is as it was then. Kueue's
// pods start meanwhile, see WaitAvailable.
func Install(ctx context.Context, root, kubeconfig string, again bool, progress func(string, ...any)) error {
	config, err := configuration(kubeconfig)
	if err != nil {
		return err
	}
	last, err := config.Releases.Last(releaseName)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return fmt.Errorf("look for Kueue: %w", err)
	}
	if err == nil && current(last) && !again {
		return nil
	}
	module, err := gobuild.SourceDir(ctx, filepath.Join(root, "build", "kueue"), "sigs.k8s.io/kueue")
	if err != nil {
		return err
	}
	contents, err := loader.Load(filepath.Join(module, "charts", "kueue"))
	if err != nil {
		return fmt.Errorf("read Kueue's chart: %w", err)
	}
	switch {
	case last == nil:
	case last.Info.Status == release.StatusDeployed: // removing it would remove the queues too
		progress("kueue: making what is installed %s", Version())
		return upgrade(ctx, config, contents)
	default:
		progress("kueue: removing an installation that was cut short (%s)", last.Info.Status)
		if _, err := action.NewUninstall(config).Run(releaseName); err != nil {
			return fmt.Errorf("remove Kueue: %w", err)
		}
	}
	progress("kueue: installing %s by Helm", gobuild.KueueVersion)
	install := action.NewInstall(config)
	install.ReleaseName = releaseName
	install.Namespace = Namespace
	install.CreateNamespace = true
	install.Timeout = installTimeout
	if _, err := install.RunWithContext(ctx, contents, values()); err != nil {
		return fmt.Errorf("install Kueue: %w", err)
	}
	return nil
}

func upgrade(ctx context.Context, config *action.Configuration, to *chart.Chart) error {
	upgrade := action.NewUpgrade(config)
	upgrade.Namespace = Namespace
	upgrade.ResetValues = true
	upgrade.Timeout = installTimeout
	if _, err := upgrade.RunWithContext(ctx, releaseName, to, values()); err != nil {
		return fmt.Errorf("change Kueue: %w", err)
	}
	return nil
}

// current reports whether a release is what Install would install.
func current(installed *release.Release) bool {
	// Read back, values are those of JSON.
	was, err := json.Marshal(installed.Config)
	wanted, wantedErr := json.Marshal(values())
	return err == nil && wantedErr == nil && bytes.Equal(was, wanted) &&
		installed.Info.Status == release.StatusDeployed &&
		"v"+installed.Chart.Metadata.Version == gobuild.KueueVersion
}

func configuration(kubeconfig string) (*action.Configuration, error) {
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig = &kubeconfig
	// Objects without a namespace are created in the getter's, not in the release's.
	namespace := Namespace
	flags.Namespace = &namespace
	config := new(action.Configuration)
	err := config.Init(flags, namespace, "secret", func(string, ...any) {})
	return config, err
}

// values are the chart's own but for the image, which must not be pulled again, the
// node it runs on, and sizes that leave a machine with two cores to the tests.
func values() map[string]any {
	return map[string]any{"controllerManager": map[string]any{
		// The probe's period is taken from its delay too.
		"readinessProbe": map[string]any{"initialDelaySeconds": 1},
		// Tests kill the worker. Kueue's webhooks, without which no pod is admitted,
		// must not go down with it.
		"nodeSelector": map[string]any{controlPlane: ""},
		"tolerations":  []any{map[string]any{"key": controlPlane, "operator": "Exists"}},
		"manager": map[string]any{
			"image": map[string]any{
				"repository": repository,
				"tag":        gobuild.KueueVersion,
				"pullPolicy": "IfNotPresent",
			},
			"resources": map[string]any{
				"requests": map[string]any{"cpu": "50m", "memory": "128Mi"},
				"limits":   map[string]any{"cpu": "2", "memory": "512Mi"},
			},
		},
	}}
}
