package plan

import (
	_ "embed"
	"strings"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/spec"
)

// runScript is what the main container of every Job runs, secondaryScript what
// a secondary container without a command of its own does.
var (
	//go:embed run.sh
	runScript string
	//go:embed secondary.sh
	secondaryScript string
)

// Variables that runScript reads.
const (
	envCommand  = "VAST_COMMAND"
	envRuns     = "VAST_RUNS"
	envOutcomes = "VAST_OUTCOMES"
)

// runFile is what runScript reads of one packed run: its name in a comment,
// then its variables.
func runFile(name string, vars []spec.EnvVar) string {
	var b strings.Builder
	b.WriteString("# " + name + "\n")
	for _, v := range vars {
		b.WriteString("export " + v.Name + "=" + text.Quoted(v.Value) + "\n")
	}
	return b.String()
}
