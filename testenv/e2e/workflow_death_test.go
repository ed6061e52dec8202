package e2e_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// driverPod waits until a pod that was not killed has the Lease of a run, and returns its name.
func (p *person) driverPod(id string, killed map[string]bool) string {
	p.Helper()
	name := ""
	p.waitFor("a pod drives run "+id, func() (bool, any) {
		lease, err := client.CoordinationV1().Leases(p.namespace).Get(p.Context(), kube.RunName(id), metav1.GetOptions{})
		if err != nil || lease.Spec.HolderIdentity == nil {
			return false, err
		}
		holder, is := strings.CutPrefix(*lease.Spec.HolderIdentity, "pod/")
		name = holder
		return is && !killed[holder], *lease.Spec.HolderIdentity
	})
	return name
}

func TestADriverThatDiesAgainAndAgainIsReplacedWithoutGrowingDelays(t *testing.T) {
	t.Parallel()
	p, c := newRunner(t), newTally(t)
	id := p.submitFlow("kind: Workflow\nname: deadly\ntasks:\n" + c.task("a", "sleep 600"))
	killed, now := map[string]bool{}, int64(0)
	const kills = 6
	for kill := range kills {
		pod := p.driverPod(id, killed)
		killed[pod] = true
		if err := client.CoreV1().Pods(p.namespace).Delete(t.Context(), pod, metav1.DeleteOptions{GracePeriodSeconds: &now}); err != nil {
			t.Fatal(err)
		}
		died := time.Now()
		p.driverPod(id, killed)
		t.Logf("death %d: the run is driven again after %s", kill+1, time.Since(died).Round(time.Second/10))
	}
	jobs, err := client.BatchV1().Jobs(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: kube.LabelKind + "=" + kube.KindDriver + "," + kube.LabelWorkflow + "=" + id})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs.Items {
		if job.Status.Failed > 2 {
			t.Errorf("%d pods of Job %s have died; Kubernetes delays the next one by more than 20 s", job.Status.Failed, job.Name)
		}
	}
	if len(jobs.Items) != kills/2+1 {
		t.Errorf("%d Jobs have driven the run", len(jobs.Items))
	}
	p.vast("run", "stop", id).exits(0)
	if r := p.ends(id); r.Result != "stopped" {
		t.Errorf("the run is %+v", r)
	}
	p.isCounted(c, once("a"))
	p.vast("run", "delete", id, "--wait").exits(0)
	p.waitFor("all Jobs of the driver go with the run", func() (bool, any) {
		jobs, err := client.BatchV1().Jobs(p.namespace).List(t.Context(), metav1.ListOptions{})
		return err == nil && len(jobs.Items) == 0, err
	})
}
