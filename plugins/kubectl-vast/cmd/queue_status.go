package cmd

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/kubectl/pkg/util/templates"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
)

type queueStatusOptions struct {
	*cli.Factory
	query   api.QueueListOptions
	output  *cli.GetFlags
	printer printers.ResourcePrinter
}

func newQueueStatus(f *cli.Factory) *cobra.Command {
	o := &queueStatusOptions{Factory: f, output: cli.NewGetFlags()}
	c := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show queues with their quota and use",
		Long: templates.LongDesc(`
			Show the namespace's queues: whether they let tasks start, how many wait and run,
			and the quota and use of each resource in each flavor. The quota is the
			ClusterQueue's, which queues of other namespaces may share.`),
		Example: templates.Examples(`
			# The queues of the current namespace
			kubectl vast queue status

			# All queues that you may see
			kubectl vast queue status -A

			# Is queue vast held? For a script
			kubectl vast queue status vast -o jsonpath='{.items[0].state}'`),
		Args:              cli.Args(0, 1, ""),
		ValidArgsFunction: f.Complete(1, queueNames),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.query.Queue = args[0]
			}
			var err error
			if o.printer, err = o.output.Printer(); err != nil {
				return err
			}
			return o.Run(c.Context())
		},
	}
	c.Flags().BoolVarP(&o.query.AllNamespaces, "all-namespaces", "A", false, "If present, show the queues of all namespaces.")
	o.output.AddFlags(c)
	return c
}

// Run shows the queues.
func (o *queueStatusOptions) Run(ctx context.Context) error {
	client, err := o.Client()
	if err != nil {
		return err
	}
	list, err := client.Queue().Status(ctx, o.query)
	if err != nil {
		return err
	}
	if !o.output.Human() {
		return o.output.PrintList(o.printer, list, o.Out)
	}
	if len(list.Items) == 0 {
		where := "in " + client.Namespace() + " namespace"
		if o.query.AllNamespaces {
			where = "in any namespace"
		}
		o.Notef("No queues found %s; see kubectl vast cluster setup.", where)
		return nil
	}
	return o.printer.PrintObj(o.table(list.Items), o.Out)
}

// table has a line for each resource of a queue; what they share stands on the
// first.
func (o *queueStatusOptions) table(queues []api.QueueStatus) runtime.Object {
	t := &cli.Table{}
	if o.query.AllNamespaces {
		t.Column("Namespace", false)
	}
	for _, name := range []string{"Queue", "State", "Waiting", "Running", "ClusterQueue"} {
		t.Column(name, false)
	}
	t.Column("Cohort", !hasCohort(queues))
	for _, name := range []string{"Flavor", "Resource", "Used", "Quota"} {
		t.Column(name, false)
	}
	t.Column("Borrowed", !hasCohort(queues))
	t.Column("Reason", false)
	for i := range queues {
		o.addRows(t, &queues[i])
	}
	if o.output.PlainTable() {
		t.Fit(o.Width(), o.output.Wide(),
			cli.Flexible{Column: "Reason", Least: 24},
			cli.Flexible{Column: "ClusterQueue", Least: 12, Middle: true},
			cli.Flexible{Column: "Flavor", Least: 10, Middle: true},
			cli.Flexible{Column: "Reason", Least: 10})
	}
	return &t.Table
}

func (o *queueStatusOptions) addRows(t *cli.Table, q *api.QueueStatus) {
	resources := q.Resources
	if len(resources) == 0 {
		resources = []api.QueueResource{{}}
	}
	for i, r := range resources {
		lead := []any{q.Name, string(q.State), strconv.Itoa(q.Pending), strconv.Itoa(q.Admitted), q.ClusterQueue, q.Cohort}
		namespace, reason := q.Namespace, q.Reason
		if i > 0 {
			lead, namespace, reason = []any{"", "", "", "", "", ""}, "", ""
		}
		var cells []any
		if o.query.AllNamespaces {
			cells = append(cells, namespace)
		}
		t.Row(q, append(append(cells, lead...), r.Flavor, r.Resource, r.Used, r.Quota, r.Borrowed, reason)...)
	}
}

func hasCohort(queues []api.QueueStatus) bool {
	for i := range queues {
		if queues[i].Cohort != "" {
			return true
		}
	}
	return false
}
