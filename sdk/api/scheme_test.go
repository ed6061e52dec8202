package api_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

func TestTheKindIsTheNameOfTheTypeWithoutStatus(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]metav1.TypeMeta{
		"Task":            api.TypeMeta[api.TaskStatus](),
		"TaskList":        api.TypeMeta[api.TaskStatusList](),
		"Volume":          api.TypeMeta[api.VolumeStatus](),
		"VolumeList":      api.TypeMeta[api.VolumeStatusList](),
		"Queue":           api.TypeMeta[api.QueueStatus](),
		"QueueList":       api.TypeMeta[api.QueueStatusList](),
		"QueuedTask":      api.TypeMeta[api.QueuedTask](),
		"Campaign":        api.TypeMeta[api.Campaign](),
		"CampaignCleanup": api.TypeMeta[api.CampaignCleanup](),
		"Cluster":         api.TypeMeta[api.ClusterStatus](),
		"ShareUploadList": api.TypeMeta[api.ShareUploadList](),
	} {
		if got.Kind != want || got.APIVersion != "kubevast.io/v1alpha1" {
			t.Errorf("%s %s, want %s", got.APIVersion, got.Kind, want)
		}
	}
}
