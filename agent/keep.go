package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/agent/keeper"
	"github.com/kubevast/vast/internal/store"
)

// hookTime is how long the sidecar stays when all is saved and its preStop hook
// may not have received that yet: a hook whose process dies with the container
// would be reported as failed.
const hookTime = 2 * time.Second

// runKeep is the sidecar. SIGTERM starts its end: it saves the rest and exits;
// see package keeper.
func runKeep(ctx context.Context, _ []string, out io.Writer) error {
	o, where, err := keeper.FromEnv()
	if err != nil {
		return err
	}
	client, err := apiserver.New()
	if err != nil {
		return err
	}
	s, err := store.FromEnv()
	if err != nil {
		return err
	}
	defer s.Close()
	k, err := keeper.New(o, where, client, s, func(format string, args ...any) {
		fmt.Fprintf(out, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.RFC3339)}, args...)...)
	})
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := k.Serve(serving); err != nil {
		return err
	}
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM, os.Interrupt)
	go func() {
		for range terms {
			k.Terminate()
		}
	}()
	if err := k.Run(serving); err != nil {
		return fmt.Errorf("the results are not complete: %w", err)
	}
	select {
	case <-ctx.Done(): // SIGTERM has come
	case <-time.After(hookTime):
	}
	return nil
}

// runStop is the sidecar's preStop hook.
func runStop(ctx context.Context, _ []string, _ io.Writer) error {
	return keeper.Stop(ctx, keeper.Scratch())
}
