package queue_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func queueClient(tasks ...api.QueuedTask) *clitest.Client {
	return &clitest.Client{Queue: clitest.Queues{
		OnPending: func(context.Context, api.QueuePendingOptions) (*api.QueuedTaskList, error) {
			return &api.QueuedTaskList{TypeMeta: api.TypeMeta[api.QueuedTaskList](), Items: tasks}, nil
		},
		OnPosition: func(context.Context, string) (*api.QueuedTask, error) { return &tasks[0], nil },
	}}
}

func TestQueueList(t *testing.T) {
	soon := cmdtest.QueuedTask("aaaaaaaa", 2, func(t *api.QueuedTask) {
		t.EstimatedStart = ptr.To(metav1.NewTime(clitest.Now.Add(20 * time.Minute)))
	})
	held := cmdtest.QueuedTask("bbbbbbbb", 0, func(t *api.QueuedTask) {
		t.Reason, t.Evicted = "queue vast is held", "preempted by task cccccccc of bob"
		t.Requests["nvidia.com/gpu"] = "8"
	})
	for name, tc := range map[string]struct {
		tasks []api.QueuedTask
		args  []string
		want  string
		says  string
	}{
		"in order, with an estimate": {[]api.QueuedTask{soon}, nil, `
POSITION   ID         NAME    CPU   MEMORY   WAITING   STARTS (EST.)   REASON
2          aaaaaaaa   train   4     8Gi      12m       ~20m            waits for 2 CPU of 8; first in line needs 4
`, ""},
		"without a place, and with devices": {[]api.QueuedTask{held}, []string{"--all-users"}, `
POSITION   ID         NAME    USER    PRIORITY   CPU   MEMORY   GPU                WAITING   STARTS (EST.)   REASON
-          bbbbbbbb   train   alice   0          4     8Gi      8 nvidia.com/gpu   12m                       preempted by task cccccccc of bob; queue vast is held
`, ""},
		"what is no task": {[]api.QueuedTask{cmdtest.QueuedTask("", 1, func(t *api.QueuedTask) { t.User, t.Owner = "", "RayJob/r" })}, []string{"--no-headers", "-A"}, `
default   1     -     RayJob/r   4     8Gi   12m         waits for 2 CPU of 8; first in line needs 4
`, ""},
		"names":                 {[]api.QueuedTask{soon}, []string{"-o", "name"}, "\nqueuedtask.kubevast.io/job-aaaaaaaa\n", ""},
		"nothing":               {nil, nil, "", "Nothing of yours waits in default namespace."},
		"nothing of anybody's":  {nil, []string{"-A", "--all-users"}, "", "Nothing waits.\n"},
		"nothing, for programs": {nil, []string{"-o", "jsonpath={.kind}"}, "\nQueuedTaskList", ""},
		"what is not all": {[]api.QueuedTask{cmdtest.QueuedTask("aaaaaaaa", 1, func(t *api.QueuedTask) { t.PositionPartial = true })},
			[]string{"-o", "custom-columns=P:.position"}, "\nP\n1\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := cmdtest.Plugin(queueClient(tc.tasks...)).Do(t, append([]string{"queue", "list"}, tc.args...)...)
			if diff := cmp.Diff(strings.TrimPrefix(tc.want, "\n"), r.Out); diff != "" || r.Code != 0 || !strings.Contains(r.Err, tc.says) {
				t.Errorf("exit %d, stderr %q, stdout (-want +got):\n%s", r.Code, r.Err, diff)
			}
		})
	}
}

