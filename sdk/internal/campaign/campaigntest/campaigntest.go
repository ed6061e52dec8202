// Package campaigntest makes campaigns for tests.
package campaigntest

import (
	"path/filepath"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/spec"
)

// Small returns a campaign of one run whose file is in a folder of its own.
func Small(t *testing.T) *spec.Campaign {
	t.Helper()
	return &spec.Campaign{Path: filepath.Join(t.TempDir(), "small.vast"), Name: "small", Data: []byte("version: 1\n"),
		Execution: spec.Execution{Image: "busybox:1.36", Runs: 1, RunsPerJob: 1, RunAsUser: 1000, Command: "true"}}
}

// ThreeDaysOld returns the record of a campaign of one run that was submitted
// three days ago, and its Job.
func ThreeDaysOld() (*layout.Record, *batchv1.Job) {
	r := &layout.Record{Version: layout.RecordVersion, ID: "sweep-2026-11-18-110000", Namespace: "lab", User: "alice", Created: time.Now().Add(-72 * time.Hour).Truncate(time.Second),
		Total: 1, RunsPerJob: 1, ConfigCount: 1, Complete: true, Configs: []string{"a"}, Runs: 1}
	return r, &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "sweep-a-0", Namespace: "lab", UID: "1",
		Labels:      map[string]string{kube.LabelKind: kube.KindRun, kube.LabelCampaign: kube.LabelValue(r.ID)},
		Annotations: map[string]string{kube.AnnotationCampaign: r.ID, kube.AnnotationConfig: "a", kube.AnnotationRun: "0"}}}
}
