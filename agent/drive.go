package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow/driver"
	"github.com/kubevast/vast/internal/workflow/record"
	vast "github.com/kubevast/vast/sdk/api"
)

// drivePause is the pause before a driver that has failed begins again.
const drivePause = 2 * time.Second

const (
	// lingering is how long the driver delivers events after the end of the run at most.
	lingering = 10 * time.Minute
	// storePatience is how long an attempt to record events waits for the store.
	storePatience = 10 * time.Second
)

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
		Holder: driver.PodHolder(os.Getenv(agentspec.EnvPodName)), Log: log, WebhookSecret: webhookSecret, Linger: lingering}
	relieved, err := driver.Relieve(ctx, api, o.Namespace, os.Getenv(agentspec.EnvPodName))
	if err != nil { // it costs time at the next death
		log("a new Job for the driver: %v", err)
	} else if relieved {
		log("the driver has died too often for this Job: a new one continues")
		return nil
	}
	if s, err := store.FromEnv(store.WithPatience(storePatience)); err == nil {
		defer s.Close()
		o.Store = s
	} else if !vast.IsNotInstalled(err) {
		log("events are not recorded in the store: %v", err)
	}
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

// webhookSecret reads the secret of a webhook, which the pod has as a file.
func webhookSecret(_ context.Context, number int, w record.Webhook) ([]byte, error) {
	secret, err := os.ReadFile(filepath.Join(agentspec.WebhookDir, strconv.Itoa(number)))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("secret %q of the webhook does not exist, or has no key %q", w.Secret, w.Key)
	}
	return secret, err
}
