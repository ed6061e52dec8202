// Package plugins holds what is tested of both plugins together.
package plugins

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubevast/vast/internal/cli"
	vast "github.com/kubevast/vast/plugins/kubectl-vast/cmd"
	vastvol "github.com/kubevast/vast/plugins/kubectl-vastvol/cmd"
)

// trees are the commands of both plugins.
func trees() map[string]*cobra.Command {
	f := func(name string) *cli.Factory {
		return cli.NewFactory(cli.Plugin{Name: "kubectl-" + name, Display: "kubectl " + name}, genericiooptions.NewTestIOStreamsDiscard())
	}
	out := map[string]*cobra.Command{"vast": vast.New(f("vast")), "vastvol": vastvol.New(f("vastvol"))}
	for _, root := range out {
		root.InitDefaultHelpFlag()
		root.InitDefaultVersionFlag()
		root.InitDefaultHelpCmd()
	}
	return out
}

var (
	// said is a command line of ours, to its end: on a line of its own, behind
	// a mark, or between quotes. In a sentence it may be but a name.
	said = regexp.MustCompile("(?:^\\s*|[$:\"|`(] ?)kubectl (vast|vastvol) ([^`\"#;>)\n]*)")
	// span is the text between backticks.
	span = regexp.MustCompile("`([^`\n]+)`")
)

// checkLine reports the parts of a command line that its plugin does not have.
func checkLine(root *cobra.Command, words []string) error {
	c := root
	for _, word := range words {
		word = strings.TrimRight(strings.Trim(word, `"'[].,:`), `"`)
		switch {
		case word == "|": // what follows is another program's
			return nil
		case strings.HasPrefix(word, "--"):
			name, _, _ := strings.Cut(word[2:], "=")
			if name != "" && lookup(c, name) == nil {
				return fmt.Errorf("%q has no flag --%s", c.CommandPath(), name)
			}
		case strings.HasPrefix(word, "-") || word == "" || word == "..." || !c.HasSubCommands():
		default:
			all := strings.Split(word, `\|`)
			for _, name := range all {
				next := child(c, name)
				if next == nil && strings.ToUpper(name) != name {
					return fmt.Errorf("%q has no command %q", c.CommandPath(), name)
				}
				if len(all) == 1 && next != nil {
					c = next
				}
			}
			if len(all) > 1 {
				return nil // several at once
			}
		}
	}
	return nil
}

func child(c *cobra.Command, name string) *cobra.Command {
	for _, next := range c.Commands() {
		if !next.Hidden && (next.Name() == name || next.HasAlias(name)) {
			return next
		}
	}
	return nil
}

func lookup(c *cobra.Command, name string) *pflag.Flag {
	c.InitDefaultHelpFlag()
	if f := c.Flags().Lookup(name); f != nil {
		return f
	}
	return c.InheritedFlags().Lookup(name)
}

// everywhere are the flags of all commands.
func everywhere(all map[string]*cobra.Command) map[string]bool {
	out := map[string]bool{}
	var add func(*cobra.Command)
	add = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		for _, set := range []*pflag.FlagSet{c.Flags(), c.InheritedFlags()} {
			set.VisitAll(func(f *pflag.Flag) { out[f.Name] = true })
		}
		for _, next := range c.Commands() {
			add(next)
		}
	}
	for _, root := range all {
		add(root)
	}
	return out
}

// check returns what is wrong with a text: in each command line of ours, and in
// each of the words of a document that are a flag alone or begin with a command.
func check(all map[string]*cobra.Command, text string) []string {
	var wrong []string
	known := everywhere(all)
	for line := range strings.Lines(text) {
		for _, m := range said.FindAllStringSubmatch(line, -1) {
			if err := checkLine(all[m[1]], strings.Fields(m[2])); err != nil {
				wrong = append(wrong, err.Error()+": "+strings.TrimSpace(line))
			}
		}
		for _, m := range span.FindAllStringSubmatch(line, -1) {
			words := strings.Fields(m[1])
			switch {
			case len(words) == 0:
			case strings.HasPrefix(words[0], "--"):
				if name, _, _ := strings.Cut(words[0][2:], "="); !known[name] {
					wrong = append(wrong, fmt.Sprintf("no command has a flag --%s: %s", name, m[1]))
				}
			case strings.Contains(m[1], " --") && child(all["vast"], words[0]) != nil:
				if err := checkLine(all["vast"], words); err != nil {
					wrong = append(wrong, err.Error()+": "+m[1])
				}
			}
		}
	}
	return wrong
}

func TestTheDocumentsNameCommandsAndFlagsThatThereAre(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents: %v", len(files), err)
	}
	all := trees()
	for _, file := range append(files, filepath.Join("..", "README.md")) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range check(all, string(text)) {
				t.Error(wrong)
			}
		})
	}
}

func TestTheHelpNamesCommandsAndFlagsThatThereAre(t *testing.T) {
	all := trees()
	var look func(*cobra.Command)
	look = func(c *cobra.Command) {
		for _, wrong := range check(all, c.Long+"\n"+c.Example) {
			t.Errorf("%s --help: %s", c.CommandPath(), wrong)
		}
		for _, next := range c.Commands() {
			look(next)
		}
	}
	for _, root := range all {
		look(root)
	}
}

func TestWhatIsNotThereIsFound(t *testing.T) {
	all := trees()
	for text, want := range map[string]bool{
		"$ kubectl vast list --state=running -n lab | grep --colour x": false,
		"`kubectl vast results list\\|show\\|download ID`":             false,
		"`kubectl vastvol create data 10Gi --access-modes X`":          false,
		"`--dry-run=client -o yaml`, `campaign run --resume ID`":       false,
		"`kubectl apply --prune`":                                      false,
		"$ kubectl vast lst":                                           true,
		"$ kubectl vast list --stat=running":                           true,
		"`kubectl vast results list\\|shwo`":                           true,
		"`kubectl vast campaign config sweep.vast`":                    true,
		"`--dryrun`":                true,
		"`campaign run --resum ID`": true,
		"`kubectl vastvol create data 10Gi --follow`": true,
	} {
		if wrong := check(all, text); len(wrong) > 0 != want {
			t.Errorf("%s: %v", text, wrong)
		}
	}
}

// exitCode is a row of a table of exit codes.
var exitCode = regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \|$`)

func TestExitCodesAreThoseOfTheProgramWhereverTheyAreListed(t *testing.T) {
	var want []string
	for _, c := range cli.ExitCodes {
		want = append(want, fmt.Sprintf("%d: %s", c.Code, c.Meaning))
	}
	data, err := os.ReadFile("../docs/diagnosis.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(data), "## Exit codes")
	var got []string
	for _, m := range exitCode.FindAllStringSubmatch(list, -1) {
		got = append(got, m[1]+": "+m[2])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/diagnosis.md (-want,+got):\n%s", diff)
	}
	for name, root := range trees() {
		for _, c := range cli.ExitCodes {
			if !regexp.MustCompile(fmt.Sprintf(`(?m)^  %d +%s$`, c.Code, regexp.QuoteMeta(c.Meaning))).MatchString(root.Long) {
				t.Errorf("the help of %s does not explain %d", name, c.Code)
			}
		}
	}
}
