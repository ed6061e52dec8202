package plugins

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/kubectl/pkg/util/templates"
)

// The help of each command is what kubectl's templates make of it. The root commands,
// whose groups are not known here, have a test in internal/cli.
func TestTheHelpHasTheFormOfKubectls(t *testing.T) {
	ours, theirs := trees(), trees()
	for name, root := range theirs {
		templates.ActsAsRootCommand(root, []string{"options", "help"})
		var compared int
		var compare func(got, want *cobra.Command)
		compare = func(got, want *cobra.Command) {
			for i, c := range got.Commands() {
				if c.Name() == "options" {
					continue
				}
				compared++
				expected := strings.ReplaceAll(help(t, want.Commands()[i]), `"`+root.Name()+` `, `"`+root.CommandPath()+` `)
				if diff := cmp.Diff(expected, help(t, c)); diff != "" {
					t.Errorf("%s --help (-kubectl +ours):\n%s", c.CommandPath(), diff)
				}
				compare(c, want.Commands()[i])
			}
		}
		compare(ours[name], root)
		if compared < 5 {
			t.Errorf("%s: only %d commands compared", name, compared)
		}
	}
}

func help(t *testing.T, c *cobra.Command) string {
	t.Helper()
	var out bytes.Buffer
	c.SetOut(&out)
	if err := c.Help(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
