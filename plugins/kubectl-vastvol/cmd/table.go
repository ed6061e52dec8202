package cmd

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

// tableOptions say which columns a table of volumes has.
type tableOptions struct {
	*cli.Factory
	output        *cli.GetFlags
	allNamespaces bool
	allUsers      bool
}

func (o *tableOptions) table(volumes []api.VolumeStatus) runtime.Object {
	t := &cli.Table{}
	if o.allNamespaces {
		t.Column("Namespace", false)
	}
	t.Column("Name", false)
	t.Column("Size", false)
	t.Column("Status", false)
	t.Column("StorageClass", false)
	t.Column("Access", false)
	t.Column("Age", false)
	t.Column("User", !o.allUsers)
	t.Column("Claim", true)
	t.Column("Used By", false)
	for i := range volumes {
		v := &volumes[i]
		var cells []any
		if o.allNamespaces {
			cells = append(cells, v.Namespace)
		}
		t.Row(v, append(cells, v.VolumeName, v.Size, status(v), cmp.Or(v.StorageClass, "-"), access(v.AccessModes),
			o.Age(v.CreationTimestamp), cmp.Or(v.User, "-"), v.Name, cmp.Or(strings.Join(v.UsedBy, ","), "-"))...)
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), o.output.Wide(),
			cli.Flexible{Column: "Used By", Least: 12},
			cli.Flexible{Column: "StorageClass", Least: 12, Middle: true},
			cli.Flexible{Column: "Name", Least: 16, Middle: true})
	}
	return &t.Table
}

func status(v *api.VolumeStatus) string {
	if !v.DeletionTimestamp.IsZero() {
		return "Deleting"
	}
	return v.Phase
}

func access(modes []string) string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = cmp.Or(short[m], m)
	}
	return strings.Join(names, ",")
}
