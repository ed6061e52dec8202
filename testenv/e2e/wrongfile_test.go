package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// aliasBomb is small, and 10^9 times as large when its aliases are followed.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("run: echo\nenvs:\n  A0: &a0 x\n")
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&b, "  A%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	return b.String()
}

func TestAWrongFileGetsOneClearAnswerAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	long, before := strings.Repeat("n", 300), p.objects()
	for _, c := range []struct {
		name, file string
		args       []string
		says       []string
		lines      int // of the answer; 0: one
	}{
		{name: "empty", file: "", says: []string{"empty"}},
		{name: "only blanks and a comment", file: "\n  \n# nothing\n", says: []string{"empty"}},
		{name: "binary", file: "\x7fELF\x02\x01\x01\x00\x00\x00\xff\xfe\x80run: echo", says: []string{"text"}},
		{name: "UTF-16", file: "\xff\xfer\x00u\x00n\x00:\x00 \x00x\x00", says: []string{"UTF-8"}},
		{name: "10 MB", file: "run: echo\nsetup: |\n" + strings.Repeat("  : comment\n", 10<<20/12), says: []string{"larger than"}},
		{name: "bomb of aliases", file: aliasBomb(), says: []string{"alias"}},
		{name: "tabs", file: "run: echo\nresources:\n\tcpus: 1\n", says: []string{":3:", "tab"}},
		{name: "duplicate key", file: "run: echo a\nname: x\nrun: echo b\n", says: []string{":3:1:", "run", "line 1"}},
		{name: "nested duplicate key", file: "run: echo a\nresources:\n  cpus: 1\n  cpus: 2\n", says: []string{":4:3:", "cpus", "line 3"}},
		{name: "no nodes", file: "num_nodes: 0\nrun: echo\n", says: []string{":1:12: num_nodes:"}},
		{name: "a negative number of nodes", file: "num_nodes: -1\nrun: echo\n", says: []string{":1:12: num_nodes:"}},
		{name: "nothing to run", file: "name: x\n", says: []string{"nothing to run"}},
		{name: "run is empty", file: "run: ''\n", says: []string{"nothing to run"}},
		{name: "name of 300 characters", file: "name: " + long + "\nrun: echo\n", says: []string{":1:7: name:", "300"}},
		{name: "name of 300 characters as an option", file: minimal, args: []string{"--name", long}, says: []string{"--name", "300"}},
		{name: "name of emoji", file: "name: 🚀🚀\nrun: echo\n", says: []string{":1:7: name:", "letters and digits"}},
		{name: "name of an option's look", file: minimal, args: []string{"--name=--detach"}, says: []string{"--name"}},
		{name: "variable with =", file: "envs: {A=B: c}\nrun: echo\n", says: []string{"envs", "A=B"}},
		{name: "variable with = as an option", file: minimal, args: []string{"--env", "=x"}, says: []string{"--env"}},
		{name: "variable of ours", file: "envs: {NODE_RANK: 1}\nrun: echo\n", says: []string{"envs.NODE_RANK", "use another name"}},
		{name: "secret given twice", file: minimal, args: []string{"--secret", "A=hidden", "--secret", "A=hidden"}, says: []string{"--secret", "A is given twice"}},
		{name: "secret that is a variable too", file: "envs: {A: a}\nsecrets: {A: hidden}\nrun: echo\n", says: []string{"secrets.A", "line 1"}},
		{name: "option without a value in the shell", file: minimal, args: []string{"--env", "NOT_SET_ANYWHERE"}, says: []string{"NOT_SET_ANYWHERE is not set"}},
		{name: "unknown field", file: "run: echo\nresource: {cpus: 1}\n", says: []string{":2:1: resource:", "resources"}},
		{name: "several mistakes at once", file: "name: -x\nnum_nodes: 0\nresources: {cpus: many, memory: 1Q}\n", lines: 5,
			says: []string{"name:", "num_nodes:", "resources.cpus:", "resources.memory:", "nothing to run"}},
		{name: "a list", file: "- run: echo\n", says: []string{"must be a mapping"}},
		{name: "image that cannot be one", file: minimal, args: []string{"--image", "Not An Image"}, says: []string{"--image"}},
		{name: "CPUs that are none", file: minimal, args: []string{"--cpus", "many"}, says: []string{"--cpus"}},
		{name: "number of nodes as an option", file: minimal, args: []string{"--num-nodes", "0"}, says: []string{"--num-nodes"}},
		{name: "deadline that is none", file: minimal, args: []string{"--deadline", "soon"}, says: []string{"--deadline"}},
		{name: "deadline below zero", file: minimal, args: []string{"--deadline=-5s"}, says: []string{"--deadline"}},
		{name: "unknown profile", file: minimal, args: []string{"--security-profile", "lax"}, says: []string{"lax", "restricted"}},
		{name: "pod_config that makes no pod", file: "run: echo\nconfig: {kubernetes: {pod_config: {spec: {containers: 5}}}}\n", says: []string{"pod_config"}},
		{name: "pod_config with an unknown field", file: "run: echo\nconfig: {kubernetes: {pod_config: {spec: {nodeSelectr: {a: b}}}}}\n", says: []string{"pod_config", "nodeSelectr"}},
		{name: "pod_config that the API server refuses", lines: 2, file: "run: echo\nconfig:\n  kubernetes:\n    pod_config:\n      spec:\n        containers:\n          - name: proxy\n            image: busybox:1.36\n            ports: [{containerPort: 70000}]\n          - imagePullPolicy: Sometimes\n",
			says: []string{":9:37: config.kubernetes.pod_config.spec.containers[0].ports[0].containerPort:", ":10:30: config.kubernetes.pod_config.spec.containers[1].imagePullPolicy:"}},
		{name: "a service", file: "service: {replicas: 2}\nrun: echo\n", says: []string{"service"}},
		{name: "a pool", file: "pool: {workers: 2}\nrun: echo\n", says: []string{"pool"}},
		{name: "a volume", file: "name: v\ntype: k8s-pvc\nsize: 1\n", says: []string{"kubectl vastvol create -f"}},
		{name: "volume that is not there", file: "volumes: {/data: absent}\nrun: echo\n", says: []string{"volumes", "absent"}},
		{name: "relative mount path", file: "volumes: {data: absent}\nrun: echo\n", says: []string{"absolute"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			r := p.vast(append([]string{"submit", p.file("task.yaml", c.file), "-d"}, c.args...)...).exits(2).prints(c.says...)
			p.answersIn(r, max(c.lines, 1))
		})
	}
	t.Cleanup(func() { p.leftNothing(before) })
}

