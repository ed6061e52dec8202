package doctor

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// The checks are tested on a real cluster; this tests how their results are
// judged.
func TestChecksAreJudged(t *testing.T) {
	tasks := authz.Purpose{Name: "tasks", Needed: true, Rights: authz.Each("jobs.batch", "create", "patch", "get")}
	quotas := authz.Purpose{Name: "quotas", Lost: "numbers", Rights: authz.InCluster(authz.Each("clusterqueues", "list"))}
	setup := authz.Purpose{Name: "cluster setup", Optional: true, Others: "cluster-admin", Lost: "cluster setup", Rights: authz.Each("deployments.apps", "create")}
	level := func(l string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{enforceLabel: l}}}
	}
	queue := func(q api.QueueStatus) api.Check {
		q.Name, q.ClusterQueue = "vast", "shared"
		return queueCheck(&q)
	}
	for name, tt := range map[string]struct {
		got  api.Check
		want api.CheckOutcome
		says []string
	}{
		"a new Kubernetes":         {versionCheck("v1.36.3"), api.CheckOK, []string{"v1.36.3"}},
		"one of a cloud":           {versionCheck("v1.29.4-gke.1043002"), api.CheckOK, nil},
		"one without sidecars":     {versionCheck("v1.28.15"), api.CheckFailed, []string{"1.29", "upgrade"}},
		"one that cannot be read":  {versionCheck("main"), api.CheckWarning, []string{`"main"`}},
		"all rights":               {judge(tasks, nil, "ada"), api.CheckOK, []string{"all 3"}},
		"a needed right":           {judge(tasks, tasks.Rights[:2], "ada"), api.CheckFailed, []string{"create, patch jobs.batch", "Doctor.Role", "kubectl create rolebinding vast-user role=vast-user user=ada"}},
		"a service account's":      {judge(tasks, tasks.Rights, "system:serviceaccount:lab:bot"), api.CheckFailed, []string{"serviceaccount=lab:bot"}},
		"a right in the cluster":   {judge(quotas, quotas.Rights, "ada"), api.CheckWarning, []string{"required for numbers", "* kubectl create clusterrolebinding vast-user clusterrole=vast-user"}},
		"an administrator's right": {judge(setup, setup.Rights, "ada"), api.CheckSkipped, []string{"required only for cluster setup"}},
		"a restricted namespace":   {podSecurity(level("restricted")), api.CheckOK, []string{"as user 65534"}},
		"a baseline one":           {podSecurity(level("baseline")), api.CheckOK, []string{"enforces baseline"}},
		"a free one":               {podSecurity(level("")), api.CheckOK, []string{"enforces nothing"}},
		"a queue that works":       {queue(api.QueueStatus{State: api.QueueActive, Pending: 2, Resources: []api.QueueResource{{Resource: "cpu", Quota: "8", Used: "3"}}}), api.CheckOK, []string{"2 wait", "3 of 8 cpu"}},
		"a queue that is held":     {queue(api.QueueStatus{State: api.QueueHeld, Reason: "it is on hold"}), api.CheckWarning, []string{"Queues.Resume vast"}},
		"a queue that is broken":   {queue(api.QueueStatus{State: api.QueueInactive, Reason: "no flavor"}), api.CheckWarning, []string{"no flavor", "Cluster.Setup"}},
		"a queue with nothing":     {queue(api.QueueStatus{State: api.QueueActive, Resources: []api.QueueResource{{Resource: "cpu", Quota: "0"}}}), api.CheckWarning, []string{"Cluster.Resize"}},
		"pods that are admitted":   {podCheck(nil, nil), api.CheckOK, nil},
		"a quota that requires limits": {podCheck(diagnose.Refused("a task's pods", `pods "vast-doctor-x" is forbidden: failed quota: hard: must specify limits.cpu for: task; limits.memory for: task`), nil), api.CheckWarning,
			[]string{"a task's pods cannot be created: quota hard of the namespace requires every container to set its limits.cpu for: task; limits.memory for: task", "LimitRange"}},
		"a LimitRange that our own containers do not meet": {podCheck(diagnose.Refused("a task's pods", `pods "vast-doctor-x" is forbidden: minimum memory usage per Container is 64Mi, but request is 32Mi`), nil), api.CheckWarning,
			[]string{"minimum memory usage per Container is 64Mi", "kubectl describe limitranges"}},
		"a quota that is used up":          {podCheck(diagnose.Refused("a task's pods", `exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`), nil), api.CheckWarning, []string{"used: pods=2"}},
		"without the right to create pods": {podCheck(nil, &api.ForbiddenError{Message: "no"}), api.CheckSkipped, nil},
		"pods cannot be tried":             {podCheck(nil, &api.UnavailableError{Message: "no answer"}), api.CheckWarning, []string{"no answer"}},
		"a good finding":                   {finding("dns", &agentspec.ProbeFinding{OK: true, Seen: "resolves"}, "fix"), api.CheckOK, []string{"resolves"}},
		"a bad finding":                    {finding("dns", &agentspec.ProbeFinding{Seen: "no such host"}, "fix DNS"), api.CheckWarning, []string{"no such host", "fix DNS"}},
		"no finding":                       {finding("dns", nil, "fix"), api.CheckSkipped, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.got.Outcome != tt.want {
				t.Errorf("%+v, want %s", tt.got, tt.want)
			}
			all := tt.got.Seen + " " + tt.got.Fix
			for _, r := range tt.got.Remedies {
				all += "\n" + strings.Join(append([]string{r.Namespace, string(r.Action), r.Ref}, r.Options...), " ")
			}
			for _, text := range tt.says {
				if !strings.Contains(all, text) {
					t.Errorf("%+v does not say %q", tt.got, text)
				}
			}
		})
	}
}

func TestAQuotaIsUsedUpWhenNothingIsLeft(t *testing.T) {
	q := &corev1.ResourceQuota{Status: corev1.ResourceQuotaStatus{
		Hard: corev1.ResourceList{"pods": resource.MustParse("2"), "requests.cpu": resource.MustParse("4")},
		Used: corev1.ResourceList{"pods": resource.MustParse("2"), "requests.cpu": resource.MustParse("3900m")},
	}}
	if full := usedUp(q); len(full) != 1 || full[0] != "pods 2 of 2" {
		t.Errorf("used up: %v, want the pods only", full)
	}
}
