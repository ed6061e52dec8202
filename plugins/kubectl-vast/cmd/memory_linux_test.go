package cmd_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
)

// most is how much memory a command may take, however long its output.
const most = 200 << 20

// peak runs the plugin until it has printed so many bytes, or all, and returns
// the most memory that it has had until then.
func peak(t *testing.T, until int64, args ...string) int64 {
	t.Helper()
	var stderr bytes.Buffer
	c := clitest.Shell(t, nil, `exec "$PLUGIN" "$@"`)
	c.Args, c.Stderr = append(append(c.Args, "bash"), args...), &stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	n, err := io.CopyN(io.Discard, stdout, until)
	// It is a zombie when it has ended, which has no memory in its status: it has
	// printed the last line of its output, and waits for a reader of the rest.
	status, statusErr := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.Process.Pid))
	_ = c.Process.Kill()
	_ = c.Wait() // it was killed
	if err != nil || statusErr != nil {
		t.Fatalf("it printed %d bytes: %v, %v\n%s", n, err, statusErr, stderr.String())
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatalf("it has ended before it was looked at:\n%s", stderr.String())
	return 0
}

// TestAnyNumberOfRunsTakesLittleMemory looks at each form of output when enough
// of it was printed to show whether the rest was waited for.
func TestAnyNumberOfRunsTakesLittleMemory(t *testing.T) {
	const some = 256 << 10
	var values []string
	for i := range 1000 {
		values = append(values, strconv.Itoa(i))
	}
	one := cmdtest.CampaignFile(t, cmdtest.Single)
	many := cmdtest.CampaignFile(t, strings.Replace(cmdtest.Single, "{name: a}", fmt.Sprintf(
		"{name: a, variations: [{ParameterVariationDistributionUniform: {name: x, num_variations: 250, min: 0, max: 1}}, {ParameterVariationList: {name: y, values: [%s]}}]}",
		strings.Join(values, ",")), 1))
	for name, tc := range map[string]struct {
		args  []string
		forms []string
		until int64
	}{
		"the Jobs of many runs": {[]string{"submit", one, "--dry-run=client", "--runs=1000000"},
			[]string{"name", "json", "yaml", "kyaml"}, some},
		"the same in a form of the user's own": {[]string{"submit", one, "--dry-run=client", "--runs=1000000"},
			[]string{"jsonpath={.metadata.name}", "go-template={{.metadata.name}}"}, some / 8},
		"the Jobs of many configurations": {[]string{"campaign", "run", many, "--dry-run=client"}, []string{"name", "json", "yaml"}, some},
		"many configurations": {[]string{"campaign", "configs", many},
			[]string{"", "name", "json", "yaml", "kyaml", "custom-columns=NAME:.metadata.name,X:.parameters.x"}, some},
		"the names of many configurations, almost to the end": {[]string{"campaign", "configs", many}, []string{"name"}, 8 << 20},
		"the names of many Jobs, almost to the end":           {[]string{"submit", one, "--dry-run=client", "--runs=60000"}, []string{"name"}, 2 << 20},
	} {
		for _, form := range tc.forms {
			t.Run(name+" as "+form, func(t *testing.T) {
				args := tc.args
				if form != "" {
					args = append(args[:len(args):len(args)], "-o", form)
				}
				if took := peak(t, tc.until, args...); took > most {
					t.Errorf("it takes %d MiB", took>>20)
				}
			})
		}
	}
}
