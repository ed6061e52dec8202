package e2e_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// Several runs in one Job, a container beside them, one run that fails in the
// middle of its Job, and a store whose pod is replaced meanwhile: each run has
// its own result, its own outcome, and nothing is lost.
func TestPackedRunsOutliveTheStoresPod(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind", "--option=storage_size=1Gi").exits(0)
	file := p.file("packed.vast", `
version: 1
metadata: {name: packed}
configuration:
- name: a
  variations:
  - ParameterVariationList: {name: n, values: [1, 2]}
execution:
  image: busybox:1.36
  runs: 3
  runs_per_job: 3
  resources: {cpu: 20m, memory: 32Mi}
  secondary_containers:
  - helper:
    resources: {cpu: 10m, memory: 16Mi}
    command: echo together >"$OUTPUT_DIR/common"; echo helps | tee /ipc/said; sleep 1000 & wait
  command: |
    until [ -s /ipc/said ]; do sleep 1; done
    echo "n: $PARAM_N" >/out/params.yaml
    echo "$CONFIG_NAME/$RUN_NUMBER n=$PARAM_N $(cat /ipc/said)" | tee "$OUTPUT_DIR/out"
    sleep 5
    [ "$RUN_ID" != a-2/1 ] || exit 4
`)
	id := p.vast("campaign", "run", file, "-o", "jsonpath={.id}").exits(0).stdout
	if n := p.jobsOf(id); n != 2 {
		t.Errorf("%d Jobs for 6 runs of which 3 share one", n)
	}
	p.waitFor("runs are going on", func() (bool, any) {
		pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{
			LabelSelector: kube.LabelKind + "=" + kube.KindRun, FieldSelector: "status.phase=" + string(corev1.PodRunning)})
		return err == nil && len(pods.Items) > 0, err
	})
	p.kubectl("delete", "pod", "-l", "app.kubernetes.io/name="+kube.StoreName, "--now")
	c := p.ended(id)
	if c.State != api.CampaignFailed || c.Runs.Succeeded != 5 || c.Runs.Failed != 1 || c.Runs.Total != 6 {
		t.Errorf("%s: %+v %+v", c.State, c.Runs, c.Failures)
	}
	if len(c.Failures) != 1 || c.Failures[0].Example != "a-2/1" || !strings.Contains(c.Failures[0].Reason, "exit code 4") {
		t.Errorf("the failures are %+v", c.Failures)
	}
	if !strings.Contains(c.ImageID, "sha256:") {
		t.Errorf("the image that ran is %q", c.ImageID)
	}
	p.vast("results", "download", id, "--dir", filepath.Join(p.dir, "results")).exits(0)
	for n := 1; n <= 2; n++ {
		for run := range 3 {
			config := fmt.Sprintf("a-%d", n)
			if got, want := p.downloaded(id, config, fmt.Sprint(run), "out"), fmt.Sprintf("%s/%d n=%d helps\n", config, run, n); got != want {
				t.Errorf("%s/%d kept %q, want %q", config, run, got, want)
			}
		}
	}
	common, err := filepath.Glob(filepath.Join(p.dir, "results", id, "*", "*", "_job", "common"))
	if err != nil || len(common) != 2 {
		t.Errorf("what belongs to no run alone is kept once for each Job: %v %v", common, err)
	}
	if beside, err := filepath.Glob(filepath.Join(p.dir, "results", id, "*", "*", "_out", "params.yaml")); err != nil || len(beside) != 2 {
		t.Errorf("what is written beside the runs' folders is kept once for each Job: %v %v", beside, err)
	}
	p.vast("logs", id+"/a-2/1").exits(0).shows("a-2/1 n=2 helps")
	p.vast("logs", id+"/a-2/1", "-c", "helper").exits(0).shows("helps")
	p.vast("logs", id+"/a-2/1", "-c", "nobody").exits(2).prints("helper")
	p.waitFor("its Jobs have ended as well, and all is removed", func() (bool, any) {
		r := p.vast("campaign", "cleanup", id, "--data", "-y")
		return r.code == 0, r.stderr
	})
	p.vast("campaign", "status", id).exits(3)
}
