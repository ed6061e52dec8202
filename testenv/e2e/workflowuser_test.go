package e2e_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

func TestRunsOfAUserWithoutRightsAreRefusedWithTheRightThatIsMissing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	path := p.file("flow.yaml", "kind: Workflow\nname: two\ntasks: {a: {run: echo}}\n")
	for _, args := range [][]string{{"run", "list"}, {"run", "status"}, {"run", "watch", "@latest"}, {"reconcile"}, {"submit", path, "-d"}} {
		p.vast(append(args, "--as=nobody-here")...).exits(4).prints(`user "nobody-here" may not `, "configmaps", p.namespace)
	}
}

func TestWhatNoRunExecutesYetIsRefusedAndNothingIsCreated(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	path := p.file("refused.yaml", `kind: Workflow
name: refused
schedule: '0 3 * * *'
tasks:
  one: {campaign: sweep.vast, event_callback: echo}
  two: {campaign: sweep.vast}
`)
	newTally(t).sweep(p, "sweep.vast", "true")
	p.vast("submit", path, "--queue=none").exits(2).prints("refused.yaml:5:", "tasks.one.campaign: ", "tasks.one.event_callback: ",
		"refused.yaml:6:", "tasks.two.campaign: ")
	maps, err := client.CoreV1().ConfigMaps(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind})
	if err != nil || len(maps.Items) != 0 {
		t.Errorf("objects of what was refused exist: %v, %v", maps, err)
	}
}

func TestARunStatesTheArchitectureOfItsTasksAndWarnsOfOneThatIsNotThere(t *testing.T) {
	t.Parallel()
	p, c := newPerson(t), newTally(t)
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	arch := nodes.Items[0].Labels[corev1.LabelArchStable]
	const none = "no node of the cluster has the architecture "
	path := p.file("flow.yaml", "kind: Workflow\nname: here\ntasks:\n"+c.task("a", "true", "arch: [riscv64, "+arch+"]")+
		c.task("b", "true", "depends: [{a: [on_failure]}]"))
	r := p.vast("submit", path, "--queue=none", "--local-driver").exits(0)
	if strings.Contains(r.stderr, none) {
		t.Errorf("a warning of an architecture that is there:\n%s", r.stderr)
	}
	run := p.run("here")
	if diff := cmp.Diff([]string{arch, ""}, []string{run.Tasks[0].Arch, run.Tasks[1].Arch}); diff != "" {
		t.Errorf("architectures (-want +got):\n%s", diff)
	}
	if err := client.CoreV1().Pods(p.namespace).DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	p.waitFor("the pods are gone", func() (bool, any) {
		pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{})
		return err == nil && len(pods.Items) == 0, err
	})
	if got := p.run(run.ID).Tasks[0].Arch; got != arch {
		t.Errorf("without its pods the architecture of the task is %q, want %q", got, arch)
	}
	path = p.file("flow.yaml", "kind: Workflow\nname: elsewhere\ntasks:\n"+c.task("a", "true", "arch: riscv64"))
	p.vast("submit", path, "--queue=none", "--local-driver", "--dry-run=server").exits(0).prints(`task "a": ` + none + "riscv64; they have " + arch)
}

func TestATaskOfARunIsATaskAndItsJobsDeletionIsAFailure(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	id := p.submitFlow("kind: Workflow\nname: odd\ntasks:\n" + c.task("a", "sleep 600") + c.task("b", "sleep 600") +
		c.task("after", "true", "depends: [{a: [on_stopped]}, {b: [on_failure]}]"))
	p.waitFor("both execute", func() (bool, any) { n := c.counted(); return n["a"] == 1 && n["b"] == 1, n })
	r := p.run(id)
	p.vast("run", "logs", id, "after").exits(3).prints("it has not started")
	p.vast("status", r.Tasks[0].TaskID).exits(0).shows("Running")
	p.kubectl("delete", "pod", "-l", "job-name="+kube.RunDriver(id))
	p.vast("stop", r.Tasks[0].TaskID).exits(0)
	p.kubectl("delete", "job", r.Tasks[1].Job)
	r = p.ends(id)
	want := map[string]string{"a": "stopped", "b": "failed", "after": "success"}
	if diff := cmp.Diff(want, statuses(r)); diff != "" || r.Result != "failed" || r.Tasks[1].Cause != string(api.CauseDeleted) {
		t.Errorf("result %s, cause %s; tasks (-want +got):\n%s", r.Result, r.Tasks[1].Cause, diff)
	}
	p.isCounted(c, once("a", "b", "after"))
}
