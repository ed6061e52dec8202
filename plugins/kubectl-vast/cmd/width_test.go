package cmd_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

const (
	longName   = "train-resnet50-on-imagenet-with-mixed-precision"
	longReason = `0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 Insufficient cpu`
	longSpace  = "team-perception-experiments"
	longUser   = "system:serviceaccount:team-perception-experiments:jupyter-hub"
)

// crowd is a client whose answers are as long as they get on real clusters.
func crowd(t *testing.T) *clitest.Client {
	var tasks api.TaskStatusList
	var queued api.QueuedTaskList
	var results api.ResultList
	var all []api.Campaign
	ended := clitest.Ago(26 * time.Hour)
	for i, s := range api.States {
		id := fmt.Sprintf("x7k2m9q%d", i)
		task := cmdtest.Task(id, longName, s, longReason, 100*time.Hour)
		task.Namespace, task.User, task.StartTime = longSpace, longUser, &ended
		task.Nodes = []api.NodeStatus{{Rank: i, State: api.NodeState(s), ExitCode: ptr.To[int32](137), KubernetesNode: "gke-perception-a100-80gb-pool-1-7f3e9a41-x2vz",
			Pod: longName + "-" + id + "-0-abcde", Reason: longReason, StartTime: &ended}}
		task.Events = []api.Event{{Time: ended, Type: "Warning", Reason: "FailedScheduling", Object: "Pod/" + longName + "-" + id, Message: longReason, Count: 120}}
		tasks.Items = append(tasks.Items, task)
		queued.Items = append(queued.Items, cmdtest.QueuedTask(id, i+1, func(q *api.QueuedTask) {
			q.TaskName, q.Namespace, q.User, q.Queue, q.Reason, q.Evicted = longName, longSpace, longUser, fmt.Sprint("team-queue-", i), longReason, longReason
			q.Requests["nvidia.com/gpu"] = "8"
			q.EstimatedStart = ptr.To(metav1.NewTime(clitest.Now.Add(26 * time.Hour)))
		}))
		results.Items = append(results.Items, api.Result{ObjectMeta: metav1.ObjectMeta{Name: id + "/0", Namespace: longSpace}, TaskID: id, TaskName: longName,
			User: longUser, State: s, Complete: true, Files: 123456, Bytes: 9_999_999_999, EndTime: &ended, Reason: longReason})
	}
	for i, s := range api.CampaignStates {
		c := cmdtest.Sweeping()
		c.Namespace = longSpace
		c.ID, c.State, c.User, c.Configs = fmt.Sprintf("sweep%d-2026-11-21-101500", i), s, longUser, 12345
		c.Runs = api.RunCounts{Total: 945000, Succeeded: 400000, Rejected: 1, Failed: 200000, Stopped: 1, Running: 3, Pending: 1, Queued: 1000, Missing: 1}
		c.Failures[0].Reason = longReason
		c.Waiting = cmdtest.Waiting().Waiting
		all = append(all, c)
		results.Items = append(results.Items, api.Result{ObjectMeta: metav1.ObjectMeta{Name: c.ID, Namespace: longSpace}, Campaign: c.ID, User: longUser,
			State: api.State(s), Complete: true, Reason: "400001 of 945000 runs: 400000 succeeded, 1 rejected"})
	}
	queues := []api.QueueStatus{{ObjectMeta: metav1.ObjectMeta{Name: "vast", Namespace: longSpace}, State: api.QueueActive, Pending: 1200, Admitted: 345,
		ClusterQueue: "perception-cluster-queue", Cohort: "all-of-research", Reason: longReason, Resources: []api.QueueResource{
			{Flavor: "on-demand-a100-80gb", Resource: "nvidia.com/gpu", Used: "1200", Quota: "3000", Borrowed: "100"},
			{Flavor: "default-flavor", Resource: "ephemeral-storage", Used: "4000Gi", Quota: "258019Mi", Borrowed: "0"}}}}
	return &clitest.Client{
		Task: clitest.Tasks{
			OnList: func(context.Context, api.TaskListOptions) (*api.TaskStatusList, error) { return &tasks, nil },
			OnGet:  func(context.Context, string) (*api.TaskStatus, error) { return &tasks.Items[5], nil },
			OnWatch: func(context.Context, api.TaskListOptions) iter.Seq2[*api.TaskStatus, error] {
				return func(yield func(*api.TaskStatus, error) bool) {
					for i, s := range api.States {
						changed := tasks.Items[i]
						changed.State, changed.Reason, changed.TaskName = s, "now "+longReason, "b"
						if !yield(&changed, nil) {
							return
						}
					}
				}
			},
		},
		Queue: clitest.Queues{
			OnPending: func(context.Context, api.QueuePendingOptions) (*api.QueuedTaskList, error) { return &queued, nil },
			OnList: func(context.Context, api.QueueListOptions) (*api.QueueStatusList, error) {
				return &api.QueueStatusList{Items: queues}, nil
			},
		},
		Result: clitest.Results{OnList: func(context.Context, api.ResultListOptions) (*api.ResultList, error) { return &results, nil }},
		Clusters: clitest.Clusters{
			OnResize: func(context.Context, api.ClusterResizeOptions) (*api.ClusterResize, error) {
				return &api.ClusterResize{Changed: true, Resources: []api.ResizedResource{{Resource: "ephemeral-storage", Before: "258019Mi", After: "1258019Mi"}}}, nil
			},
			OnConfigs: func() *api.ClusterConfigList {
				return &api.ClusterConfigList{Items: []api.ClusterConfig{{ObjectMeta: metav1.ObjectMeta{Name: "gcp"}, Description: "Google Kubernetes Engine, with a disk for the store's data",
					Options: []api.ClusterOption{{Name: "storage_size", Default: "10Gi", Description: "how large"}, {Name: "disk_type", Default: "pd-standard", Description: "which"}}}}}
			},
		},
		Campaign: &cmdtest.Monitors{Lists: []*api.CampaignList{cmdtest.Campaigns(all...)}},
	}
}

