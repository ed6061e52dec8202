// Package cli is what kubectl vast and kubectl vastvol share: the root
// command, printers, the prompt, completion and exit codes. It has no logic
// for Go programs; that is in the SDK.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Main runs a plugin and returns its exit code.
func Main(p Plugin, build func(*Factory) *cobra.Command) int {
	f := NewFactory(p, genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr})
	ctx, stop := signals(context.Background())
	defer stop()
	return Execute(ctx, f, build(f), Arguments(os.Args))
}

// Arguments returns the command's arguments. kubectl requests
// completions by calling kubectl_complete-<plugin>, which may be a link to
// the plugin itself.
func Arguments(argv []string) []string {
	name := strings.TrimSuffix(filepath.Base(argv[0]), ".exe")
	if strings.HasPrefix(name, "kubectl_complete-") {
		return append([]string{cobra.ShellCompRequestCmd}, argv[1:]...)
	}
	return argv[1:]
}

// Execute runs a root command with args, prints its error and returns the
// exit code.
func Execute(ctx context.Context, f *Factory, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	root.SetIn(f.In)
	root.SetOut(f.Out)
	root.SetErr(f.ErrOut)
	started := false
	root.PersistentPreRun = func(*cobra.Command, []string) {
		started = true
		quietLibraries(root, f)
	}
	err := root.ExecuteContext(ctx)
	var exit *ExitError
	if i := interruptedBy(ctx); err != nil && i != nil && !errors.As(err, &exit) {
		err = i
	}
	if err != nil && !started {
		err = usageError(root, err)
	}
	f.PrintError(err)
	return ExitCode(err)
}

// usageError turns what cobra says before a command starts into one line.
func usageError(root *cobra.Command, err error) error {
	var word string
	if _, failed := fmt.Sscanf(err.Error(), "unknown command %q for ", &word); failed == nil {
		return unknownCommand(root, word)
	}
	return &UsageError{strings.TrimSpace(err.Error())}
}

// signals returns a context that SIGINT or SIGTERM ends. A second signal
// kills at once, as the system would.
func signals(parent context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	received := make(chan os.Signal, 1)
	signal.Notify(received, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case s := <-received:
			signal.Stop(received)
			sig, ok := s.(syscall.Signal)
			if !ok {
				sig = syscall.SIGINT
			}
			cancel(&InterruptedError{Signal: sig})
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(io.EOF) }
}
