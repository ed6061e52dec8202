// Package keeper is the sidecar that uploads outputs and logs: while the
// workload runs, so that little is lost with a node, and completely after it
// has terminated, for any reason.
package keeper

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/agent/apiserver"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// interval is how often the folders are looked at.
	interval = 5 * time.Second
	// maxPause is the longest pause when the store does not answer.
	maxPause = time.Minute
	// patience is how long the end of a pod is held up by a store that does not
	// answer: without a byte in that time it is given up. The other half of the
	// pod's time is for an API server that does not answer; see silence.
	patience = agentspec.SaveTime / 2
	// grace is that of orders which do not say.
	grace = 30 * time.Second
)

// Keeper saves the results and the logs of one pod.
type Keeper struct {
	orders agentspec.Keep
	where  Where
	api    *apiserver.Client
	store  store.Backend
	say    func(format string, args ...any)

	results []*result
	logs    *tree
	shower  *shower
	sender  sender
	moved   atomic.Int64
	begun   bool
	// patience and silence are the constants, or shorter in tests.
	patience, silence time.Duration
	grace             time.Duration
	// sideTime is how long the others are waited for when the main one has ended.
	sideTime time.Duration

	terminating   chan struct{}
	terminateOnce sync.Once
	done          chan struct{}
}

// result is one set of files with an inventory of its own.
type result struct {
	agentspec.Result
	tree     *tree
	progress []*progressFile
	// ended is how a run has ended that was finished while others go on, as
	// its inventory says but without the files; nil of all others.
	ended    *layout.Inventory
	finished bool
}

// New makes a Keeper. say reports problems, one line for each call.
func New(o agentspec.Keep, w Where, client *apiserver.Client, b store.Backend, say func(format string, args ...any)) (*Keeper, error) {
	k := &Keeper{orders: o, where: w, api: client, store: b, say: say, patience: cmp.Or(w.Patience, patience),
		grace:       cmp.Or(time.Duration(o.GraceSeconds)*time.Second, grace),
		terminating: make(chan struct{}), done: make(chan struct{})}
	k.silence = min(silence, k.patience)
	k.sideTime = min(k.grace, agentspec.SideTime) + endSlack
	k.sender = sender{store: b, moved: &k.moved}
	k.shower = newShower(client.PutLease, w, o)
	room := newRoom()
	others := foldersOf(o.Results)
	for _, r := range o.Results {
		kept := &result{Result: r, tree: newTree(r.Prefix, r.Dirs, room)}
		kept.tree.others = others
		for _, dir := range r.Dirs {
			if dir.Progress {
				kept.progress = append(kept.progress, &progressFile{dir: dir.Path})
			}
		}
		k.results = append(k.results, kept)
	}
	logs := filepath.Join(w.Scratch, "logs")
	k.logs = newTree(o.LogPrefix, []agentspec.Dir{{Path: logs}}, newRoom()) // however many results there are
	return k, os.MkdirAll(logs, 0o700)
}

// foldersOf are the folders that results name, but for the Rest.
func foldersOf(results []agentspec.Result) map[string]bool {
	named := map[string]bool{}
	for _, r := range results {
		for _, dir := range r.Dirs {
			if !dir.Rest {
				named[path.Clean(dir.Path)] = true
			}
		}
	}
	return named
}

// latest returns the last reported progress of a result, nil when there is
// none, and how many lines of it could not be read.
func (r *result) latest() (first *api.Progress, broken int) {
	for _, p := range r.progress {
		last, lines := p.latest()
		if broken += lines; first == nil {
			first = last
		}
	}
	return first, broken
}

// Terminate starts the end of the sidecar: when the containers have ended, the
// rest is saved. It is idempotent.
func (k *Keeper) Terminate() { k.terminateOnce.Do(func() { close(k.terminating) }) }

// Done is closed when nothing is left to do.
func (k *Keeper) Done() <-chan struct{} { return k.done }

