package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubevast/vast/internal/cli/table"
	"github.com/kubevast/vast/sdk/api"
)

// configsOf are so many configurations as one list, whose names get longer.
func configsOf(from, to int) *api.CampaignConfigList {
	list := &api.CampaignConfigList{TypeMeta: api.TypeMeta[api.CampaignConfigList](), Items: []api.CampaignConfig{}}
	for i := from; i < to; i++ {
		list.Items = append(list.Items, api.CampaignConfig{TypeMeta: api.TypeMeta[api.CampaignConfig](),
			ObjectMeta: metav1.ObjectMeta{Name: strings.Repeat("n", i+1)},
			Parameters: map[string]any{"y": int64(i), "text": strings.Repeat("words and ", 12*i) + "\n  \"items\": []\nitems: []\n", "none": map[string]any{}}})
	}
	return list
}

// inChunks are the same ones in lists of at most two.
func inChunks(n int) Chunks {
	return func(yield func(runtime.Object) bool) {
		for i := 0; i < n && yield(configsOf(i, min(i+2, n))); i += 2 {
		}
	}
}

func TestAListInPartsIsPrintedAsTheWholeList(t *testing.T) {
	for _, format := range []string{"json", "yaml", "kyaml", "name", "custom-columns=NAME:.metadata.name,Y:.parameters.y", "jsonpath={.items[*].metadata.name}",
		"go-template={{range .items}}{{.metadata.name}}{{end}}"} {
		for n := range 6 {
			if n == 0 && strings.HasPrefix(format, "custom-columns") {
				continue // a head alone; a campaign has one configuration at least
			}
			t.Run(fmt.Sprintf("%d as %s", n, format), func(t *testing.T) {
				o := NewGetFlags(&Factory{Config: genericclioptions.NewConfigFlags(true)})
				*o.OutputFormat = format
				p, err := o.Printer()
				if err != nil {
					t.Fatal(err)
				}
				var want, got bytes.Buffer
				if err := o.PrintList(p, configsOf(0, n), &want); err != nil {
					t.Fatal(err)
				}
				if err := o.PrintChunks(t.Context(), configsOf(0, 0), inChunks(n), func() runtime.Object { return configsOf(0, n) }, &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.String(), got.String()); diff != "" {
					t.Errorf("(-want,+got):\n%s", diff)
				}
			})
		}
	}
}

// rows is a table whose cells get wider; it has those rows.
func rows(from, to int) *table.Table {
	t := &table.Table{}
	t.Column("Name", false, table.Give{Rank: 2, Least: 16, Middle: true})
	t.Column("Parameters", false, table.Give{Rank: 1, Least: 12})
	for i := from; i < to; i++ {
		t.Row(&configsOf(i, i+1).Items[0], strings.Repeat("n", 9*i), strings.Repeat("p", 20*i))
	}
	return t
}

func TestATableInPartsIsPrintedAsTheWholeTable(t *testing.T) {
	const n = 5
	for name, width := range map[string]int{"for a program": 0, "on a wide terminal": 200, "on a terminal": 60} {
		for _, noHeaders := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, no headers %v", name, noHeaders), func(t *testing.T) {
				o := NewGetFlags(&Factory{Config: genericclioptions.NewConfigFlags(true)})
				*o.NoHeaders = noHeaders
				whole := rows(0, n)
				whole.Fit(width, false)
				p, err := o.Printer()
				if err != nil {
					t.Fatal(err)
				}
				var want, got bytes.Buffer
				if err := p.PrintObj(&whole.Table, &want); err != nil {
					t.Fatal(err)
				}
				parts := table.FitAll(func(yield func(*table.Table) bool) {
					for i := 0; i < n && yield(rows(i, min(i+2, n))); i += 2 {
					}
				}, width, false)
				err = o.PrintAligned(t.Context(), func(yield func(runtime.Object) bool) {
					for part := range parts {
						if !yield(&part.Table) {
							return
						}
					}
				}, &got)
				if diff := cmp.Diff(want.String(), got.String()); diff != "" || err != nil {
					t.Errorf("error %v (-want,+got):\n%s", err, diff)
				}
			})
		}
	}
}

func TestATemplateOverAVeryLongListIsRefused(t *testing.T) {
	for format, refused := range map[string]bool{"jsonpath={.items}": true, "jsonpath-as-json={.items}": true, "go-template={{.items}}": true,
		"": false, "wide": false, "name": false, "json": false, "yaml": false, "kyaml": false, "custom-columns=A:.b": false} {
		o := NewGetFlags(&Factory{Config: genericclioptions.NewConfigFlags(true)})
		*o.OutputFormat = format
		if err := o.CheckWhole(maxWhole); err != nil {
			t.Errorf("%s of %d: %v", format, maxWhole, err)
		}
		if err := o.CheckWhole(maxWhole + 1); (err != nil) != refused || refused && ExitCode(err) != CodeUsage {
			t.Errorf("%s of one more: %v", format, err)
		}
	}
}

func TestAListThatIsBrokenOffHasNoEnd(t *testing.T) {
	for _, format := range []string{"json", "yaml", "kyaml", "name", "custom-columns=NAME:.metadata.name"} {
		o := NewGetFlags(&Factory{Config: genericclioptions.NewConfigFlags(true)})
		*o.OutputFormat = format
		ctx, cancel := context.WithCancel(t.Context())
		chunks := func(yield func(runtime.Object) bool) {
			for i := 0; yield(configsOf(i, i+1)); i++ { // it would go on for ever
				cancel()
			}
		}
		var out bytes.Buffer
		err := o.PrintChunks(ctx, configsOf(0, 0), chunks, nil, &out)
		if !errors.Is(err, context.Canceled) || strings.Contains(out.String(), "}\n]") {
			t.Errorf("%s: %v, printed:\n%s", format, err, out.String())
		}
	}
}
