package manifest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ways are the programs of which an image needs one, so that its nodes can wait
// for each other.
var ways = []string{"python3", "perl", "nc"}

// imageWith returns a folder with what the launcher calls, and of the ways only
// one.
func imageWith(t *testing.T, way string) string {
	t.Helper()
	dir := t.TempDir()
	link := func(name, program string) {
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skip(err)
		}
		if program == "python3" { // a version manager's python3 needs a PATH
			out, err := exec.Command(path, "-c", "import sys; print(sys.executable)").Output()
			if err != nil {
				t.Fatal(err)
			}
			path = strings.TrimSpace(string(out))
		}
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sh", "bash", "cat", "date", "dd", "getent", "grep", "kill", "ls", "mkdir", "mkfifo", "pkill", "rm", "setsid", "sleep", "timeout", "tr", "wc"} {
		link(name, name)
	}
	switch way {
	case "nc":
		link("nc", "busybox")
	case "python3", "perl":
		link(way, way)
	}
	return dir
}

// nodes are the launchers of one task on localhost, whose names all resolve to
// the loopback interface.
type nodes struct {
	name, image string
	n           int
	words       []string
}

func newNodes(t *testing.T, way string, n int, words ...string) *nodes {
	t.Helper()
	return &nodes{name: fmt.Sprintf("test-%d-%d", os.Getpid(), time.Now().UnixNano()), image: imageWith(t, way), n: n, words: words}
}

