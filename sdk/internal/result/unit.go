package result

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// unit is one result in the store: a node of a task, or a run.
type unit struct {
	agentspec.Identity
	prefix string
	// objects below the prefix, sorted; only filled in by scan.
	objects []store.Object
	// long are the paths of files whose keys do not contain them; see
	// readLongPaths.
	long map[string]string
	// complete: the inventory is there. inventory is nil until it was read.
	complete  bool
	inventory *layout.Inventory
	// outcome is that of the inventory or of the index.
	outcome *layout.Outcome
	// ended is when the index entry was written.
	ended time.Time
	// broken is why an existing inventory cannot be used.
	broken string
	// job is what its Job, if there still is one, says.
	job jobState
}

// scan lists all objects of a place and returns its units, in the order of
// their names, node 2 before node 10: one request per 1000 objects.
func (s *session) scan(ctx context.Context, p place) ([]*unit, error) {
	var units []*unit
	var last *unit
	for o, err := range s.store.List(ctx, p.prefix(), store.ListOptions{}) {
		if err != nil {
			return nil, err
		}
		if last == nil || !strings.HasPrefix(o.Key, last.prefix) {
			if last = unitOf(o.Key); last == nil {
				if p.task != "" {
					s.strays = append(s.strays, o.Key)
				}
				continue
			}
			units = append(units, last)
		}
		last.objects = append(last.objects, o)
		last.complete = last.complete || o.Key == last.prefix+layout.InventoryFile
	}
	slices.SortStableFunc(units, byNumber)
	return units, nil
}

// byNumber orders the nodes of a task, and the runs of a configuration. What is
// above them stays in the order of the keys, that of the list.
func byNumber(a, b *unit) int {
	above := func(u *unit) string {
		dir, _ := path.Split(strings.TrimSuffix(u.prefix, "/"))
		return dir
	}
	return cmp.Or(cmp.Compare(above(a), above(b)), cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Run, b.Run))
}

// unitOf is the unit that an object belongs to, nil for what belongs to none.
func unitOf(key string) *unit {
	parts := strings.SplitN(key, "/", 5)
	switch {
	case len(parts) >= 4 && parts[0]+"/" == layout.Tasks:
		rank, err := strconv.Atoi(parts[2])
		if err != nil {
			return nil
		}
		return &unit{Identity: agentspec.Identity{TaskID: parts[1], Rank: rank}, prefix: layout.NodePrefix(parts[1], rank)}
	case len(parts) == 5 && parts[0]+"/" == layout.Campaigns && !strings.HasPrefix(parts[2], "_"):
		run, err := strconv.Atoi(parts[3])
		if err != nil {
			return nil
		}
		return &unit{Identity: agentspec.Identity{Campaign: parts[1], Config: parts[2], Run: run},
			prefix: layout.RunPrefix(parts[1], parts[2], run)}
	}
	return nil
}

// lastSaved is when the last of its objects was written.
func (u *unit) lastSaved() time.Time {
	var last time.Time
	for _, o := range u.objects {
		if o.Modified.After(last) {
			last = o.Modified
		}
	}
	return last
}

// name identifies the unit: "x7k2m9qa/0", "sweep-.../fast-1/0".
func (u *unit) name() string {
	if u.Campaign != "" {
		return fmt.Sprintf("%s/%s/%d", u.Campaign, u.Config, u.Run)
	}
	return fmt.Sprintf("%s/%d", u.TaskID, u.Rank)
}

// maxInventory bounds what is read of an inventory, in bytes: some 2 million files.
const maxInventory = 512 << 20

// readInventories reads the inventories of all complete units, many at a time.
func (s *session) readInventories(ctx context.Context, units []*unit) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, u := range units {
		if u.complete && u.inventory == nil {
			group.Go(func() error { return s.readInventory(ctx, u) })
		}
	}
	return group.Wait()
}

