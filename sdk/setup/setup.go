// Package setup installs Kueue by its Helm chart. A program whose users call
// sdk.Cluster's Setup or Cleanup passes it to the client:
//
//	client, err := sdk.New(flags, sdk.WithInstaller(setup.Helm()))
//
// It links Helm; programs that only submit work do without it and stay small.
package setup

import (
	"context"

	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/internal/helm"
	"github.com/kubevast/vast/sdk"
)

// Helm returns an installer that uses Helm's SDK. It contacts no cluster.
func Helm() sdk.Installer { return installer{} }

type installer struct{}

// Install implements sdk.Installer.
func (installer) Install(ctx context.Context, cfg *rest.Config, namespace, name, from string, values map[string]any) error {
	chart, err := loadChart(ctx, from)
	if err != nil {
		return err
	}
	client, err := helm.New(cfg, namespace)
	if err != nil {
		return err
	}
	_, err = client.Ensure(ctx, name, chart, values)
	return err
}

// Uninstall implements sdk.Installer.
func (installer) Uninstall(_ context.Context, cfg *rest.Config, namespace, name string) error {
	client, err := helm.New(cfg, namespace)
	if err != nil {
		return err
	}
	return client.Uninstall(name)
}
