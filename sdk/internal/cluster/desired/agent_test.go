package desired

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

func TestTheRolesOfAccountsAreTheAgreedOnes(t *testing.T) {
	for name, objects := range map[string][]runtime.Object{"agent": Agent("lab"), "driver": Driver("lab")} {
		text, err := os.ReadFile(filepath.Join("testdata", name+"-role.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		want := &rbacv1.Role{}
		if err := yaml.UnmarshalStrict(text, want); err != nil {
			t.Fatal(err)
		}
		for _, obj := range objects {
			switch o := obj.(type) {
			case *rbacv1.Role:
				if diff := cmp.Diff(want, o, cmpopts.IgnoreFields(metav1.ObjectMeta{}, "Labels")); diff != "" {
					t.Error(diff)
				}
			case *rbacv1.RoleBinding:
				if diff := cmp.Diff([]rbacv1.Subject{{Kind: "ServiceAccount", Name: "vast-" + name, Namespace: "lab"}}, o.Subjects); diff != "" {
					t.Error(diff)
				}
			case *rbacv1.ClusterRole, *rbacv1.ClusterRoleBinding:
				t.Errorf("the account has rights beyond its namespace: %v", o)
			}
		}
	}
}
