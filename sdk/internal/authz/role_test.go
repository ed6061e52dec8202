package authz

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTheRoles(t *testing.T) {
	for _, kind := range []string{RoleUser, RoleReader} {
		role, wide, err := RolesFor(kind, "lab")
		if err != nil {
			t.Fatal(err)
		}
		one, err1 := yaml.Marshal(role)
		two, err2 := yaml.Marshal(wide)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		got, path := string(one)+"---\n"+string(two), filepath.Join("testdata", kind+".golden")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
	if _, _, err := RolesFor("owner", "lab"); err == nil {
		t.Error("there is a role of another kind")
	}
}

// Two rules become one only where that grants no more.
func TestRulesAreJoined(t *testing.T) {
	t.Parallel()
	got := rules([]Right{{Verb: "list", Resource: "pods"}, {Verb: "get", Resource: "pods"}, {Verb: "get", Resource: "pods/log"}, {Verb: "get", Resource: "services"},
		{Verb: "get", Resource: "secrets", Name: "a"}, {Verb: "get", Resource: "secrets", Name: "b"}, {Verb: "get", Resource: "configmaps", Name: "a"}, {Verb: "get", Resource: "jobs.batch"}})
	want := []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"configmaps"}, ResourceNames: []string{"a"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get", "list"}},
		{APIGroups: []string{""}, Resources: []string{"pods/log", "services"}, Verbs: []string{"get"}},
		{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"a", "b"}, Verbs: []string{"get"}},
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