// answersIn checks that a command has answered in so many lines, each a
// mistake, and has given nothing away.
func (p *person) answersIn(r *result, lines int) {
	p.Helper()
	got := r.stderrLines()
	if len(got) != lines {
		p.Errorf("%s answers in %d lines, want %d:\n%s", r.command, len(got), lines, tail(r.stderr))
	}
	for _, line := range got {
		if !strings.HasPrefix(line, "error: ") {
			p.Errorf("line %q is no error", line)
		}
		if len(line) > 800 {
			p.Errorf("a line has %d characters: %s...", len(line), line[:200])
		}
	}
	if r.stdout != "" {
		p.Errorf("%s prints %q", r.command, tail(r.stdout))
	}
	if strings.Contains(r.stderr, "hidden") {
		p.Errorf("a secret is printed:\n%s", r.stderr)
	}
}

func TestAFileThatCannotBeReadGetsOneClearAnswer(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	binary := filepath.Join(bin, "kubectl-vast")
	for path, says := range map[string]string{
		p.dir:                          "recognized file extensions are", // a folder without files for it
		filepath.Join(p.dir, "absent"): "no such file",
		filepath.Join(p.dir, "a", "b"): "no such file",
		binary:                         "",
		os.DevNull:                     "empty",
	} {
		p.answersIn(p.vast("submit", path).exits(2).prints(path, says), 1)
	}
	p.answersIn(p.vast("submit").exits(2), 1)
	p.answersIn(p.vast("submit", "-", "-").exits(2), 1)
	p.leftNothing(before)
}

func TestOddButRightFilesRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, task, log string }{
		"upper case name":      {"name: UPPER_Case.1\nrun: echo $SKYPILOT_TASK_ID | cut -d- -f1-2\n", "UPPER_Case.1", "upper-case\n"},
		"name that is a digit": {"name: '7'\nrun: echo ran\n", "7", "ran\n"},
		"a byte order mark":    {"\xef\xbb\xbfrun: echo ran\n", "", "ran\n"},
		"Windows line ends":    {"run: |\r\n  echo one\r\n  echo two\r\n", "", "one\ntwo\n"},
		"a name of 100 characters": {"name: " + string(bytes.Repeat([]byte("n"), 100)) + "\nrun: echo ran\n",
			strings.Repeat("n", 100), "ran\n"},
		"fields without meaning": {"resources: {use_spot: true, disk_tier: high, infra: aws}\nrun: echo ran\n", "", "ran\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			r := p.vast("submit", p.file("task.yaml", c.file)).exits(0)
			if _, log, _ := strings.Cut(r.stdout, "\n"); log != c.log {
				t.Errorf("log: %q, want %q", log, c.log)
			}
			if s := p.status(r.id()); s.TaskName != c.task {
				t.Errorf("the task is called %q", s.TaskName)
			}
			if name == "fields without meaning" {
				r.prints("disk_tier", "use_spot")
			}
		})
	}
}
