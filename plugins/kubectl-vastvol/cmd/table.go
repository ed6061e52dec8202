package cmd

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

// tableOptions select the columns of a table of volumes.
type tableOptions struct {
	cli.Listing[api.VolumeStatus]
	allNamespaces bool
	allUsers      bool
}

func (o *tableOptions) table(volumes []api.VolumeStatus) *table.Table {
	return table.Of(o.columns(), volumes)
}

func (o *tableOptions) columns() table.Columns[api.VolumeStatus] {
	type volume = api.VolumeStatus
	columns := table.Columns[volume]{
		{Name: "Name", Text: func(v *volume) string { return v.VolumeName }, Give: table.ID},
		{Name: "Size", Text: func(v *volume) string { return v.Size }, Order: table.ByQuantity(func(v *volume) string { return v.Size }), Give: table.Give{Rank: 5}},
		{Name: "Status", Text: status, Give: table.State},
		{Name: "StorageClass", Text: func(v *volume) string { return cmp.Or(v.StorageClass, "-") }, Give: table.Give{Rank: 2, Least: 12, Middle: true}},
		{Name: "Access", Text: func(v *volume) string { return access(v.AccessModes) }, Give: table.Give{Rank: 1}},
		{Name: "Age", Text: func(v *volume) string { return o.Age(v.CreationTimestamp) },
			Order: table.ByAge(func(v *volume) *metav1.Time { return &v.CreationTimestamp }), Give: table.Give{Rank: 3}},
		{Name: "User", Wide: !o.allUsers, Text: func(v *volume) string { return cmp.Or(v.User, "-") }, Give: table.Give{Rank: 4, Least: 8, Middle: true}},
		{Name: "Claim", Wide: true, Text: func(v *volume) string { return v.Name }},
		{Name: "Used By", Text: func(v *volume) string { return cmp.Or(strings.Join(v.UsedBy, ","), "-") }, Give: table.Give{Rank: 6, Least: 12}},
	}
	if o.allNamespaces {
		columns = slices.Insert(columns, 0, table.Column[volume]{Name: "Namespace",
			Text: func(v *volume) string { return v.Namespace }, Give: table.Give{Rank: 7, Least: 12, Middle: true}})
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