// Run saves until the pod's containers have ended, and then the rest. An error
// means that the results are not complete.
func (k *Keeper) Run(ctx context.Context) error {
	defer close(k.done)
	ended := k.watchContainers(ctx)
	passing, giveUp := context.WithCancel(ctx)
	defer giveUp()
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		k.passes(passing, ended)
	}()
	for tick := time.NewTicker(interval); !closed(ended); {
		k.progress(ctx, time.Now(), false)
		select {
		case <-tick.C:
		case <-ended:
			tick.Stop()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	e := k.howItEnded(ctx)
	ctx, stop := k.patiently(ctx)
	defer stop()
	context.AfterFunc(ctx, giveUp)
	<-passed
	return k.finish(ctx, e)
}

// passes sends what is due again and again until the containers have ended.
func (k *Keeper) passes(ctx context.Context, ended <-chan struct{}) {
	failures := 0
	for pause := time.Duration(0); ; {
		select {
		case <-time.After(pause):
		case <-ended:
			return
		case <-ctx.Done():
			return
		}
		err := k.pass(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && k.makeBucket(ctx, err):
		case err != nil:
			if failures++; failures == 1 || failures%10 == 0 {
				k.say("results are not saved at the moment, it is tried again: %v", err)
			}
		case failures > 0:
			failures = 0
			k.say("results are saved again")
		}
		pause = min(interval<<min(failures, 8), maxPause)
	}
}

// pass sends what is due, and finishes the runs that have ended while others
// go on.
func (k *Keeper) pass(ctx context.Context) error {
	if err := k.begin(ctx); err != nil {
		return err
	}
	codes := readOutcomes(k.orders.Outcomes)
	// Once for all runs that have ended, since the API server may not answer.
	pod := sync.OnceValue(func() *corev1.Pod {
		pod, _ := k.pod(ctx)
		return pod
	})
	for _, r := range k.results {
		if r.ended != nil {
			continue
		}
		if code, ok := codes[r.Name]; ok {
			if err := k.finishRun(ctx, r, code, pod); err != nil {
				return err
			}
			continue
		}
		r.tree.look()
		if err := k.sender.send(ctx, r.tree, false, func(string, string) {}); err != nil {
			return err
		}
	}
	k.logs.look()
	return k.sender.send(ctx, k.logs, false, func(string, string) {})
}

// begin removes the outcome of an earlier attempt, before anything of this one
// is sent: the result is incomplete from now on.
func (k *Keeper) begin(ctx context.Context) error {
	if k.begun {
		return nil
	}
	var old []string
	for _, r := range k.results {
		old = append(old, r.Prefix+layout.InventoryFile)
		words, err := k.words(ctx, r)
		if err != nil {
			return err
		}
		old = append(old, words...)
	}
	if k.orders.Ref != "" {
		if _, err := k.store.Put(ctx, k.orders.Ref, strings.NewReader(""), 0, store.PutOptions{}); err != nil {
			return err
		}
	}
	if err := k.store.Delete(ctx, old...); err != nil {
		return err
	}
	k.begun = true
	return nil
}

// bucketMaker is a store that may have lost everything: the built-in one without
// a volume keeps its bucket only as long as its pod lives.
type bucketMaker interface {
	EnsureBucket(ctx context.Context) error
}

// makeBucket makes the bucket again when that is what is missing, and reports
// whether it did.
func (k *Keeper) makeBucket(ctx context.Context, err error) bool {
	missing := (*api.NotFoundError)(nil)
	maker, can := k.store.(bucketMaker)
	if !can || !errors.As(err, &missing) || missing.Kind != "bucket" || maker.EnsureBucket(ctx) != nil {
		return false
	}
	k.say("the store has lost its bucket and what was in it; it is made anew, for what comes from now on")
	return true
}

// words returns the keys that record the outcome of a result.
func (k *Keeper) words(ctx context.Context, r *result) ([]string, error) {
	var keys []string
	if r.Index == "" {
		return nil, nil
	}
	for o, err := range k.store.List(ctx, r.Index, store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		keys = append(keys, o.Key)
	}
	return keys, nil
}

// progress reads the workload's progress and shows it.
func (k *Keeper) progress(ctx context.Context, now time.Time, last bool) {
	for _, r := range k.results {
		for _, p := range r.progress {
			if last {
				p.finish(now)
			} else {
				p.poll(now)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, oneAnswer)
	defer cancel()
	if err := k.shower.show(ctx, latest(k.results), now, last); err != nil && !errors.Is(err, context.Canceled) {
		k.shower.complain.Do(func() { k.say("progress cannot be shown: %v", err) })
	}
}
