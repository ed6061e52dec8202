package walls_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// mayDo is what kubectl auth can-i lists of an account, a line each without the
// columns' blanks.
func (p *person) mayDo(account string) []string {
	p.Helper()
	var lines []string
	for line := range strings.Lines(p.kubectl("auth", "can-i", "--list", "--as=system:serviceaccount:"+p.namespace+":"+account)) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "Resources") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// What an older setup granted goes, and the account may do what the agreed Role
// says beside what every account may.
func TestWall03TheAgentMayDoWhatTheSidecarAsks(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind", "--no-store").exits(0)
	// As setup of an older version left them.
	before := []rbacv1.PolicyRule{
		{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list", "watch", "create", "patch", "delete"}},
		{APIGroups: []string{""}, Resources: []string{"configmaps", "secrets"}, Verbs: []string{"create", "patch"}},
	}
	rules, err := json.Marshal(map[string]any{"rules": before})
	if err != nil {
		t.Fatal(err)
	}
	roles := client.RbacV1().Roles(p.namespace)
	if _, err := roles.Patch(t.Context(), "vast-agent", types.MergePatchType, rules, metav1.PatchOptions{FieldManager: "kubectl-vast"}); err != nil {
		t.Fatal(err)
	}
	p.kubectl("patch", "rolebinding", "vast-agent", "--type=merge", "-p", `{"subjects":[{"kind":"ServiceAccount","name":"vast-agent"},{"kind":"ServiceAccount","name":"default"}]}`)
	p.vast("cluster", "setup", "kind", "--no-store").exits(0)

	text, err := os.ReadFile(filepath.Join("..", "..", "..", "sdk", "internal", "cluster", "desired", "testdata", "agent-role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := &rbacv1.Role{}
	if err := yaml.UnmarshalStrict(text, want); err != nil {
		t.Fatal(err)
	}
	got, err := roles.Get(t.Context(), "vast-agent", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Rules, got.Rules); diff != "" {
		t.Error(diff)
	}
	bound, err := client.RbacV1().RoleBindings(p.namespace).Get(t.Context(), "vast-agent", metav1.GetOptions{})
	if err != nil || len(bound.Subjects) != 1 || bound.Subjects[0].Name != "vast-agent" {
		t.Errorf("bound are %+v, %v", bound.Subjects, err)
	}

	p.kubectl("create", "serviceaccount", "nobody")
	var more []string
	for _, rule := range want.Rules {
		for _, resource := range rule.Resources {
			if rule.APIGroups[0] != "" {
				resource += "." + rule.APIGroups[0]
			}
			more = append(more, resource+" [] [] ["+strings.Join(rule.Verbs, " ")+"]")
		}
	}
	all := append(p.mayDo("nobody"), more...)
	slices.Sort(all)
	if diff := cmp.Diff(all, p.mayDo("vast-agent")); diff != "" {
		t.Errorf("every account and the Role (-), vast-agent (+):\n%s", diff)
	}
}

// With exactly these rights a task is kept: its logs, its progress and how it
// ended; and the user's container has no token.
func TestWall03TheSidecarNeedsNoMore(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	p.file("work/in.txt", "in\n")
	p.vast("submit", p.file("task.yaml", `name: kept
workdir: work
run: |
  echo '{"fraction":0.5,"message":"half"}' >>$OUTPUT_DIR/progress.jsonl
  cat in.txt >$OUTPUT_DIR/result.txt
  echo "token: $(ls /var/run/secrets/kubernetes.io 2>&1)"
`)).exits(0).says("token: ls: ")
	p.vast("results", "show", "@latest").exits(0).says("result.txt")
	p.vast("list", "-o", "jsonpath={.items[0].progress.message} {.items[0].state}").exits(0).says("half Succeeded")
	keep := p.kubectl("get", "pods", "-l", "batch.kubernetes.io/job-name", "-o", "jsonpath={.items[*].spec.serviceAccountName} {.items[*].spec.automountServiceAccountToken}")
	if keep != "vast-agent false" {
		t.Errorf("the pod runs as %q", keep)
	}
	pod := p.kubectl("get", "pods", "-l", "batch.kubernetes.io/job-name", "-o", "name")
	logs := p.kubectl("logs", strings.TrimSpace(pod), "-c", "vast-keep", "--tail=-1")
	if strings.Contains(logs, "403") || strings.Contains(logs, "forbidden") || strings.Contains(logs, "cannot be shown") {
		t.Errorf("the sidecar lacks a right:\n%s", logs)
	}
}
