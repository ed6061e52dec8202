package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// minimal is a task that prints one line.
const minimal = `name: minimal
run: echo hello
`

func TestSubmitFollowsTheLogsByteForByte(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	// What a log can hold: tabs, colours, carriage returns, empty lines,
	// other alphabets, bytes that are no text, a line longer than the
	// container runtime keeps in one piece, and an end without a newline.
	long := strings.Repeat("0123456789abcdef", 5000)
	want := "one\n\n\ttab \x1b[31mred\x1b[0m\rback\näöü 日本語 🚀\n\xff\xfe\x00bytes\n" + long + "\nno newline"
	r := p.vast("submit", p.file("task.yaml", `name: bytes
resources: {image_id: "busybox:1.36"}
run: |
  printf 'one\n\n\ttab \033[31mred\033[0m\rback\n'
  echo 'äöü 日本語 🚀'
  printf '\377\376\000bytes\n'
  i=0; while [ $i -lt 5000 ]; do printf 0123456789abcdef; i=$((i + 1)); done; echo
  printf 'no newline'
`)).exits(0)
	head, got, _ := strings.Cut(r.stdout, "\n")
	if !submitted.MatchString(head) {
		t.Errorf("the first line is %q, want the task's name", head)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	r.prints("following the logs", "succeeded after")
	if got := p.vast("logs", r.id()).exits(0).stdout; got != want {
		t.Errorf("afterwards logs differ:\n%s", cmp.Diff(want, got))
	}
}

func TestSubmitDetachedReturnsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", "run: sleep 1000\n"), "--detach").exits(0)
	r.prints("follow it with: kubectl vast logs " + r.id() + " -f -n " + p.namespace)
	if s := p.status(r.id()); s.State.Ended() {
		t.Errorf("the task is %s (%s)", s.State, s.Reason)
	}
}

func TestSubmitWaitReturnsTheOutcomeAsExitCode(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("good.yaml", minimal), "--wait").exits(0).prints("succeeded")
	if strings.Contains(r.stdout, "hello") {
		t.Errorf("--wait shows the log:\n%s", r.stdout)
	}
	p.vast("submit", p.file("bad.yaml", "run: exit 3\n"), "--wait").exits(10).prints("failed", "exit code 3")
	p.vast("submit", p.file("bad.yaml", "run: exit 3\n")).exits(10).prints("failed", "exit code 3")
	got := p.vast("submit", p.file("bad.yaml", "run: exit 4\n"), "--wait", "-o", "jsonpath={.state} {.diagnosis.exitCode}").exits(10).stdout
	if got != "Failed 4" {
		t.Errorf("--wait -o prints %q, want the task as it ended", got)
	}
}

func TestSubmitTakesSeveralFilesAndStandardInput(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	a, b := p.file("a.yaml", "name: a\nrun: echo a\n"), p.file("b.yaml", "name: b\nrun: echo b\n")
	r := p.vastStdin("name: c\nrun: echo c\n", "submit", a, "-f", b, "-", "--wait").exits(0)
	names := map[string]bool{}
	for _, s := range p.list() {
		names[s.TaskName] = s.State == api.Succeeded
	}
	if diff := cmp.Diff(map[string]bool{"a": true, "b": true, "c": true}, names); diff != "" {
		t.Errorf("tasks that succeeded (-want +got):\n%s\n%s", diff, r.stdout)
	}

	before := p.objects()
	p.vast("submit", a, p.file("bad.yaml", "num_nodes: 0\n")).exits(2).prints("bad.yaml:1:12: num_nodes")
	p.leftNothing(before)
}

func TestOptionsOverrideTheFile(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", "name: file\nresources: {image_id: nowhere/none, cpus: 64}\nrun: echo $NUM_NODES on $(head -c 4 /etc/hostname)\n"),
		"--name", "flag", "--num-nodes", "2", "--image", "busybox:1.36", "--cpus", "50m", "--memory", "32Mi").exits(0)
	for _, line := range []string{"node-0 | 2 on flag\n", "node-1 | 2 on flag\n"} {
		r.shows(line)
	}
	s := p.status(r.id())
	if s.TaskName != "flag" || s.NumNodes != 2 || s.Image != "busybox:1.36" || s.Resources != (api.NodeResources{CPU: "50m", Memory: "32Mi"}) {
		t.Errorf("the task is %q on %d nodes in %s with %+v", s.TaskName, s.NumNodes, s.Image, s.Resources)
	}
}

func TestSetupRunsBeforeRun(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", `setup: |
  echo setup "${SKYPILOT_SETUP_NODE_RANK}"
  echo "from setup" > /tmp/made
run: |
  cat /tmp/made
  echo "run ${SKYPILOT_SETUP_NODE_RANK:-has no setup variables}"
`)).exits(0)
	if _, log, _ := strings.Cut(r.stdout, "\n"); log != "setup 0\nfrom setup\nrun has no setup variables\n" {
		t.Errorf("log: %q", log)
	}
}

// The kubelet replaces $(NAME) and $$ in arguments and variables; a script has
// to arrive as it was written.
func TestScriptsAndVariablesArriveUnexpanded(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", `envs:
  NAME: value
  ODD: 'a $(NAME) $$ "quoted" \back ${NAME} ''single'' ünï'
run: |
  echo '$(NAME) $$ $$$ $$(NAME)'
  echo "$(echo command of $NAME)"
  [ $$ -gt 1 ] && echo a process id
  printf '%s\n' "$ODD" "ünï 'x' \"y\" \\"
  arr=(one two); echo "${arr[1]} in bash"
`)).exits(0)
	want := "$(NAME) $$ $$$ $$(NAME)\n" + "command of value\n" + "a process id\n" +
		`a $(NAME) $$ "quoted" \back ${NAME} 'single' ünï` + "\n" + `ünï 'x' "y" \` + "\n" + "two in bash\n"
	if _, log, _ := strings.Cut(r.stdout, "\n"); log != want {
		t.Errorf("log (-want +got):\n%s", cmp.Diff(want, log))
	}
}

func TestAScriptTooLongForAnArgumentRunsToo(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	var script, want strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&script, "  echo 'line %d $$ $(NAME)'\n", i)
		fmt.Fprintf(&want, "line %d $$ $(NAME)\n", i)
	}
	if script.Len() < 64<<10 {
		t.Fatalf("the script has only %d bytes", script.Len())
	}
	r := p.vast("submit", p.file("task.yaml", "setup: echo setup\nrun: |\n"+script.String())).exits(0)
	if _, log, _ := strings.Cut(r.stdout, "\n"); log != "setup\n"+want.String() {
		t.Errorf("log (-want +got):\n%s", cmp.Diff("setup\n"+want.String(), log))
	}
	p.vast("delete", r.id(), "--wait").exits(0)
	p.waitFor("the ConfigMap goes with the task", func() (bool, any) {
		left := p.kinds("configmaps", "kube-root-ca.crt")
		return len(left) == 0, left
	})
}

func TestSharedMemoryIsLargerThanTheRuntimesDefault(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("submit", p.file("task.yaml",
		"resources: {image_id: 'busybox:1.36'}\nrun: dd if=/dev/zero of=/dev/shm/x bs=1M count=100 2>/dev/null && du -m /dev/shm/x\n")).
		exits(0).shows("\n100\t/dev/shm/x\n")
}
