package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/apiserver"
	"github.com/kubevast/vast/internal/workflow/schedule"
)

// maxSubmitPause bounds the pause before a submission that has failed begins again.
const maxSubmitPause = 30 * time.Second

// runSubmit submits the run of a workflow that a Job of a schedule stands for; see package
// schedule. It tries again after an error that may pass.
func runSubmit(ctx context.Context, args []string, out io.Writer) error {
	api, err := apiserver.InPod()
	if err != nil {
		return err
	}
	log := logTo(out)
	o := schedule.Options{API: api, Namespace: os.Getenv(agentspec.EnvPodNamespace), CronJob: args[0], Job: os.Getenv(agentspec.EnvJobName), Log: log}
	for pause := time.Second; ; pause = min(2*pause, maxSubmitPause) {
		err := schedule.Fire(ctx, o)
		if err == nil || ctx.Err() != nil || !passes(err) {
			return err
		}
		log("%v; trying again in %s", err, pause)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// passes reports whether a request may succeed later: the API server is overloaded or was not
// reached.
func passes(err error) bool {
	var status *apiserver.StatusError
	var unreached *url.Error
	switch {
	case errors.As(err, &status):
		return status.Code >= http.StatusInternalServerError || status.Code == http.StatusTooManyRequests
	case errors.As(err, &unreached):
		return true
	}
	return errors.Is(err, io.ErrUnexpectedEOF)
}

// logTo returns a function that prints a line with the time.
func logTo(out io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		fmt.Fprintf(out, "%s "+format+"\n", append([]any{time.Now().UTC().Format(time.RFC3339)}, args...)...)
	}
}
