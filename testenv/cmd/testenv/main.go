// Command testenv makes, shows and removes the cluster for tests and demonstrations.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/kubevast/vast/testenv"
)

const usage = `Usage: testenv up|down|status|kubeconfig

  up          make sure that a cluster is there, and print how to reach it
  down        remove it
  status      show it; the exit code is 1 when it is not up
  kubeconfig  print the path of its kubeconfig
`

// errNotUp is returned if the cluster is not up, for the exit code.
var errNotUp = errors.New("the cluster is not up")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		if !errors.Is(err, errNotUp) {
			fmt.Fprintln(os.Stderr, "error:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	opts := testenv.Options{Progress: stderr}
	if len(args) != 1 {
		return errors.New("one argument is needed\n" + usage)
	}
	switch args[0] {
	case "up":
		cluster, err := testenv.Up(ctx, opts)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "export KUBECONFIG=%s\nkubectl: %s\n", cluster.Kubeconfig(), cluster.Kubectl())
		return nil
	case "down":
		return testenv.Down(ctx, opts)
	case "status", "kubeconfig":
		status, err := testenv.GetStatus(ctx, opts)
		if err != nil {
			return err
		}
		if args[0] == "status" {
			show(stdout, status)
		} else if status.Kubeconfig != "" {
			fmt.Fprintln(stdout, status.Kubeconfig)
		}
		if !status.Up() {
			return errNotUp
		}
		return nil
	default:
		return fmt.Errorf("%q is no command\n%s", args[0], usage)
	}
}

func show(w io.Writer, status testenv.Status) {
	fmt.Fprintf(w, "cluster:    %s\n", status.Name)
	for _, line := range [][2]string{
		{"way", string(status.Way)}, {"node image", status.Image}, {"kubernetes", status.Version},
		{"kubeconfig", status.Kubeconfig}, {"kubectl", status.Kubectl},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%-12s%s\n", line[0]+":", line[1])
		}
	}
	for _, node := range status.Nodes {
		state := "ready"
		if !node.Ready {
			state = "not ready"
		}
		fmt.Fprintf(w, "%-12s%s (%s, %s)\n", "node:", node.Name, node.Roles, state)
	}
	for _, problem := range status.Problems {
		fmt.Fprintf(w, "%-12s%s\n", "problem:", problem)
	}
	if status.Up() {
		fmt.Fprintln(w, "everything is up")
	}
}
