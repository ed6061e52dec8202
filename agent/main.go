// Command agent is the program in our one container image. It brings a pod's
// inputs, saves its results, and finds out what pods can reach.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	// The image has no certificates of its own.
	_ "golang.org/x/crypto/x509roots/fallback"

	"github.com/kubevast/vast/internal/redact"
	"github.com/kubevast/vast/internal/text"
)

// command is something the agent can do. It writes what it has to say to out.
type command struct {
	// operand names the arguments, with "..." for any number of the last one;
	// empty for none.
	operand string
	run     func(ctx context.Context, args []string, out io.Writer) error
}

var commands = map[string]command{
	"drive":   {run: runDrive, operand: "RUN"},
	"fetch":   {run: runFetch},
	"install": {run: runInstall, operand: "DIR"},
	"keep":    {run: runKeep},
	"probe":   {run: runProbe},
	"run":     {run: runRun, operand: "SECONDS COMMAND..."},
	"share":   {run: runShare, operand: "DIR"},
	"stop":    {run: runStop},
	"submit":  {run: runSubmit, operand: "SCHEDULE"},
	"upload":  {run: runUpload, operand: "DIR"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// maxError is how many characters of an error are printed: the kubelet makes the last
// 2048 bytes of a container's log its termination message.
const maxError = 1500

// exitError is the end of a program that a command ran: its own exit code, and
// nothing to say.
type exitError int

func (c exitError) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// run returns the exit code: 1 when the command failed, 2 when it was called
// wrongly, else that of the program that the command ran.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) == 0 || !commands[args[0]].takes(args[1:]) {
		fmt.Fprintln(errOut, "error: this program runs inside a cluster; usage: agent "+usage())
		return 2
	}
	err := commands[args[0]].run(ctx, args[1:], out)
	if code := exitError(0); errors.As(err, &code) {
		return int(code)
	}
	if err != nil {
		fmt.Fprintln(errOut, "error:", text.OneLine(redact.Text(err.Error()), maxError))
		return 1
	}
	return 0
}

func (c command) takes(args []string) bool {
	wanted := len(strings.Fields(c.operand))
	if strings.HasSuffix(c.operand, "...") {
		wanted = max(wanted, len(args))
	}
	return c.run != nil && len(args) == wanted
}

func usage() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(commands)) {
		all = append(all, strings.TrimSpace(name+" "+commands[name].operand))
	}
	return strings.Join(all, " | ")
}
