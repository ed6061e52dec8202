package walls_test

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
)

// A record lies in a ConfigMap that its namespace's users may write.
func TestWall02RecordsAreBoundToTheirNamespace(t *testing.T) {
	t.Parallel()
	admin, victim := newPerson(t), newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	user := admin.asUser("user", "edit")
	user.vast("campaign", "run", user.file("c.vast", `version: 1
metadata: {name: bound}
configuration: [{name: one}]
execution: {image: "busybox:1.36", runs: 1, command: "true", resources: {cpu: 50m, memory: 32Mi}, timeout: 300}
`), "--follow").exits(0)
	id := user.vast("campaign", "list", "-o", "jsonpath={.items[0].id}").exits(0).stdout
	name := kube.DNSLabel(id, "campaign", 63)
	object, err := client.CoreV1().ConfigMaps(admin.namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	honest := object.Data[layout.RecordFile]

	jobs := func() (names []string) {
		for _, namespace := range []string{admin.namespace, victim.namespace} {
			list, err := client.BatchV1().Jobs(namespace).List(t.Context(), metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i := range list.Items {
				names = append(names, namespace+"/"+list.Items[i].Name)
			}
		}
		return names
	}
	before := jobs()
	resume, rerun := []string{"campaign", "run", "--resume=" + id}, []string{"campaign", "rerun", id, "--failed"}
	readers := [][]string{resume, rerun, {"campaign", "status", id}, {"campaign", "stop", id}}
	for what, p := range map[string]struct {
		change   func(*layout.Record)
		commands [][]string
	}{
		"another namespace": {func(r *layout.Record) { r.Namespace = victim.namespace }, readers},
		"another campaign":  {func(r *layout.Record) { r.ID = "other-2026-06-17-101500" }, readers},
		"another image":     {func(r *layout.Record) { r.Image, r.Complete = "evil.example.com/run:1", false }, [][]string{resume, rerun}},
	} {
		r, err := layout.ParseRecord([]byte(honest))
		if err != nil {
			t.Fatal(err)
		}
		p.change(r)
		patch, err := json.Marshal(map[string]any{"data": map[string]string{layout.RecordFile: string(r.Marshal())}})
		if err != nil {
			t.Fatal(err)
		}
		user.kubectl("patch", "configmap", name, "--type=merge", "-p", string(patch))
		for _, command := range p.commands {
			// That there is nothing to run again is a ConflictError, too.
			if r := user.vast(command...); r.code != 5 || strings.Contains(r.stderr, "no failed runs") {
				t.Errorf("%s of a record with %s: exit code %d, want 5 for the record\n%s%s", r.command, what, r.code, r.stdout, r.stderr)
			}
		}
	}
	if after := jobs(); len(after) != len(before) {
		t.Errorf("Jobs were made: %q, before %q", after, before)
	}
}
