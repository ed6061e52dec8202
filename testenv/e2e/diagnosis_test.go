package e2e_test

import (
	"strings"
	"testing"

	"github.com/kubevast/vast/sdk/api"
)

// unwell is a task that fails or does not progress, and its expected diagnosis.
type unwell struct {
	name, task string
	args       []string
	cause      api.Cause
	says       []string
	not        string
	code       int32 // of the user's process; 0: none
}

func TestTheReasonOfAFailedTaskIsReported(t *testing.T) {
	t.Parallel()
	for _, c := range []unwell{
		{name: "out of memory", cause: api.CauseOutOfMemory, code: 137,
			task: "resources: {memory: 64Mi}\nrun: exec python3 -c 'x = bytearray(1 << 30)'\n",
			says: []string{"node 0 out of memory (limit 64Mi)"}},
		{name: "out of memory in a child of the script", cause: api.CauseOutOfMemory, code: 137,
			task: "resources: {memory: 64Mi}\nrun: |\n  python3 -c 'x = bytearray(1 << 30)'\n",
			says: []string{"node 0 out of memory (limit 64Mi)"}},
		{name: "out of memory on one of several nodes", cause: api.CauseOutOfMemory, code: 137,
			task: "num_nodes: 2\nresources: {memory: 64Mi}\nrun: |\n  [ $NODE_RANK = 0 ] && exec sleep 1000\n  exec python3 -c 'x = bytearray(1 << 30)'\n",
			says: []string{"node 1 out of memory (limit 64Mi)"}},
		{name: "out of memory in setup", cause: api.CauseOutOfMemory, code: 137,
			task: "resources: {memory: 64Mi}\nsetup: exec python3 -c 'x = bytearray(1 << 30)'\nrun: echo\n",
			says: []string{"node 0 out of memory (limit 64Mi) during setup"}},
		{name: "out of memory in a child whose end the script reports otherwise", cause: api.CauseOutOfMemory, code: 1,
			task: "resources: {memory: 64Mi}\nrun: python3 -c 'x = bytearray(1 << 30)' || exit 1\n",
			says: []string{"node 0 out of memory (limit 64Mi)"}},
		{name: "SIGKILL without a lack of memory", cause: api.CauseSignal, code: 137,
			task: "resources: {memory: 64Mi}\nrun: kill -9 $$\n",
			says: []string{"node 0 was ended by SIGKILL (exit code 137)"}, not: "memory"},
		{name: "exit code 137 without a signal", cause: api.CauseSignal, code: 137,
			task: "run: exit 137\n", says: []string{"137"}, not: "memory"},
		{name: "exit code", cause: api.CauseExit, code: 3, task: "run: exit 3\n", says: []string{"node 0 ended with exit code 3"}},
		{name: "command not found", cause: api.CauseExit, code: 127, task: "run: no-such-command\n", says: []string{"exit code 127"}},
		{name: "SIGSEGV", cause: api.CauseSignal, code: 139, task: "run: kill -SEGV $$\n", says: []string{"node 0 was ended by SIGSEGV (exit code 139)"}},
		{name: "setup", cause: api.CauseSetupFailed, code: 5, task: "setup: exit 5\nrun: echo\n", says: []string{"node 0 failed in setup with exit code 5"}},
		{name: "deadline", cause: api.CauseDeadline, task: "run: sleep 1000\n", args: []string{"--deadline", "5s"},
			says: []string{"ran longer than its deadline of 5s"}},
		{name: "an image without a shell", cause: api.CauseContainerConfig, code: 128,
			task: "resources: {image_id: 'registry.k8s.io/pause:3.10'}\nrun: echo\n", says: []string{"could not start", "sh"}},
		{name: "evicted for its volume", cause: api.CauseEvicted, task: `
resources: {image_id: "busybox:1.36"}
run: dd if=/dev/zero of=/scratch/x bs=1M count=20; sleep 1000
config: {kubernetes: {pod_config: {spec: {
  volumes: [{name: scratch, emptyDir: {sizeLimit: 1Mi}}],
  containers: [{volumeMounts: [{name: scratch, mountPath: /scratch}]}]}}}}
`, says: []string{"node 0 was evicted", "exceeds the limit"}},
		{name: "evicted for its disk", cause: api.CauseEvicted,
			task: "resources: {image_id: 'busybox:1.36', ephemeral_storage: 1Mi}\nrun: dd if=/dev/zero of=/x bs=1M count=20; sleep 1000\n",
			says: []string{"node 0 was evicted", "ephemeral"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			id := p.vast(append([]string{"submit", p.file("task.yaml", c.task), "--wait"}, c.args...)...).exits(10).prints(c.says...).id()
			s := p.status(id)
			if s.State != api.Failed {
				t.Errorf("the task is %s", s.State)
			}
			p.check(s, c)
		})
	}
}

