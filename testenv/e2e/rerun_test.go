package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newKeeping is a person whose namespace has the account of drivers and a store.
func newKeeping(t testing.TB) *person {
	t.Helper()
	p := newPerson(t)
	p.vast("cluster", "setup").exits(0)
	return p
}

// rerun makes a rerun and returns its id.
func (p *person) rerun(args ...string) string {
	p.Helper()
	out := p.vast(append([]string{"rerun", "-o", "jsonpath={.id}"}, args...)...).exits(0)
	return strings.TrimSpace(out.stdout)
}

func TestARerunOfADiamondExecutesWhatFailedAndKeepsTheResultsOfTheOthers(t *testing.T) {
	t.Parallel()
	p, c := newKeeping(t), newTally(t)
	text := "kind: Workflow\nname: diamond\nruntime_env: {CODE: '3'}\ntasks:\n" +
		c.task("a", "echo from-a && echo data >$OUTPUT_DIR/a.txt") +
		c.task("b", "echo code $CODE && exit $CODE", "depends: [a]") +
		c.task("c", "true", "depends: [a]") +
		c.task("d", "true", "depends: [b, c]")
	first := p.submitFlow(text, "-d")
	r := p.ends(first)
	if diff := cmp.Diff(map[string]string{"a": "success", "b": "failed", "c": "success", "d": "skipped"}, statuses(r)); diff != "" {
		t.Fatalf("tasks (-want +got):\n%s", diff)
	}
	p.isCounted(c, once("a", "b", "c"))
	p.vast("rerun", first, "--env", "OTHER=1").exits(2).prints("cannot be changed in a rerun", "CODE")
	p.vast("rerun", first, "--tasks", "x").exits(2).prints(`has no task "x"`)
	p.vast("rerun", first, "--dry-run=client").exits(0).shows("a: kept from run "+first, "b: is executed again: it failed", "d: is executed again: it was skipped")
	second := p.rerun(first, "--env", "CODE=0")
	again := p.ends(second)
	if again.Result != "success" || again.RerunOf != first {
		t.Errorf("the rerun is %+v", again)
	}
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 2, "c": 1, "d": 1}, c.counted()); diff != "" {
		t.Errorf("executions (-want +got):\n%s", diff)
	}
	if again.Tasks[0].TaskID != r.Tasks[0].TaskID || again.Tasks[0].Kept != first {
		t.Errorf("a is kept as %+v, want the id %s", again.Tasks[0], r.Tasks[0].TaskID)
	}
	p.vast("run", "logs", second, "a").exits(0).shows("from-a\n")
	p.vast("run", "logs", second, "b").exits(0).shows("code 0\n")
	p.vast("rerun", second).exits(5).prints("has succeeded")
	p.vast("results", "delete", r.Tasks[0].TaskID).exits(5).prints(first, second)

	// What the second run refers to stays when the first one is deleted.
	p.vast("run", "delete", first, "--wait").exits(0)
	p.vast("gc", "--grace=0s").exits(0)
	p.vast("run", "logs", second, "a").exits(0).shows("from-a\n")
	p.vast("results", "list", r.Tasks[0].TaskID).exits(0)
	p.vast("run", "delete", second, "--wait").exits(0)
	p.vast("gc").exits(0).prints("less than")
	p.vast("results", "list", r.Tasks[0].TaskID).exits(0)
	p.vast("gc", "--grace=0s", "--dry-run=client").exits(0).shows(r.Tasks[0].TaskID, second)
	p.vast("results", "list", r.Tasks[0].TaskID).exits(0)
	p.vast("gc", "--grace=0s").exits(0).shows(r.Tasks[0].TaskID)
	p.vast("results", "list", r.Tasks[0].TaskID).exits(3)
	p.vast("gc", "--grace=0s").exits(0)
}

func TestFilesAndVariablesPassThroughThreeLevels(t *testing.T) {
	t.Parallel()
	p, c := newKeeping(t), newTally(t)
	passes := func(names string) string { return "outputs: {env: [" + names + "]}" }
	text := "kind: Workflow\nname: passing\ntasks:\n" +
		c.task("a", `mkdir $OUTPUT_DIR/data && echo one >$OUTPUT_DIR/data/a.txt && echo "ROWS=it's \$5" >>$VAST_OUTPUTS`, passes("ROWS")) +
		c.task("b", `test "$ROWS" = "it's \$5" && cat $INPUT_DIR/data/a.txt && echo two >$OUTPUT_DIR/b.txt && echo "ROWS=$ROWS" >$VAST_OUTPUTS`, "depends: [a]", "inputs: {from: a}", passes("ROWS")) +
		c.task("c", `echo got "$ROWS" $(cat $INPUT_DIR/data/a.txt $INPUT_DIR/b.txt)`, "depends: [b]", "inputs: [{from: b}, {from: a, path: data}]")
	id := p.submitFlow(text, "-d")
	if r := p.ends(id); r.Result != "success" {
		t.Errorf("the run is %+v", r)
	}
	p.vast("run", "logs", id, "c").exits(0).shows("got it's $5 one two\n")
	p.isCounted(c, once("a", "b", "c"))

	bad := p.submitFlow("kind: Workflow\nname: bad\ntasks:\n"+c.task("m", `printf 'A=1\nnot a variable\n' >$VAST_OUTPUTS`, passes("A"))+
		c.task("x", `echo 1 >$OUTPUT_DIR/same.txt`)+c.task("y", `echo 2 >$OUTPUT_DIR/same.txt`)+
		c.task("z", "true", "depends: [x, y]", "inputs: [{from: x}, {from: y}]"), "-d")
	r := p.ends(bad)
	if diff := cmp.Diff(map[string]string{"m": "failed", "x": "success", "y": "success", "z": "failed"}, statuses(r)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	p.vast("status", r.Tasks[0].TaskID).exits(0).shows("line 2 of the file is not NAME=VALUE")
	p.vast("status", r.Tasks[3].TaskID).exits(0).shows(fmt.Sprintf("%q", "same.txt"))
}
