// Package schema has the subcommands of kubectl vast schema.
package schema

import (
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/spec"
)

// New returns kubectl vast schema.
func New(f *cli.Factory) *cobra.Command {
	return cli.NewGroup("schema", "Print the JSON Schema of a file format",
		newSchemaOf(f, "task", "task files", spec.JSONSchema),
		newSchemaOf(f, "workflow", "workflow files", spec.WorkflowJSONSchema),
		newSchemaOf(f, "campaign", "campaign files (.vast)", spec.CampaignJSONSchema))
}

func newSchemaOf(f *cli.Factory, kind, files string, schema func() ([]byte, error)) *cobra.Command {
	return &cobra.Command{
		Use:   kind,
		Short: "Print the JSON Schema of a " + kind + " file",
		Example: templates.Examples(`
			# Write the schema that an editor validates and completes ` + files + ` with
			kubectl vast schema ` + kind + ` > ` + kind + `.schema.json`),
		Args: cli.Args(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			text, err := schema()
			if err == nil {
				_, err = f.Out.Write(text)
			}
			return err
		},
	}
}
