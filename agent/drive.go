package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/workflow/driver"
)

// drivePause is the pause before a driver that has failed begins again.
const drivePause = 2 * time.Second

// runDrive drives the run of a workflow until it has ended; see package driver. While another
// driver has the Lease it waits. It returns an error only if it is terminated before: the
// next pod continues.
func runDrive(ctx context.Context, args []string, out io.Writer) error {
	api, err := apiserver.InPod()
	if err != nil {
		return err
	}
	log := logTo(out)
	o := driver.Options{API: api, Namespace: os.Getenv(agentspec.EnvPodNamespace), Run: args[0],
		Holder: driver.PodHolder(os.Getenv(agentspec.EnvPodName)), Log: log}
	for {
		_, err := driver.Drive(ctx, o)
		pause := drivePause
		held := (*driver.HeldError)(nil)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			return keepRun(ctx, o)
		case errors.Is(err, driver.ErrDeleted):
			log("%v", err)
			return nil
		case errors.As(err, &held):
			pause = min(held.In, drivePause)
			log("%v; waiting", err)
		default:
			log("%v; trying again in %s", err, pause)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
