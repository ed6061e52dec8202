package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/internal/workflow/record"
)

const (
	historyRuns  = 1_000_000
	historyAdded = 1_000 // of these one by one, with their records
	historyPage  = 50
	historyTurns = 15
	// historyLimit is how long the newest page may take.
	historyLimit = 300 * time.Millisecond
)

// measureHistory lists the newest runs of a million. Most of the index is written at once;
// the newest runs are added one by one, as drivers do, so that there are deltas and
// compacted parts.
func measureHistory(ctx context.Context, e *env) ([]figure, error) {
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	endpoint, stop, err := startStore(ctx, e, filepath.Join(dir, "store"))
	if err != nil {
		return nil, err
	}
	defer stop()
	s, err := store.Connect(store.Config{Endpoint: endpoint, Bucket: transferBucket, AccessKey: transferKey, SecretKey: transferSecret})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	namespace, remove, err := e.namespace(ctx)
	if err != nil {
		return nil, err
	}
	defer remove()
	_, err = e.kube.CoreV1().Secrets(namespace).Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: kube.StoreName}, StringData: map[string]string{
		kube.StoreEndpoint: endpoint, kube.StoreBucket: transferBucket, kube.StoreAccessKey: transferKey, kube.StoreSecretKey: transferSecret}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	log, began := history.Open(s, namespace), time.Now()
	if err := log.Replace(ctx, oldRuns(historyRuns-historyAdded)); err != nil {
		return nil, err
	}
	filled := time.Since(began)
	e.progress("history: an index of %d runs is written in %s", historyRuns-historyAdded, seconds(filled.Seconds()))
	adding := time.Now()
	var g errgroup.Group
	g.SetLimit(8)
	for n := historyRuns - historyAdded; n < historyRuns; n++ {
		g.Go(func() error {
			cm, spec, err := endedRun(n, namespace)
			if err != nil {
				return err
			}
			return log.Add(ctx, cm, spec)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	rate := historyAdded / time.Since(adding).Seconds()
	e.progress("history: %d runs are added, %s", historyAdded, perSecond(rate))

	page := func(q history.Query) func() error {
		q.Limit = historyPage
		return func() error {
			entries, _, err := log.Page(ctx, q)
			if err == nil && len(entries) != historyPage {
				err = fmt.Errorf("a page has %d runs", len(entries))
			}
			return err
		}
	}
	command := func() error {
		var out bytes.Buffer
		_, err := run(ctx, &out, e.vast, "--kubeconfig", e.kubeconfig, "-n", namespace, "run", "history", "--all-users", "-o", "name")
		if n := bytes.Count(out.Bytes(), []byte("\n")); err == nil && n != historyPage {
			err = fmt.Errorf("run history printed %d lines", n)
		}
		return err
	}
	var figures []figure
	for _, one := range []struct {
		what string
		do   func() error
	}{
		{"the newest 50 of 1,000,000 runs: kubectl vast run history", command},
		{"  of these, in one process: the index alone", page(history.Query{})},
		{"  50 runs from the middle", page(history.Query{After: history.After(oldTime(historyRuns / 2))})},
		{"  the newest 50 of a user with a thousandth of the runs", page(history.Query{User: "user-500"})},
	} {
		var took []float64
		for i := range historyTurns + 1 {
			began := time.Now()
			if err := one.do(); err != nil {
				return figures, err
			}
			if i > 0 { // the first one reads programs and files from the disk
				took = append(took, time.Since(began).Seconds())
			}
		}
		f := limit(one.what+" / 300 ms", took, historyLimit.Seconds())
		f.ours, f.theirs = seconds(median(took)), seconds(historyLimit.Seconds())
		f.ratio, f.runs = median(took)/historyLimit.Seconds(), fmt.Sprintf("median of %d", len(took))
		figures = append(figures, f)
	}
	return figures, nil
}

// oldTime is when run n was created: one a minute.
func oldTime(n int) time.Time { return time.Unix(1_700_000_000+60*int64(n), 0) }

// oldRuns yields the entries of runs. Users follow one another.
func oldRuns(n int) iter.Seq2[history.Entry, error] {
	return func(yield func(history.Entry, error) bool) {
		for i := range n {
			e := history.Entry{ID: kube.DerivedRunID("bench", fmt.Sprint(i)), Created: oldTime(i).Unix(), Workflow: fmt.Sprintf("nightly-%d", i%7),
				User: fmt.Sprintf("user-%d", i/1000), Phase: "finished", Result: "success",
				Summary: record.Summary{Tasks: 5, Success: 5, Started: oldTime(i).Unix(), Ended: oldTime(i).Unix() + 30}}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// endedRun returns the ConfigMap of run n and its specification.
func endedRun(n int, namespace string) (*corev1.ConfigMap, []byte, error) {
	made := record.New{ID: kube.DerivedRunID("bench", fmt.Sprint(n)), Namespace: namespace, Workflow: "nightly", User: fmt.Sprintf("user-%d", n/1000), Tasks: 1}
	cm, err := made.Object()
	if err != nil {
		return nil, nil, err
	}
	cm.CreationTimestamp, cm.UID = metav1.NewTime(oldTime(n)), "bench"
	run, err := record.FromObject(cm)
	if err != nil {
		return nil, nil, err
	}
	graph := workflow.Workflow{Name: "nightly", Tasks: []workflow.Task{{Name: "a"}}}
	fields, err := record.Fields(run, workflow.State{Version: workflow.StateVersion, Phase: workflow.PhaseFinished, Result: workflow.ResultSuccess,
		Started: oldTime(n).Unix(), Ended: oldTime(n).Unix() + 30, Tasks: map[string]workflow.TaskState{"a": {Status: workflow.StatusSuccess, Attempt: 1}}}, &graph, "bench")
	if err != nil {
		return nil, nil, err
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(text, cm); err != nil { // maps are merged, as by a merge patch
		return nil, nil, err
	}
	var w record.Writer
	if err := w.Add(&record.Objects{}); err != nil {
		return nil, nil, err
	}
	parts, err := w.Parts(record.Spec{Workflow: graph})
	if err != nil {
		return nil, nil, err
	}
	return cm, bytes.Join(parts, nil), nil
}
