// Package kueue installs Kueue by Helm, from the chart that lies in Kueue's module.
// It is the one place that knows Helm.
package kueue

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubevast/vast/testenv/internal/gobuild"
)

// Where Kueue is installed, as its documentation has it.
const (
	Namespace   = "kueue-system"
	Deployment  = "kueue-controller-manager"
	releaseName = "kueue"
)

// Image is the name of the released image; made from source it bears it too.
const (
	repository = "registry.k8s.io/kueue/kueue"
	Image      = repository + ":" + gobuild.KueueVersion
)

// installTimeout covers pulling the image on a slow line.
const installTimeout = 5 * time.Minute

// Install makes sure that this version of Kueue is installed and its pods are up.
func Install(ctx context.Context, root, kubeconfig string, progress func(string, ...any)) error {
	config, err := configuration(kubeconfig)
	if err != nil {
		return err
	}
	last, err := config.Releases.Last(releaseName)
	switch {
	case errors.Is(err, driver.ErrReleaseNotFound):
	case err != nil:
		return fmt.Errorf("look for Kueue: %w", err)
	case last.Info.Status == release.StatusDeployed && "v"+last.Chart.Metadata.Version == gobuild.KueueVersion:
		return nil
	default: // another version, or an installation that was cut short
		progress("kueue: removing %s, its state is %s", last.Chart.Metadata.Version, last.Info.Status)
		if _, err := action.NewUninstall(config).Run(releaseName); err != nil {
			return fmt.Errorf("remove Kueue: %w", err)
		}
	}
	module, err := gobuild.SourceDir(ctx, filepath.Join(root, "build", "kueue"), "sigs.k8s.io/kueue")
	if err != nil {
		return err
	}
	chart, err := loader.Load(filepath.Join(module, "charts", "kueue"))
	if err != nil {
		return fmt.Errorf("read Kueue's chart: %w", err)
	}
	progress("kueue: installing %s by Helm", gobuild.KueueVersion)
	install := action.NewInstall(config)
	install.ReleaseName = releaseName
	install.Namespace = Namespace
	install.CreateNamespace = true
	install.Wait = true
	install.Timeout = installTimeout
	if _, err := install.RunWithContext(ctx, chart, values()); err != nil {
		return fmt.Errorf("install Kueue: %w", err)
	}
	return nil
}

func configuration(kubeconfig string) (*action.Configuration, error) {
	flags := genericclioptions.NewConfigFlags(false)
	flags.KubeConfig = &kubeconfig
	// Objects without a namespace go where the getter says, not where the release is.
	namespace := Namespace
	flags.Namespace = &namespace
	config := new(action.Configuration)
	err := config.Init(flags, namespace, "secret", func(string, ...any) {})
	return config, err
}

// values are the chart's own but for the image, which must not be pulled again, and
// for sizes that leave a machine with two cores to the tests.
func values() map[string]any {
	probe := map[string]any{"initialDelaySeconds": 1, "periodSeconds": 2}
	return map[string]any{"controllerManager": map[string]any{
		"readinessProbe": probe,
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
