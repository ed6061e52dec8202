package logs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

// report reports what the read waits for, each reason once until it changes.
func (f *follower) report(st *api.TaskStatus) {
	now := map[string]bool{}
	messages := waiting(f.missing(), st)
	if st.Saving {
		messages = append(messages, "saving the results")
	}
	for _, message := range messages {
		now[message] = true
		if !f.said[message] {
			f.s.notify("%s", message)
		}
	}
	f.said = now
}

// stuck are the causes that require a fix of the task or its namespace. A lack of
// resources is not one of them.
var stuck = []api.Cause{api.CauseImageNotFound, api.CauseImagePull, api.CauseInvalidImage, api.CauseSecretMissing,
	api.CauseVolumeMissing, api.CauseContainerConfig, api.CauseCreateFailed}

// silence ends a read that waits for nodes that cannot start, if no callback receives
// notices.
func (f *follower) silence(st *api.TaskStatus) error {
	missing := f.missing()
	if f.s.o.Notify != nil || len(missing) == 0 || st.Diagnosis == nil || !slices.Contains(stuck, st.Diagnosis.Cause) {
		f.stuck = time.Time{}
		return nil
	}
	if f.stuck.IsZero() {
		f.stuck = time.Now()
	}
	if time.Since(f.stuck) < f.s.pace.silence {
		return nil
	}
	return &api.TimedOutError{After: f.s.pace.silence, Last: strings.Join(waiting(missing, st), "; ") +
		"; with LogOptions.Notify, or sdk.WithWarnings, this is only reported, and the read continues"}
}

// missing returns the nodes that have not started according to the watch.
func (f *follower) missing() map[int]bool {
	missing := map[int]bool{}
	f.mu.Lock()
	defer f.mu.Unlock()
	for rank := range f.s.ranks {
		r := f.newest[rank]
		if r == nil {
			missing[rank] = true
			continue
		}
		if pod, _ := r.get(); !pod.started && !pod.ended {
			missing[rank] = true
		}
	}
	return missing
}

// waiting groups nodes that have not started by their reason. Those that have started
// according to st are omitted.
func waiting(missing map[int]bool, st *api.TaskStatus) []string {
	known := map[int]api.NodeStatus{}
	for _, node := range st.Nodes {
		known[node.Rank] = node
	}
	var order []string
	groups := map[string][]int{}
	for _, rank := range sortedRanks(missing) {
		node := known[rank]
		if s := node.State; s != "" && s != api.NodeWaiting && s != api.NodePending {
			continue
		}
		why := node.Reason
		if why == "" && aboutTask(st) {
			why = st.Reason
		}
		if groups[why] == nil {
			order = append(order, why)
		}
		groups[why] = append(groups[why], rank)
	}
	messages := make([]string, len(order))
	for i, why := range order {
		messages[i] = "waiting for " + nodes(groups[why])
		if why != "" {
			messages[i] += ": " + why
		}
	}
	return messages
}

// aboutTask reports whether the task's reason is about all of its nodes.
func aboutTask(st *api.TaskStatus) bool { return st.Diagnosis == nil || st.Diagnosis.Rank == nil }

// nodes formats sorted ranks: "node 3", "nodes 0-3, 7".
func nodes(ranks []int) string {
	if len(ranks) == 1 {
		return fmt.Sprintf("node %d", ranks[0])
	}
	var parts []string
	for i := 0; i < len(ranks); {
		j := i
		for j+1 < len(ranks) && ranks[j+1] == ranks[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(ranks[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", ranks[i], ranks[j]))
		}
		i = j + 1
	}
	return "nodes " + strings.Join(parts, ", ")
}
