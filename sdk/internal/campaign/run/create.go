package run

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

const (
	// attempts bounds how often a creation is repeated whose answer was lost.
	attempts = 5
)

// creation is the making of a campaign's Jobs.
type creation struct {
	c *Runner
	o api.CampaignOptions
	// id is the campaign whose record is looked at now and then; empty where
	// there is none, as in a dry run.
	id string

	mu          sync.Mutex
	done, total int
}

// all creates the Jobs, many at a time and in their order as far as that goes.
// Those in there are there already. It ends early with *stoppedError.
func (m *creation) all(ctx context.Context, jobs iter.Seq2[*batchv1.Job, error], there map[string]bool) error {
	group, making := errgroup.WithContext(ctx)
	group.SetLimit(record.AtOnce)
	m.report(0)
	// A Job that cannot be made ends the making, and must not end a look: its
	// error would hide the first one.
	meanwhile := &looks{m: m}
	for job, err := range jobs {
		// Requests in flight are not canceled: it would be unknown whether
		// their Jobs were created.
		if meanwhile.next(ctx) != nil {
			break
		}
		switch {
		case err != nil:
			group.Go(func() error { return err })
		case there[job.Name]:
			m.report(1)
		default:
			group.Go(func() error {
				err := m.one(making, job)
				if err == nil {
					m.report(1)
				}
				return err
			})
		}
		if making.Err() != nil {
			break
		}
	}
	asked := meanwhile.end()
	return cmp.Or(asked, group.Wait())
}

// looks are the reads of the record during the creation, one at a time and
// concurrent with it: if the creations waited for them, the API server would be
// idle.
type looks struct {
	m      *creation
	begun  int
	answer chan error // nil: no read is in flight
	found  error
}

// next counts a Job, looks again when it is time, and returns what the last look
// has found. One that is not back by then is waited for.
func (l *looks) next(ctx context.Context) error {
	if l.begun++; l.begun%CheckEvery == 0 && l.end() == nil {
		answer := make(chan error, 1)
		l.answer = answer
		go func() { answer <- l.m.look(ctx) }()
	}
	select {
	case err := <-l.answer:
		l.found, l.answer = err, nil
	default:
	}
	return l.found
}

// end waits for the read in flight.
func (l *looks) end() error {
	if l.answer != nil {
		l.found, l.answer = cmp.Or(l.found, <-l.answer), nil
	}
	return l.found
}

// look applies what the record requests since the last look.
func (m *creation) look(ctx context.Context) error {
	if m.id == "" {
		return nil
	}
	r, _, err := m.c.records.Get(ctx, m.id)
	if err != nil {
		return err
	}
	return m.c.FollowRecord(ctx, r)
}

func (m *creation) report(more int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += more
	if m.o.Notify != nil {
		m.o.Notify(api.CampaignProgress{Phase: "jobs", Done: m.done, Total: m.total})
	}
}

// one creates a Job or finds the one that an earlier attempt made: its name
// follows from its run, so there is never a second one. 429 and 5xx are retried
// by the connection, after the time that the server sets; this handles lost
// answers.
func (m *creation) one(ctx context.Context, job *batchv1.Job) error {
	jobs := m.c.conn.Kube.BatchV1().Jobs(m.c.conn.Namespace)
	for attempt := 1; ; attempt++ {
		_, err := jobs.Create(ctx, job, metav1.CreateOptions{DryRun: m.o.DryRun.Param(), FieldManager: m.o.FieldManager})
		switch {
		case err == nil:
			return nil
		case apierrors.IsAlreadyExists(err):
			return m.adopt(ctx, job)
		case attempt == attempts || !access.AnswerLost(err):
			return m.c.conn.Classify(err, "create", record.JobsResource)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * 500 * time.Millisecond):
		}
	}
}

func (m *creation) adopt(ctx context.Context, want *batchv1.Job) error {
	have, err := m.c.conn.Kube.BatchV1().Jobs(m.c.conn.Namespace).Get(ctx, want.Name, metav1.GetOptions{})
	switch {
	case err != nil:
		return m.c.conn.Classify(err, "get", record.JobsResource)
	case have.Annotations[kube.AnnotationCampaign] != want.Annotations[kube.AnnotationCampaign]:
		return &api.ConflictError{Message: fmt.Sprintf("there is a Job %s already that is no run of this campaign, of %s; delete it, and resume",
			want.Name, manifest.Whose(have))}
	}
	// Another release of this program may have another format of the orders to
	// keep results, and another image; what is fetched and run is the same.
	// What is kept is not decided by the Job alone: who may create
	// Jobs in the namespace may write its results, too.
	if path := manifest.Difference(want, have, agentspec.EnvKeep); path != "" {
		return &api.ConflictError{Message: fmt.Sprintf("there is a Job %s already, of %s, whose %s is not that of this run; delete it, and resume",
			want.Name, manifest.Whose(have), path)}
	}
	return nil
}