// Lines that are no part of a table are written as they are, and a terminal wraps
// them: what is behind a colon in `status`, and hints.
func isTable(line string) bool {
	return !strings.Contains(line, ":  ") && !strings.HasPrefix(line, "  kubectl vast")
}

func TestEveryTableFitsTheTerminalAndShowsIDsAndStates(t *testing.T) {
	var ids, states, campaignIDs, campaignStates []string
	for i, s := range api.States {
		ids, states = append(ids, fmt.Sprintf("x7k2m9q%d", i)), append(states, string(s))
	}
	for i, s := range api.CampaignStates {
		campaignIDs, campaignStates = append(campaignIDs, fmt.Sprintf("sweep%d-2026-11-21-101500", i)), append(campaignStates, string(s))
	}
	both := func(a, b []string) []string { return append(append([]string{}, a...), b...) }
	file := cmdtest.CampaignFile(t, strings.NewReplacer("fast]", strings.Repeat("very-", 40)+"fast]",
		"  resources: {cpu: [{a: 1}, {b: 2}]}\n", "").Replace(cmdtest.Sweep))
	for args, want := range map[string][]string{
		"list":                           both(ids, states),
		"list -A --all-users":            both(ids, states),
		"list -w":                        both(ids, states),
		"list -w -A --all-users":         both(ids, states),
		"queue list":                     ids,
		"queue list -A --all-users":      ids,
		"queue status":                   {"vast", "Active"},
		"queue status -A":                {"vast", "Active"},
		"results list":                   both(both(ids, campaignIDs), both(states, campaignStates)),
		"results list --all-users":       both(both(ids, campaignIDs), both(states, campaignStates)),
		"campaign list":                  both(campaignIDs, campaignStates),
		"campaign list --all-users":      both(campaignIDs, campaignStates),
		"campaign list -A --all-users":   both(campaignIDs, campaignStates),
		"results list -A --all-users":    both(both(ids, campaignIDs), both(states, campaignStates)),
		"campaign status x":              both(campaignIDs, campaignStates),
		"monitor --once":                 both(campaignIDs, campaignStates),
		"monitor --once --all-users":     both(campaignIDs, campaignStates),
		"status x7k2m9q5":                {"x7k2m9q5", "Failed"},
		"campaign configs " + file:       {"test-1", "fixed"},
		"cluster resize":                 {"ephemeral-storage", "258019Mi", "1258019Mi"},
		"cluster setup --list":           {"gcp"},
		"campaign status x --no-headers": both(campaignIDs, campaignStates),
	} {
		for _, columns := range []int{40, 60, 80, 132} {
			t.Run(fmt.Sprintf("%s in %d columns", strings.ReplaceAll(args, file, "FILE"), columns), func(t *testing.T) {
				p := cmdtest.Plugin(crowd(t))
				p.Terminal, p.Columns = true, columns
				r := p.Do(t, strings.Fields(args)...)
				if r.Code != 0 {
					t.Fatalf("code %d, %s", r.Code, r.Err)
				}
				for line := range strings.Lines(r.Out) {
					if n := utf8.RuneCountInString(strings.TrimRight(line, " \n")); n > columns && isTable(line) {
						t.Errorf("%d characters: %s", n, line)
					}
				}
				for _, w := range want {
					if !strings.Contains(r.Out, w) {
						t.Errorf("%q is not shown:\n%s", w, r.Out)
					}
				}
			})
		}
	}
}

func TestAPipeHasNoWidth(t *testing.T) {
	p := cmdtest.Plugin(crowd(t))
	p.Columns = 40
	if r := p.Do(t, "list", "-A"); !strings.Contains(r.Out, longName) || !strings.Contains(r.Out, longReason) || !strings.Contains(r.Out, longSpace) {
		t.Errorf("something was cut:\n%s", r.Out)
	}
}
