// Command agent is the program in our one container image. Today it finds out
// what pods can reach; see `kubectl vast doctor`.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// commands are what the agent can do. Each writes its result to out.
var commands = map[string]func(ctx context.Context, out io.Writer) error{
	"probe": runProbe,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run returns the exit code: 1 when the command failed, 2 when it was called
// wrongly.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) != 1 || commands[args[0]] == nil {
		fmt.Fprintln(errOut, "error: this program runs inside a cluster; usage: agent probe")
		return 2
	}
	if err := commands[args[0]](ctx, out); err != nil {
		fmt.Fprintln(errOut, "error:", err)
		return 1
	}
	return 0
}
