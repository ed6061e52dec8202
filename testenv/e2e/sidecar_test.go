package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// beside is a task that ends like this on SIGTERM, with two sidecars: one
// that does not hear SIGTERM, and one that fails.
func beside(end string) string {
	return "run: until [ -e /tmp/end ]; do sleep 0.2; done; " + end + `
resources: {cpus: 10m, memory: 16Mi, image_id: "busybox:1.36"}
config:
  kubernetes:
    pod_config:
      spec:
        terminationGracePeriodSeconds: 2
        containers:
        - {name: deaf, image: "busybox:1.36", command: [sh, -c, "echo deaf began; trap '' TERM; sleep 3600"]}
        - {name: broken, image: "busybox:1.36", command: [sh, -c, "exit 5"]}
`
}

func TestATaskEndsWithItsOwnContainerWhateverRunsBesideIt(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	p.queue("mine", "500m")
	for name, tc := range map[string]struct {
		file, flags string
		state       api.State
		reason      string
		kept        bool
	}{
		"it succeeds, and its results are kept": {beside("echo done >$OUTPUT_DIR/out"), "--queue=mine", api.Succeeded, "", true},
		"it fails, and its results are kept":    {beside("echo done >$OUTPUT_DIR/out; exit 3"), "--queue=none", api.Failed, "node 0 ended with exit code 3", true},
		"nothing is kept":                       {beside("exit 0"), "--no-results", api.Succeeded, "", false},
		"it has two nodes":                      {"num_nodes: 2\n" + beside("exit 0"), "--no-results", api.Succeeded, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			id := strings.TrimSpace(p.vast("submit", p.file("task.yaml", tc.file), "-d", tc.flags, "-o", "jsonpath={.id}").exits(0).stdout)
			p.waitFor("the sidecar that fails is reported", func() (bool, any) {
				s := p.status(id)
				return len(s.Nodes) > 0 && strings.Contains(s.Nodes[0].Reason, "container broken ended and was started again"), s
			})
			for _, node := range p.becomes(id, api.Running).Nodes {
				p.touch(node.Pod, "/tmp/end")
			}
			s := p.becomes(id, tc.state)
			if s.Reason != tc.reason {
				t.Errorf("the reason is %q, want %q", s.Reason, tc.reason)
			}
			p.vast("logs", id, "-c", "deaf").exits(0).shows("deaf began")
			if !tc.kept {
				return
			}
			p.vast("wait", id, "--for", string(tc.state)).exits(0)
			p.vast("results", "download", id, "--dir", filepath.Join(p.dir, "results")).exits(0)
			if got := p.downloaded(s.Name, "0", "out"); got != "done\n" {
				t.Errorf("it kept %q", got)
			}
			if got := p.downloaded(s.Name, "0", "_vast", "logs", "deaf.log"); !strings.Contains(got, "deaf began") {
				t.Errorf("the sidecar's log is %q", got)
			}
		})
	}
}
