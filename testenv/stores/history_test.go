//go:build stores

package stores

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/history"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow/record"
	"github.com/kubevast/vast/sdk/api"
)

const historyRule = "a history that several programs write and compact at once loses no run"

// compactions adds runs to a history and compacts its index from several goroutines.
func compactions(ctx context.Context, r *running) []string {
	const writers, each = 8, 25
	namespace := "lab-" + kube.NewID()
	var g errgroup.Group
	for w := range writers {
		log := history.Open(r.store, namespace)
		g.Go(func() error {
			for i := range each {
				n := w*each + i
				made := record.New{ID: kube.DerivedRunID("run", fmt.Sprint(n)), Namespace: namespace, Workflow: "w", User: "u"}
				cm, err := made.SetupError([]api.Problem{{Message: "wrong"}}, time.Now())
				if err != nil {
					return err
				}
				cm.CreationTimestamp = metav1.Unix(1_790_000_000+int64(n), 0)
				if err := log.Add(ctx, cm, nil); err != nil {
					return err
				}
				if i%3 != 0 {
					continue
				}
				if err := log.Compact(ctx, 1); err != nil && !api.IsConflict(err) { // the others were quicker each time
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return []string{err.Error()}
	}
	var problems []string
	log := history.Open(r.store, namespace)
	for _, what := range []string{"compacted", "rebuilt"} {
		entries, _, err := log.Page(ctx, history.Query{Limit: 10 * writers * each})
		if err != nil || len(entries) != writers*each {
			problems = append(problems, fmt.Sprintf("%s: %d of %d runs are listed: %v", what, len(entries), writers*each, err))
		}
		if out, err := log.Rebuild(ctx); err != nil || out.Runs != writers*each {
			problems = append(problems, fmt.Sprintf("a rebuild has %+v: %v", out, err))
		}
	}
	return problems
}