func (n *nodes) command(t *testing.T, rank int, setup, run string) *exec.Cmd {
	t.Helper()
	text := nodesLauncher
	for _, replace := range [][2]string{
		{`resolves "$_vast_hosts-$NODE_RANK.$_vast_hosts"`, "resolves localhost"},
		{`set -- "$_vast_hosts-0.$_vast_hosts"`, "set -- localhost"},
	} {
		if !strings.Contains(text, replace[0]) {
			t.Fatalf("the launcher has no %s", replace[0])
		}
		text = strings.ReplaceAll(text, replace[0], replace[1])
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // what hangs fails by its exit code
	t.Cleanup(cancel)
	words := slices.Concat([]string{"-c", text, "vast", "--hosts=" + n.name, "--port=" + strconv.Itoa(port(n.name)), "--patience=50"}, n.words)
	cmd := exec.CommandContext(ctx, filepath.Join(n.image, "sh"), append(words, "--", setup, run)...)
	cmd.Env = []string{"PATH=" + n.image, "HOME=" + t.TempDir(), "NUM_NODES=" + strconv.Itoa(n.n), "NODE_RANK=" + strconv.Itoa(rank), "VAST_NUM_GPUS_PER_NODE=0"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd
}

// all runs every node, prints into dir/<rank>.log, and returns what each printed
// with its exit code.
func (n *nodes) all(t *testing.T, dir, setup, run string) []string {
	t.Helper()
	out := make([]string, n.n)
	var wg sync.WaitGroup
	for rank := range n.n {
		cmd := n.command(t, rank, setup, run)
		log, err := os.Create(filepath.Join(dir, strconv.Itoa(rank)+".log"))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = log, log
		wg.Go(func() {
			defer log.Close()
			_ = cmd.Run() // the exit code is looked at
			text, err := os.ReadFile(log.Name())
			out[rank] = fmt.Sprintf("%s%d", text, cmd.ProcessState.ExitCode())
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return out
}

func TestRunStartsWhenSetupHasEndedOnAllNodes(t *testing.T) {
	for _, way := range ways {
		for _, slow := range []int{0, 2} {
			if way != "python3" && slow == 0 {
				continue // it takes its time, and the way makes no difference
			}
			t.Run(fmt.Sprintf("%s, node %d is slow", way, slow), func(t *testing.T) {
				t.Parallel()
				n, dir := newNodes(t, way, 3), t.TempDir()
				// Node 0 loses its listener in its setup. The slow node's goes
				// on until the others say that they wait for it.
				setup := fmt.Sprintf(`cd %s
					until [ $NODE_RANK != 0 ] || pkill -9 -f "^[^ ]*(python[0-9.]*|perl|nc) .* %s 3$"; do sleep 0.1; done
					until [ $NODE_RANK != %[3]d ] || [ $(grep -l "waits for node %[3]d's setup" *.log | wc -l) = 2 ]; do sleep 0.2; done
					: >ended.$NODE_RANK`, dir, n.name, slow)
				for rank, out := range n.all(t, dir, setup, "ls "+dir+"/ended.* | wc -l") {
					want := fmt.Sprintf("vast: waits for node %d's setup\nvast: all nodes are ready\n3\n0", slow)
					if rank == slow {
						want = "3\n0"
					}
					if !strings.HasSuffix(out, want) {
						t.Errorf("node %d: %q, want %q at the end", rank, out, want)
					}
				}
				if left, err := filepath.Glob("/dev/shm/.vast-" + n.name + "*"); err != nil || len(left) > 0 {
					t.Errorf("%v: left behind: %s", err, left)
				}
			})
		}
	}
}

func TestANodeThatDoesNotComeIsWaitedForNoLongerThanAllowed(t *testing.T) {
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			n := newNodes(t, way, 3, "--patience=7")
			for rank, want := range map[int]string{
				0: "vast: waits for the setup of nodes 1, 2\nvast: gave up after 7 s: waits for the setup of nodes 1, 2\n",
				1: "vast: waits for node 0 to start\nvast: gave up after 7 s: waits for node 0 to start\n",
			} {
				cmd := n.command(t, rank, "", "echo never")
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				if rank == 0 {
					n.stray(t)
				}
				_ = cmd.Wait() // the exit code is looked at
				if code := cmd.ProcessState.ExitCode(); code != 124 || out.String() != want {
					t.Errorf("node %d: exit code %d, output %q; want 124, %q", rank, code, out.String(), want)
				}
			}
		})
	}
}

// stray sends a message to node 0 that no node of its task sends.
func (n *nodes) stray(t *testing.T) {
	t.Helper()
	for _, line := range []string{"GET / HTTP/1.1\n", "other ready 1\n", n.name + " ready 1;2\n", n.name + " ready ../1\n", n.name + " else 1\n", "\n", strings.Repeat("x", 1000) + "\n"} {
		for range 200 { // until it accepts connections
			c, err := net.Dial("tcp", net.JoinHostPort("localhost", strconv.Itoa(port(n.name))))
			if err != nil {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			_, _ = io.WriteString(c, line)
			answer, _ := io.ReadAll(c)
			c.Close()
			if len(answer) > 0 {
				t.Errorf("%q is answered with %q", line, answer)
			}
			break
		}
	}
}

func TestWithoutAClientForTheBarrierNoNodeWaits(t *testing.T) {
	n := newNodes(t, "none", 2)
	for rank, out := range n.all(t, t.TempDir(), "", "echo run") {
		if want := "vast: none of python3, perl and BusyBox's nc is in the PATH: run does not wait for the other nodes' setup\nrun\n0"; out != want {
			t.Errorf("node %d: %q, want %q", rank, out, want)
		}
	}
}

func TestATaskWithoutRunDoesNotWait(t *testing.T) {
	n := newNodes(t, "python3", 2)
	if out, err := n.command(t, 1, "echo setup", "").CombinedOutput(); err != nil || string(out) != "setup\n" {
		t.Errorf("%v: %q", err, out)
	}
}

func TestTheEndIsHeardWhileNodesWait(t *testing.T) {
	for _, way := range ways {
		for _, first := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, as process 1: %v", way, first), func(t *testing.T) {
				t.Parallel()
				cmd := newNodes(t, way, 2).command(t, 0, "echo ready", "echo never")
				if first {
					asFirst(t, cmd)
				}
				code, out, err := ended(cmd, "", first)
				if err != nil || code != 143 || strings.Contains(out, "never") {
					t.Errorf("%v: exit code %d, output %q", err, code, out)
				}
			})
		}
	}
}