func TestQueuePosition(t *testing.T) {
	task := cmdtest.QueuedTask("aaaaaaaa", 5, func(t *api.QueuedTask) {
		t.QueuePosition, t.PriorityClass, t.Priority = 3, "high", 100
		t.EstimatedStart = ptr.To(metav1.NewTime(clitest.Now.Add(20 * time.Minute)))
	})
	want := `Task:       aaaaaaaa train
Queue:      vast, which shares the quota of ClusterQueue big
Position:   5: 4 ahead, 2 of them in this queue
Waiting:    12m, with priority high (100)
Reason:     waits for 2 CPU of 8; first in line needs 4
Starts:     in ~20m (an estimate from the recent pace)
`
	if r := cmdtest.Plugin(queueClient(task)).Do(t, "queue", "position", "aaaa"); r.Out != want || r.Code != 0 {
		t.Errorf("exit %d, %s\n%s", r.Code, r.Err, cmp.Diff(want, r.Out))
	}
	if r := cmdtest.Plugin(queueClient(task)).Do(t, "queue", "position"); r.Code != 2 || !strings.Contains(r.Err, "the id of a task is missing") {
		t.Errorf("without an id: exit %d, %s", r.Code, r.Err)
	}
}

func TestQueueStatus(t *testing.T) {
	c := &clitest.Client{Queue: clitest.Queues{
		OnList: func(context.Context, api.QueueListOptions) (*api.QueueStatusList, error) {
			return &api.QueueStatusList{TypeMeta: api.TypeMeta[api.QueueStatusList](), Items: []api.QueueStatus{
				{ObjectMeta: metav1.ObjectMeta{Name: "night", Namespace: "default"}, ClusterQueue: "big", Cohort: "all", State: api.QueueHeld,
					Reason: "it is on hold", Pending: 3, Resources: []api.QueueResource{
						{Flavor: "f", Resource: "cpu", Quota: "8", Used: "9", Borrowed: "1"}, {Flavor: "f", Resource: "memory", Quota: "16Gi", Used: "1Gi"}}},
				{ObjectMeta: metav1.ObjectMeta{Name: "vast", Namespace: "default"}, ClusterQueue: "other", State: api.QueueActive, Admitted: 2},
			}}, nil
		},
	}}
	const want = `QUEUE   STATE    WAITING   RUNNING   CLUSTERQUEUE   COHORT   FLAVOR   RESOURCE   USED   QUOTA   BORROWED   REASON
night   Held     3         0         big            all      f        cpu        9      8       1          it is on hold
                                                             f        memory     1Gi    16Gi               
vast    Active   0         2         other                                                                 
`
	if r := cmdtest.Plugin(c).Do(t, "queue", "status"); r.Out != want || r.Code != 0 {
		t.Errorf("exit %d, %s\n%s", r.Code, r.Err, cmp.Diff(want, r.Out))
	}
}

func TestQueueResumeReportsWhatStillHolds(t *testing.T) {
	for name, tc := range map[string]struct {
		state api.QueueState
		says  string
	}{
		"nothing":          {api.QueueActive, ""},
		"the ClusterQueue": {api.QueueHeld, "Nothing starts all the same: ClusterQueue big is held. Whoever may change ClusterQueues releases it with: kubectl patch clusterqueue big"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &clitest.Client{Queue: clitest.Queues{OnResume: func(_ context.Context, queue string, o api.QueueResumeOptions) (*api.QueueStatus, error) {
				if queue != "night" || o.FieldManager == "" {
					t.Errorf("queue %q, %+v", queue, o)
				}
				return &api.QueueStatus{TypeMeta: api.TypeMeta[api.QueueStatus](), ObjectMeta: metav1.ObjectMeta{Name: "night"},
					ClusterQueue: "big", State: tc.state, Reason: "ClusterQueue big is held"}, nil
			}}}
			r := cmdtest.Plugin(c).Do(t, "queue", "resume", "night")
			if r.Out != "queue.kubevast.io/night resumed\n" || !strings.Contains(r.Err, "namespace default") || !strings.Contains(r.Err, tc.says) ||
				tc.says == "" && strings.Contains(r.Err, "all the same") {
				t.Errorf("exit %d\n%s%s", r.Code, r.Out, r.Err)
			}
		})
	}
}
