package e2e_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// nodeLines are the lines of a log by node, without their prefixes.
func nodeLines(t testing.TB, log string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for line := range strings.Lines(log) {
		node, text, ok := strings.Cut(line, " | ")
		if !ok {
			t.Errorf("line %q has no prefix", line)
		}
		out[node] = append(out[node], strings.TrimSuffix(text, "\n"))
	}
	return out
}

func TestNodesKnowEachOtherBeforeTheyRun(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", `name: ring
num_nodes: 3
envs: {PAD: x}
run: |
  echo "$NODE_RANK of $NUM_NODES, $SKYPILOT_NODE_RANK of $SKYPILOT_NUM_NODES, gpus $SKYPILOT_NUM_GPUS_PER_NODE"
  echo "ips $(echo $NODE_IPS)"
  [ "$NODE_IPS" = "$SKYPILOT_NODE_IPS" ] || echo "SKYPILOT_NODE_IPS: $SKYPILOT_NODE_IPS"
  echo "master $MASTER_ADDR:$MASTER_PORT task $VAST_TASK_ID $SKYPILOT_TASK_ID"
  python3 - <<'END'
  import os, socket
  hosts = os.environ["NODE_IPS"].split("\n")
  addresses = [socket.gethostbyname(h) for h in hosts]
  own = addresses[int(os.environ["NODE_RANK"])]
  print("distinct", len(set(addresses)), "own", own == socket.gethostbyname(socket.gethostname()))
  END
`)).exits(0)
	id := r.id()
	_, log, _ := strings.Cut(r.stdout, "\n")
	lines := nodeLines(t, log)
	job := "ring-" + id
	for rank := range 3 {
		want := []string{
			fmt.Sprintf("%d of 3, %d of 3, gpus 0", rank, rank),
			fmt.Sprintf("ips %[1]s-0.%[1]s %[1]s-1.%[1]s %[1]s-2.%[1]s", job),
			fmt.Sprintf("master %[1]s-0.%[1]s:29500 task %[2]s %[1]s", job, id),
			"distinct 3 own True",
		}
		// The first node prints that it waits for the others.
		got := slices.DeleteFunc(lines[fmt.Sprintf("node-%d", rank)], func(line string) bool {
			return strings.HasPrefix(line, "vast: ")
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("node %d (-want +got):\n%s", rank, diff)
		}
	}
	t.Run("and single nodes' logs can be read", func(t *testing.T) {
		p := p.in(t)
		got := p.vast("logs", id, "--node", "2", "--node", "0", "--tail", "1").exits(0).stdout
		sorted := slices.Sorted(strings.Lines(got))
		if diff := cmp.Diff([]string{"node-0 | distinct 3 own True\n", "node-2 | distinct 3 own True\n"}, sorted); diff != "" {
			t.Errorf("logs (-want +got):\n%s", diff)
		}
	})
	t.Run("and what they owned goes with the task", func(t *testing.T) {
		p := p.in(t)
		p.vast("delete", id, "--wait").exits(0)
		p.waitFor("the Service goes", func() (bool, any) {
			left := p.kinds("services")
			return len(left) == 0, left
		})
	})
}

func TestAFailingNodeEndsTheOthers(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", `num_nodes: 3
resources: {image_id: "busybox:1.36"}
run: |
  trap 'echo asked to end; exit 0' TERM
  if [ $NODE_RANK = 1 ]; then echo failing; exit 7; fi
  echo waiting
  while :; do sleep 1; done
`)).exits(10).prints("failed", "node 1 ended with exit code 7")
	s := p.status(r.id())
	if s.State != api.Failed || s.Diagnosis.Rank == nil || *s.Diagnosis.Rank != 1 {
		t.Errorf("the task is %s, diagnosis %+v", s.State, s.Diagnosis)
	}
	says(t, s, "node 1 ended with exit code 7")
	p.waitFor("no node runs any more", func() (bool, any) {
		var running []string
		for _, pod := range p.pods(r.id()) {
			if pod.Status.Phase == "Running" {
				running = append(running, pod.Name)
			}
		}
		return len(running) == 0, running
	})
	for _, row := range p.list() {
		if row.State != api.Failed || row.Reason != "node 1 ended with exit code 7" {
			t.Errorf("list says %s: %s", row.State, row.Reason)
		}
	}
}

func TestSetupThatFailsOnOneNodeEndsTheTask(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	r := p.vast("submit", p.file("task.yaml", `num_nodes: 2
setup: |
  [ "$SKYPILOT_SETUP_NODE_RANK" = 0 ] || exit 9
run: echo running; sleep 1000
`)).exits(10).prints("setup")
	s := p.status(r.id())
	if s.State != api.Failed || s.Diagnosis.Cause != api.CauseSetupFailed {
		t.Errorf("the task is %s, diagnosis %+v", s.State, s.Diagnosis)
	}
	says(t, s, "node 1 failed in setup with exit code 9")
	if regexp.MustCompile(`(?m)^node-1 \| running`).MatchString(r.stdout) {
		t.Errorf("run ran although setup had failed:\n%s", r.stdout)
	}
}

// The nodes' setups take 0, 4 and 18 s. Whoever is through early has long ended
// its short run, or would have, when the last one looks for it.
func TestRunStartsWhenTheLastSetupHasEnded(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"by Python":                            "",
		"by BusyBox, in the machine's network": "resources: {image_id: \"busybox:1.36\"}\nconfig: {kubernetes: {pod_config: {spec: {hostNetwork: true}}}}\n",
	}
	for name, fields := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson(t)
			id := p.vast("submit", "-d", p.file("task.yaml", fields+`num_nodes: 3
setup: |
  case $NODE_RANK in 1) sleep 4 ;; 2) sleep 18 ;; esac
  echo "setup ended $(date +%s)"
run: echo "run started $(date +%s)"
`)).exits(0).id()
			p.waitFor("status says whose setup is waited for", func() (bool, any) {
				s := p.status(id)
				return s.State == api.Running && s.Reason == "waits for node 2's setup", s.Reason
			})
			p.vast("wait", id).exits(0)
			if s := p.status(id); s.State != api.Succeeded || s.Reason != "" {
				t.Errorf("the task is %s: %s", s.State, s.Reason)
			}
			ended, started := 0, math.MaxInt
			for _, match := range regexp.MustCompile(`(setup ended|run started) (\d+)`).FindAllStringSubmatch(p.vast("logs", id).exits(0).stdout, -1) {
				at, err := strconv.Atoi(match[2])
				if err != nil {
					t.Fatal(err)
				}
				if match[1] == "setup ended" {
					ended = max(ended, at)
				} else {
					started = min(started, at)
				}
			}
			if ended == 0 || started == math.MaxInt || started < ended {
				t.Errorf("a run started at %d, before the last setup ended at %d", started, ended)
			}
		})
	}
}
