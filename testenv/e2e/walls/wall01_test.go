package walls_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// Whoever may write in a namespace writes into the record of its setup what they
// like; an administrator's next setup takes nothing from it that has an effect
// outside of the namespace, or that runs with the store's keys.
func TestWall01SetupBelievesNoRecord(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "--no-store").exits(0)
	tenant := admin.asUser("tenant", "edit")
	image := "registry.example.com/" + strings.ToLower(newCanary().text) + ":v1"
	kueueImage := func() string {
		return admin.kubectl("get", "deployments", "-n", "kueue-system", "-o", "jsonpath={..image}")
	}
	before := kueueImage()
	forge := func(record string) {
		t.Helper()
		patch, err := json.Marshal(map[string]any{"data": map[string]string{"setup.json": record}})
		if err != nil {
			t.Fatal(err)
		}
		tenant.kubectl("patch", "configmap", "vast-setup", "--type=merge", "-p", string(patch))
	}

	// A Deployment that looks like Kueue's, of a version that would be refused.
	tenant.apply(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: kueue-controller-manager, labels: {app.kubernetes.io/name: kueue, control-plane: controller-manager}}
spec:
  replicas: 0
  selector: {matchLabels: {app: kueue}}
  template:
    metadata: {labels: {app: kueue}}
    spec: {containers: [{name: manager, image: "registry.k8s.io/kueue/kueue:v0.14.8"}]}
`)
	forge(`{"config":"kind","store":{"kind":"none"},"kueue":{"installed":"0.16.1","image":"` + image + `"}}`)
	admin.vast("cluster", "setup").exits(0).says("using Kueue 0.16.1")
	s := &api.ClusterStatus{}
	if err := json.Unmarshal([]byte(admin.vast("cluster", "status", "-o", "json").exits(0).stdout), s); err != nil {
		t.Fatal(err)
	}
	if s.Kueue.InstalledBySetup || s.Kueue.Namespace != "kueue-system" {
		t.Errorf("Kueue: %+v", s.Kueue)
	}

	for name, record := range map[string]struct{ text, says string }{
		"the store's image":               {`{"config":"kind","store":{"kind":"built-in","image":"` + image + `"}}`, "--store-image=" + image},
		"a config that makes an object":   {`{"config":"gcp","store":{"kind":"none"}}`, "names the config gcp, but the nodes are those of kind"},
		"a record that cannot be read":    {`{`, "kubectl delete configmap vast-setup"},
		"the disk of a StorageClass":      {`{"config":"gcp","options":{"disk_type":"pd-ssd"},"store":{"kind":"built-in"}}`, "disk_type"},
		"an image, and an own S3 besides": {`{"config":"kind","store":{"kind":"built-in","image":"` + image + `","endpoint":"http://canary.invalid"}}`, "which users of the namespace can write"},
	} {
		forge(record.text)
		for _, how := range [][]string{{"--dry-run=server"}, nil} {
			r := admin.vast(append([]string{"cluster", "setup"}, how...)...)
			if r.code != 5 || !strings.Contains(r.stderr, record.says) {
				t.Errorf("%s %v: exit code %d, stderr %s", name, how, r.code, r.stderr)
			}
		}
	}
	forge(`{"config":"kind","options":{"storage_size":"a lot"},"store":{"kind":"built-in"}}`)
	admin.vast("cluster", "setup", "--dry-run=server").exits(2).says("--option storage_size: the record of the setup says")

	if after := kueueImage(); after != before {
		t.Errorf("Kueue's image is %s and was %s", after, before)
	}
	if out, err := admin.tryKubectl("get", "deployment/vast-store"); err == nil {
		t.Errorf("a store was made: %s", out)
	}
	if out, err := admin.tryKubectl("get", "storageclass/vast-storage"); err == nil {
		t.Errorf("a StorageClass was made: %s", out)
	}
	if out, err := tenant.tryKubectl("patch", "configmap", "vast-setup", "-n", "kueue-system", "--type=merge", "-p", `{"data":{"kueue-image":"x:1"}}`); err == nil {
		t.Errorf("a tenant may write what administrators decide: %s", out)
	}
	// What was refused is completed by the record of before.
	forge(`{"config":"kind","store":{"kind":"none"}}`)
	admin.vast("cluster", "setup").exits(0)
}
