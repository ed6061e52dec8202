// kubectl-vastvol looks after the volumes that tasks mount: kubectl vastvol
// create data 10Gi.
package main

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubectl has

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/plugins/kubectl-vastvol/cmd"
)

func main() {
	os.Exit(cli.Main(cli.Plugin{Name: "kubectl-vastvol", Display: "kubectl vastvol"}, cmd.New))
}
