package sharing

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/agentspec"
)

func TestAPlugInRunsInItsOwnImage(t *testing.T) {
	t.Parallel()
	orders := agentspec.Share{Job: "share-x", Namespace: "lab", Type: "folder"}
	settings := map[string]string{"VAST_SHARE_IMAGE": "example.com/share-folder:v1", "FOLDER_PATH": "/mnt"}
	made, err := build(orders, settings, "example.com/agent:1")
	if err != nil {
		t.Fatal(err)
	}
	pod := made.job.Spec.Template.Spec
	install, upload := pod.InitContainers[0], pod.Containers[0]
	if install.Image != "example.com/agent:1" || !slices.Equal(install.Args, []string{"install", toolsDir}) || len(install.Command) > 0 {
		t.Errorf("%+v", install)
	}
	if upload.Image != "example.com/share-folder:v1" || !slices.Equal(upload.Command, []string{toolsDir + "/agent"}) || !slices.Equal(upload.Args, []string{"share", agentspec.ShareDir}) {
		t.Errorf("%+v", upload)
	}
	for _, c := range []corev1.Container{install, upload} {
		if s := c.SecurityContext; s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation {
			t.Errorf("%s: %+v", c.Name, s)
		}
	}
	for _, m := range install.VolumeMounts {
		if m.Name == ordersVolume {
			t.Error("the init container has the settings")
		}
	}
	if _, err = build(orders, map[string]string{}, "example.com/agent:1"); err != nil {
		t.Fatal(err)
	}
}
