// Package prepare writes a campaign into a folder that "kubectl apply" can run.
package prepare

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/campaign/plan"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// Preparer writes campaigns into folders.
type Preparer struct{ conn *access.Conn }

func New(conn *access.Conn) *Preparer { return &Preparer{conn} }

// WritePrepared writes a campaign into a folder, from which kubectl can run it:
// the Jobs, the record, the inputs with what brings them into the store, and
// setup, which are the objects that a namespace needs. It uses no cluster and
// writes no credentials. The folder is created as a whole or not at all. The
// record names the user of WithUser, else none: the user who applies it is
// unknown here.
//
// Inputs that a ConfigMap can carry go with the Jobs; then applying the folder
// is all there is to do. Larger ones have to be in the store first.
func (c *Preparer) WritePrepared(ctx context.Context, s *spec.Campaign, configs *variation.Configs, setup []runtime.Object, o api.PrepareOptions) (*api.PrepareReport, error) {
	if o.DryRun == api.DryRunServer {
		return nil, api.InvalidOption("DryRun", "%q needs an API server, and preparing a campaign uses no cluster; use %q", o.DryRun, api.DryRunClient)
	}
	o.Queue = cmp.Or(o.Queue, kube.LocalQueueName)
	d, err := plan.NewDraft(ctx, plan.TargetOf(c.conn), s, configs, o.CampaignOptions, false)
	if err != nil {
		return nil, err
	}
	d.Record.User = c.conn.LoginUser()
	now := time.Now()
	d.Record.Created, d.Record.ID = now.Truncate(time.Second), preparedID(d.Record.Name, now)
	p, err := d.Plan()
	if err != nil {
		return nil, err
	}
	if err := p.ForApply(); err != nil {
		return nil, err
	}
	for _, w := range slices.Concat(d.Warnings(), p.Warnings) {
		c.conn.Warn(w)
	}
	t, err := newTree(o.Dir, o.Overwrite, o.DryRun)
	if err != nil {
		return nil, err
	}
	defer t.discard()
	w := &preparation{tree: t, draft: d, plan: p, setup: setup}
	if err := w.write(ctx); err != nil {
		return nil, err
	}
	if o.DryRun.Keeps() {
		if err := t.keep(); err != nil {
			return nil, err
		}
	}
	report := &api.PrepareReport{TypeMeta: api.TypeMeta[api.PrepareReport](), ID: d.Record.ID, Dir: o.Dir,
		Jobs: d.Record.Jobs, Runs: d.Record.Total, InputBytes: w.bytes, InputsApplied: w.carried}
	if len(p.Execution.Secrets) > 0 {
		report.Secret = record.SecretName(d.Record.ID)
	}
	return report, nil
}

// preparedID is an id with the hundredths of the second in it, since no cluster
// is available to check which ids are taken.
func preparedID(name string, at time.Time) string {
	return record.NewID(name, at, at.Nanosecond()/int(10*time.Millisecond))
}

// preparation is one folder being written.
type preparation struct {
	*tree
	draft *plan.Draft
	plan  *plan.Plan
	setup []runtime.Object

	// inputs are the keys in the store of the files in inputs/, sorted.
	inputs  []string
	bytes   int64
	carried bool
}

func (w *preparation) write(ctx context.Context) error {
	if err := w.writeInputs(ctx); err != nil {
		return err
	}
	if w.carried = w.bytes <= maxCarried; w.carried {
		if err := w.carry(); err != nil {
			return err
		}
	} else if err := w.objects("upload/pod.yaml", "", w.uploadPod()); err != nil {
		return err
	}
	record, err := w.recordObject()
	if err != nil {
		return err
	}
	if err := w.objects(campaignFileName, "", record); err != nil {
		return err
	}
	if err := w.writeJobs(ctx); err != nil {
		return err
	}
	if err := w.writeSetup(); err != nil {
		return err
	}
	return w.writeReadmes()
}

// writeInputs writes what the store gets, laid out as the store is.
func (w *preparation) writeInputs(ctx context.Context) error {
	documents, err := w.draft.Documents(ctx)
	if err != nil {
		return err
	}
	for key, data := range documents {
		if err := w.input(key, data); err != nil {
			return err
		}
	}
	if w.draft.Inputs.Sum != "" {
		key := layout.InputKey(w.draft.Inputs.Sum)
		file, err := w.create(path.Join("inputs", key))
		if err != nil {
			return err
		}
		stat, err := w.draft.Inputs.Write(ctx, file)
		if err := cmp.Or(err, file.Close()); err != nil {
			return err
		}
		if stat.SHA256 != w.draft.Inputs.Sum {
			return &api.ConflictError{Message: "a file of the campaign was changed while it was read; try it again"}
		}
		w.inputs, w.bytes = append(w.inputs, key), w.bytes+stat.Size
	}
	slices.Sort(w.inputs)
	return nil
}

func (w *preparation) input(key string, data []byte) error {
	w.inputs, w.bytes = append(w.inputs, key), w.bytes+int64(len(data))
	return w.file(path.Join("inputs", key), data)
}

// carry puts the inputs into a ConfigMap. The Jobs take the pack from there, and
// an own Job brings all of it into the store.
func (w *preparation) carry() error {
	name := w.objectName("inputs")
	config := &corev1.ConfigMap{ObjectMeta: w.meta(name), BinaryData: map[string][]byte{}}
	config.APIVersion, config.Kind = "v1", "ConfigMap"
	var items []corev1.KeyToPath
	for i, key := range w.inputs {
		data, err := w.read(path.Join("inputs", key))
		if err != nil {
			return err
		}
		entry := fmt.Sprintf("%03d", i)
		if w.draft.Inputs.Sum != "" && key == layout.InputKey(w.draft.Inputs.Sum) {
			entry = plan.CarriedPack
			if err := w.plan.FetchPackFrom(name); err != nil {
				return err
			}
		}
		config.BinaryData[entry] = data
		items = append(items, corev1.KeyToPath{Key: entry, Path: key})
	}
	return w.objects("inputs.yaml", "What the campaign is made of, and a Job that brings it into the store.", config, w.uploadJob(name, items))
}

// writeJobs writes each Job into a file of its own and all of them into one.
func (w *preparation) writeJobs(ctx context.Context) error {
	all, err := w.create("all-jobs.yaml")
	if err != nil {
		return err
	}
	defer all.Close() // the error that counts is that of the Close below
	for job, err := range w.plan.Jobs() {
		if err = cmp.Or(err, ctx.Err()); err != nil {
			return err
		}
		text, err := manifestText(typed(job))
		if err != nil {
			return err
		}
		if _, err := all.Write(append([]byte("---\n"), text...)); err != nil {
			return err
		}
		if err := w.file(path.Join("jobs", job.Name+".yaml"), text); err != nil {
			return err
		}
	}
	return all.Close()
}

func typed(job *batchv1.Job) *batchv1.Job {
	job.APIVersion, job.Kind = batchv1.SchemeGroupVersion.String(), "Job"
	return job
}

// vastFile is the name of the campaign's file, for people.
func (w *preparation) vastFile() string { return record.FileName(w.draft.Spec.Path) }