func TestTheReasonOfAWaitingTaskIsReported(t *testing.T) {
	t.Parallel()
	registry := newRegistryWithoutImages(t)
	for _, c := range []unwell{
		{name: "image not found", cause: api.CauseImageNotFound,
			task: "resources: {image_id: '" + registry + "/none:1'}\nrun: echo\n", says: []string{`image "` + registry + `/none:1" not found`}},
		{name: "image cannot be pulled", cause: api.CauseImagePull,
			task: "resources: {image_id: 'localhost:1/none:1'}\nrun: echo\n", says: []string{`image "localhost:1/none:1" cannot be pulled`, "connection refused"}, not: "not found"},
		{name: "image not to be pulled", cause: api.CauseImagePull,
			task: "resources: {image_id: 'localhost:1/none:1'}\nrun: echo\nconfig: {kubernetes: {pod_config: {spec: {containers: [{imagePullPolicy: Never}]}}}}\n",
			says: []string{"Never"}},
		{name: "invalid image name", cause: api.CauseInvalidImage,
			task: "run: echo\nconfig: {kubernetes: {pod_config: {spec: {containers: [{image: 'two words:1'}]}}}}\n", says: []string{`image "two words:1" is not a valid name`}},
		{name: "secret missing", cause: api.CauseSecretMissing,
			task: "run: echo\nconfig: {kubernetes: {pod_config: {spec: {containers: [{envFrom: [{secretRef: {name: absent}}]}]}}}}\n", says: []string{`secret "absent" not found`}},
		{name: "secret to mount missing", cause: api.CauseSecretMissing,
			task: "run: echo\nconfig: {kubernetes: {pod_config: {spec: {volumes: [{name: s, secret: {secretName: absent}}], containers: [{volumeMounts: [{name: s, mountPath: /s}]}]}}}}\n", says: []string{`secret "absent" not found`}},
		{name: "key of a secret missing", cause: api.CauseSecretMissing,
			task: "run: echo\nsecrets: {A: b}\nconfig: {kubernetes: {pod_config: {spec: {containers: [{env: [{name: X, valueFrom: {secretKeyRef: {name: partial, key: absent}}}]}]}}}}\n", says: []string{"absent"}},
		{name: "claim missing", cause: api.CauseVolumeMissing,
			task: "run: echo\nconfig: {kubernetes: {pod_config: {spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: absent}}]}}}}\n",
			says: []string{`persistentvolumeclaim "absent" not found`}},
		{name: "too many CPUs", cause: api.CauseUnschedulable, task: "run: echo\n", args: []string{"--cpus", "1000"},
			says: []string{"0/2 nodes are available: 2 Insufficient cpu"}, not: "preemption"},
		{name: "no such accelerator", cause: api.CauseUnschedulable, task: "resources: {accelerators: 'H100:8'}\nrun: echo\n",
			says: []string{"0/2 nodes are available"}, not: "preemption"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			p.kubectl("create", "secret", "generic", "partial", "--from-literal=a=b")
			id := p.submit(c.task, c.args...)
			s := p.isDiagnosed(id, c.cause)
			if s.State != api.Pending {
				t.Errorf("the task is %s", s.State)
			}
			p.check(s, c)
		})
	}
}

// check compares the diagnoses of status and list with the expected one.
func (p *person) check(s *api.TaskStatus, c unwell) {
	p.Helper()
	if s.Diagnosis == nil {
		p.Fatalf("no diagnosis: %+v", s)
	}
	if s.Diagnosis.Cause != c.cause {
		p.Errorf("the cause is %s (%s), want %s", s.Diagnosis.Cause, s.Diagnosis.Message, c.cause)
	}
	says(p, s, c.says...)
	if c.not != "" && strings.Contains(s.Diagnosis.Message, c.not) {
		p.Errorf("the diagnosis %q speaks of %q", s.Diagnosis.Message, c.not)
	}
	switch code := s.Diagnosis.ExitCode; {
	case c.code == 0 && code != nil, c.code != 0 && (code == nil || *code != c.code):
		p.Errorf("the exit code is %v, want %d", code, c.code)
	}
	if len(s.Diagnosis.Message) > 250 {
		p.Errorf("the diagnosis has %d characters: %s", len(s.Diagnosis.Message), s.Diagnosis.Message)
	}
	// A list reads no events, so its diagnosis may be shorter, but not another one.
	if row := p.list()[0]; row.State != s.State || row.Reason != s.Reason && row.Reason != "" {
		p.Errorf("list says %s: %q, status %s: %q", row.State, row.Reason, s.State, s.Reason)
	}
	p.vast("status", s.ID).exits(0).shows(c.says...)
}
