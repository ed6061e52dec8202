//go:build unix

package cmd_test

import (
	"bytes"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
)

func TestMain(m *testing.M) {
	clitest.Main(m, cli.Plugin{Name: "kubectl-vast", Display: "kubectl vast"}, newOrEndless)
}

const (
	aTask     = "name: a\nrun: x\n"
	aCampaign = `version: 1
metadata: {name: c}
configuration: [{name: one}, {name: two}]
execution: {image: busybox, runs: 2, scenario_file: s.osc}
`
)

var beside = map[string]string{"task.yaml": aTask, "c.vast": aCampaign, "s.osc": "scenario here:\n"}

func TestAFileIsReadOnceAndMayBeAPipe(t *testing.T) {
	const (
		task     = ` --dry-run=client -o jsonpath='{.kind} {.spec.template.spec.containers[0].env[?(@.name=="E")].value}'`
		campaign = ` --dry-run=client -o name | grep -c ^job`
		jobs     = "4\n"
	)
	for name, tt := range map[string]struct{ script, want string }{
		"a task from a command":                  {`"$PLUGIN" submit <(cat task.yaml)` + task, "Job "},
		"a task from two commands":               {`"$PLUGIN" submit <(cat task.yaml) -f <(cat task.yaml)` + task, "Job Job "},
		"a task from /dev/stdin":                 {`cat task.yaml | "$PLUGIN" submit /dev/stdin` + task, "Job "},
		"a task from a file as standard input":   {`"$PLUGIN" submit - <task.yaml` + task, "Job "},
		"a task from a pipe with a name":         {`mkfifo p; cat task.yaml >p & "$PLUGIN" submit p` + task, "Job "},
		"a folder of a task from a command":      {`(cat task.yaml; echo 'workdir: src') >w.yaml; "$PLUGIN" submit <(cat w.yaml)` + task, "ConfigMap Job "},
		"variables from a command":               {`"$PLUGIN" submit task.yaml --env-file <(echo 'E=pass#word')` + task, "Job pass#word"},
		"variables from standard input":          {`echo 'E={"k": "v"}' | "$PLUGIN" submit task.yaml --env-file -` + task, `Job {"k": "v"}`},
		"variables with the shell's":             {`X=outer "$PLUGIN" submit task.yaml --env-file <(echo 'E="${X}:${Y:-none}"')` + task, "Job outer:none"},
		"everything from somewhere else":         {`echo E=1 | "$PLUGIN" submit <(cat task.yaml) --env-file /dev/stdin --secret-file <(echo S=1)` + task, "Secret Job 1"},
		"a campaign from a command":              {`"$PLUGIN" submit <(cat c.vast)` + campaign, jobs},
		"a campaign from /dev/stdin":             {`cat c.vast | "$PLUGIN" submit /dev/stdin` + campaign, jobs},
		"a campaign from a pipe with its ending": {`mkfifo p.vast; cat c.vast >p.vast & "$PLUGIN" submit p.vast` + campaign, jobs},
		"a campaign to run":                      {`"$PLUGIN" campaign run <(cat c.vast) --env-file <(echo A=1)` + campaign, jobs},
		"a campaign to look at":                  {`"$PLUGIN" campaign configs <(cat c.vast) -o name`, "campaignconfig.kubevast.io/one\ncampaignconfig.kubevast.io/two\n"},
		"a campaign to prepare":                  {`"$PLUGIN" campaign prepare out -f <(cat c.vast) -o name >/dev/null; grep -c 'configurations of .campaign.vast.' out/README.md`, "1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clitest.Shell(t, beside, "mkdir src; "+tt.script)
			var stderr bytes.Buffer
			c.Stderr = &stderr
			out, err := c.Output()
			if diff := cmp.Diff(tt.want, string(out)); diff != "" || err != nil {
				t.Errorf("%v, output (-want,+got):\n%s%s", err, diff, &stderr)
			}
		})
	}
}

func TestAPipeThatIsGivenTwiceIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ script, want string }{
		"standard input as - and -":          {`"$PLUGIN" submit - --env-file -`, `error: standard input ("-") can be read only once`},
		"standard input as - and /dev/stdin": {`cat task.yaml | "$PLUGIN" submit - /dev/stdin`, "error: /dev/stdin: a pipe can be read only once, but this one is given twice"},
		"a pipe with a name":                 {`mkfifo p; cat task.yaml >p & "$PLUGIN" submit p -f p`, "error: p: a pipe can be read only once, but this one is given twice"},
		"for a campaign to run":              {`"$PLUGIN" campaign run - --env-file -`, `error: standard input ("-") can be read only once`},
		"for a campaign to prepare":          {`"$PLUGIN" campaign prepare out -f - --env-file - #`, `error: standard input ("-") can be read only once`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clitest.Fails(t, clitest.Shell(t, beside, tt.script+" --dry-run=client -o name"), cli.CodeUsage, tt.want)
		})
	}
}

func TestTheFirstSignalEndsAReadThatWaits(t *testing.T) {
	for name, args := range map[string]string{
		"a task":                     `submit p`,
		"another task":               `submit task.yaml -f p`,
		"variables":                  `submit task.yaml --env-file p`,
		"secrets":                    `submit task.yaml --secret-file p`,
		"a campaign by its name":     `submit p.vast`,
		"a campaign to run":          `campaign run p`,
		"variables of a campaign":    `campaign run c.vast --env-file p`,
		"a campaign to look at":      `campaign configs p`,
		"a campaign to prepare":      `campaign prepare out -f p`,
		"variables of the prepared":  `campaign prepare out -f c.vast --env-file p`,
		"standard input":             `submit -`,
		"standard input by its path": `submit /dev/stdin`,
	} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+", "+sig.String(), func(t *testing.T) {
				t.Parallel()
				c := clitest.Shell(t, beside, `exec "$PLUGIN" `+args)
				var into io.WriteCloser
				if strings.Contains(name, "standard input") {
					into = clitest.StartReading(t, c)
				} else {
					into = clitest.StartOpening(t, c, args[strings.LastIndex(args, " ")+1:])
				}
				defer into.Close()
				clitest.Interrupt(t, c, sig)
			})
		}
	}
}