// readInventory reads one inventory. One that is no inventory leaves the unit
// incomplete; what was saved can be had all the same.
func (s *session) readInventory(ctx context.Context, u *unit) error {
	body, _, err := s.store.Get(ctx, u.prefix+layout.InventoryFile, 0)
	if isNotFound(err) {
		u.complete = false
		return nil
	}
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, maxInventory))
	if err != nil {
		return err
	}
	m := &layout.Inventory{}
	if err := json.Unmarshal(data, m); err != nil {
		u.complete, u.broken = false, fmt.Sprintf("its inventory cannot be read: %v", err)
		return nil
	}
	if m.Version > layout.InventoryVersion {
		u.complete, u.broken = false, fmt.Sprintf("its inventory is of version %d, and this program reads %d: use a newer one", m.Version, layout.InventoryVersion)
		return nil
	}
	if of := (&unit{Identity: m.Identity}); (m.TaskID != "" || m.Campaign != "") && !u.isOf(of) {
		u.complete, u.broken = false, fmt.Sprintf("its inventory is that of %.120q: it was changed or copied there, and is not used", of.name())
		return nil
	}
	if m.LogPrefix != "" && !u.holdsLogs(m.LogPrefix) {
		u.complete, u.broken = false, fmt.Sprintf("its inventory has its logs elsewhere, at %.120q: it was changed there, and is not used", m.LogPrefix)
		return nil
	}
	u.inventory, u.outcome = m, &m.Outcome
	// Its prefix identifies it; the rest is read from the inventory.
	identity := m.Identity
	identity.Campaign, identity.Config, identity.Run = u.Campaign, u.Config, u.Run
	if u.Campaign == "" {
		identity.TaskID, identity.Rank = u.TaskID, u.Rank
	}
	u.Identity = identity
	return nil
}

// holdsLogs reports where the logs of a unit can lie: in itself or, of packed
// runs, with those of their Job.
func (u *unit) holdsLogs(prefix string) bool {
	if job, packed := strings.CutPrefix(prefix, layout.JobsPrefix(u.Campaign)); packed && u.Campaign != "" {
		return layout.Regular(strings.TrimSuffix(job, "/"))
	}
	return prefix == u.prefix+layout.LogDir
}

// isOf reports that two units are one. A run has a task's id, too.
func (u *unit) isOf(other *unit) bool {
	if u.Campaign != "" || other.Campaign != "" {
		return u.Campaign == other.Campaign && u.Config == other.Config && u.Run == other.Run
	}
	return u.TaskID == other.TaskID && u.Rank == other.Rank
}

// result is the unit in the form of the API.
func (u *unit) result(namespace string) api.Result {
	r := api.Result{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: u.name(), Namespace: namespace},
		TaskID: u.TaskID, TaskName: u.TaskName, User: u.User, Rank: u.Rank, Campaign: u.Campaign, Config: u.Config, Run: u.Run,
		Complete: u.complete}
	if o := u.outcome; o != nil {
		r.State, r.Reason, r.Cause, r.ExitCode = o.State, o.Message, o.Cause, o.ExitCode
	}
	if m := u.inventory; m != nil {
		r.StartTime, r.EndTime, r.Progress, r.Missing = moment(m.Started), moment(m.Ended), m.Progress, len(m.Missing)
		for _, f := range m.Files {
			if !f.Dir {
				r.Files++
				r.Bytes += f.Size
			}
		}
		return r
	}
	r.EndTime = moment(u.ended)
	for _, o := range u.objects {
		if u.countsAsFile(o) {
			r.Files++
			r.Bytes += o.Size
		}
	}
	if !u.complete {
		u.incomplete(&r)
	}
	return r
}

// incomplete sets the reason for a missing inventory.
func (u *unit) incomplete(r *api.Result) {
	r.User, r.TaskName = u.job.user, u.job.name
	if r.CreationTimestamp = u.job.created; r.CreationTimestamp.IsZero() {
		r.CreationTimestamp = metav1.NewTime(u.lastSaved())
	}
	switch {
	case u.broken != "":
		r.Reason = u.broken
	case u.job.unknown:
		r.Reason = "whether it still runs is not known: these are the files that were saved so far"
	case u.job.queued:
		r.State, r.Reason = api.Queued, "it waits for its turn: these are the files that were saved when it last ran"
	case u.job.active:
		r.State, r.Reason = api.Running, "it still runs: these are the files that were saved so far"
	default:
		r.Reason = "incomplete: the pod terminated before all files were uploaded"
	}
}

func moment(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return ptr.To(metav1.NewTime(t))
}
