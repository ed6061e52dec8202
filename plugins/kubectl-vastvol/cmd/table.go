package cmd

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

func (o *tableOptions) table(volumes []api.VolumeStatus) *cli.Table {
	columns := o.columns()
	t := columns.Table()
	for i := range volumes {
		columns.Add(t, &volumes[i], &volumes[i])
	}
	return t
}

func (o *tableOptions) columns() cli.Columns[api.VolumeStatus] {
	type volume = api.VolumeStatus
	columns := cli.Columns[volume]{
		{Name: "Name", Text: func(v *volume) string { return v.VolumeName }, Give: cli.ID},
		{Name: "Size", Text: func(v *volume) string { return v.Size }, Order: cli.ByQuantity(func(v *volume) string { return v.Size }), Give: cli.Give{Rank: 5}},
		{Name: "Status", Text: status, Give: cli.State},
		{Name: "StorageClass", Text: func(v *volume) string { return cmp.Or(v.StorageClass, "-") }, Give: cli.Give{Rank: 2, Least: 12, Middle: true}},
		{Name: "Access", Text: func(v *volume) string { return access(v.AccessModes) }, Give: cli.Give{Rank: 1}},
		{Name: "Age", Text: func(v *volume) string { return o.Age(v.CreationTimestamp) },
			Order: cli.ByAge(func(v *volume) *metav1.Time { return &v.CreationTimestamp }), Give: cli.Give{Rank: 3}},
		{Name: "User", Wide: !o.allUsers, Text: func(v *volume) string { return cmp.Or(v.User, "-") }, Give: cli.Give{Rank: 4, Least: 8, Middle: true}},
		{Name: "Claim", Wide: true, Text: func(v *volume) string { return v.Name }},
		{Name: "Used By", Text: func(v *volume) string { return cmp.Or(strings.Join(v.UsedBy, ","), "-") }, Give: cli.Give{Rank: 6, Least: 12}},
	}
	if o.allNamespaces {
		columns = slices.Insert(columns, 0, cli.Column[volume]{Name: "Namespace",
			Text: func(v *volume) string { return v.Namespace }, Give: cli.Give{Rank: 7, Least: 12, Middle: true}})
	}
	return columns
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
