package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// What a container allows shows on a cluster only: programs in /dev/shm, a root
// file system that is read-only, a user without a home.
func TestScriptsFindWhatSkyPilotsFilesLeanOn(t *testing.T) {
	t.Parallel()
	const task = `resources: {image_id: "busybox:1.36", cpus: 50m, memory: 32Mi}
setup: |
  echo made >file
  echo 'export A="a b"' >>~/.bashrc
run: |
  echo "$(id -u) $(pwd) $HOME $(cat file) $(cat ~/sky_workdir/file) $A $(sudo -E B=c sh -c 'echo $B')"
`
	tests := map[string]struct {
		file  string
		flags []string
		want  string
	}{
		"root":                          {task, nil, "0 /root/sky_workdir /root made made a b c"},
		"with the restricted profile":   {task, []string{"--security-profile=restricted"}, "65534 /tmp/sky_workdir /tmp made made a b "},
		"a user without a home":         {task + "config: {kubernetes: {pod_config: {spec: {securityContext: {runAsUser: 4711}}}}}\n", nil, "4711 /tmp/sky_workdir /tmp made made a b "},
		"on a root that nobody changes": {task + "config: {kubernetes: {pod_config: {spec: {containers: [{securityContext: {readOnlyRootFilesystem: true}}]}}}}\n", nil, "0 /dev/shm/sky_workdir /dev/shm made made a b c"},
	}
	p := newPerson(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			id := p.vast(append([]string{"submit", p.file("task.yaml", tt.file)}, tt.flags...)...).exits(0).id()
			if s := p.status(id); s.State != api.Succeeded {
				t.Errorf("the task is %s: %s", s.State, s.Reason)
			}
			// What is printed to stderr may come behind it.
			if got := p.vast("logs", id).exits(0).stdout; !slices.Contains(strings.Split(got, "\n"), tt.want) {
				t.Errorf("log:\n%s", got)
			}
		})
	}
}
