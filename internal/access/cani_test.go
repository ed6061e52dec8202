package access

import "testing"

func TestCanIIsACommandThatKubectlTakes(t *testing.T) {
	c := &Conn{Namespace: "lab"}
	for want, got := range map[string]string{
		"kubectl auth can-i create jobs.batch -n lab":          c.CanI("create", "jobs.batch", "", "lab"),
		"kubectl auth can-i list nodes -A":                     c.CanI("list", "nodes", "", ""),
		"kubectl auth can-i get secrets/vast-store -n lab":     c.CanI("get", "secrets", "vast-store", "lab"),
		"kubectl auth can-i get pods --subresource=log -n lab": c.CanI("get", "pods/log", "", "lab"),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
