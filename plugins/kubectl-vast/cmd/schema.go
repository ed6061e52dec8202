package cmd

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/spec"
)

func newSchema(f *cli.Factory) *cobra.Command {
	task := &cobra.Command{
		Use:   "task",
		Short: "Print the JSON Schema of a task file",
		Example: templates.Examples(`
			# Let an editor check and complete task files
			kubectl vast schema task > task.schema.json`),
		Args: cli.Args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			schema, err := spec.JSONSchema()
			if err == nil {
				_, err = f.Out.Write(schema)
			}
			return err
		},
	}
	return cli.NewGroup("schema", "Print the JSON Schema of a file format", task)
}
