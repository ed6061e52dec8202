// kubectl-vast runs batch work on Kubernetes: kubectl vast submit task.yaml.
package main

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubectl has

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/setup"
)

func main() {
	os.Exit(cli.Main(cli.Plugin{
		Name: "kubectl-vast", Display: "kubectl vast",
		Options: []sdk.Option{sdk.WithInstaller(setup.Helm())},
	}, cmd.New))
}
