package walls_test

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kubevast/vast/testenv"
)

// An image of ours is that of a release, by its digest, or one that a user has
// named; a build for development says which one it runs.
func TestWall08ImagesAreNeverGuessed(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.file("in/input.txt", "an input\n")
	task := p.file("task.yaml", "name: files\nworkdir: in\nresources: {cpus: 50m, memory: 32Mi}\nrun: cat input.txt\n")
	plain := p.file("plain.yaml", "name: plain\nresources: {cpus: 50m, memory: 32Mi}\nrun: echo hello\n")
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

	p.vast("submit", task, "--dry-run=client", "-o", "yaml").exits(0).says("image: "+testenv.AgentImage, "this build belongs to no release", "run "+testenv.AgentImage)
	if r := p.vast("submit", plain, "--dry-run=server").exits(0); strings.Contains(r.stderr, "release") {
		t.Errorf("a task without files: %s", r.stderr)
	}
	p.vast("version", "--client").exits(0).says("Agent Image: " + testenv.AgentImage)
	p.vast("submit", task, "--dry-run=client", "-o", "yaml", "--agent-image=mirror.example.com/agent:v1"+digest).exits(0).says("image: mirror.example.com/agent:v1" + digest)
	p.vast("submit", task, "--dry-run=server", "--agent-image=mirror.example.com/agent").exits(2).says("has neither a tag nor a digest")

	// A build that nothing was linked into, as go install makes it, and one of a
	// release whose digest is not known.
	_, file, _, _ := runtime.Caller(0)
	for flags, says := range map[string]string{
		"": "this build belongs to no release",
		"-X github.com/kubevast/vast/internal/kube.linkedVersion=v9.9.9": "this build of v9.9.9 has no digest",
	} {
		program := filepath.Join(bin, "unlinked")
		build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", flags, "-o", program, "./plugins/kubectl-vast")
		build.Dir = filepath.Join(filepath.Dir(file), "..", "..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		p.run("unlinked", "submit", task, "--dry-run=client").exits(2).says("--agent-image: "+says, "VAST_AGENT_IMAGE")
		p.run("unlinked", "submit", plain, "--dry-run=client").exits(0)
	}
}
