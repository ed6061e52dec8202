package desired

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"
)

func TestTheAgentsRoleIsTheAgreedOne(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "agent-role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict(text, want); err != nil {
		t.Fatal(err)
	}
	for _, obj := range Agent("lab") {
		switch o := obj.(type) {
		case *rbacv1.Role:
			if diff := cmp.Diff(want.Rules, o.Rules); diff != "" {
				t.Error(diff)
			}
		case *rbacv1.RoleBinding:
			if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Name: "vast-agent", Namespace: "lab"}}, o.Subjects); diff != "" {
				t.Error(diff)
			}
		case *rbacv1.ClusterRole, *rbacv1.ClusterRoleBinding:
			t.Errorf("the account has rights beyond its namespace: %v", o)
		}
	}
}
