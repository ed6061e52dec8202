package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/sdk/api"
)

// sweep writes a campaign of four runs that report at a tally, and then execute a script.
func (c *tally) sweep(p *person, name, script string, fields ...string) string {
	p.Helper()
	return p.file(name, fmt.Sprintf(`version: 1
metadata: {name: sweep}
configuration:
- name: one
  parameters: [{speed: 1}]
- name: two
  parameters: [{speed: 2}]
execution:
  image: busybox:1.36
  runs: 2
  resources: {cpu: 10m, memory: 16Mi}
  command: wget -q -O- %s/$CONFIG_NAME-$RUN_NUMBER && %s
  %s
`, c.url, script, strings.Join(fields, "\n  ")))
}

func TestACampaignIsEvaluatedAndSharedInOneWorkflow(t *testing.T) {
	t.Parallel()
	p, c := newKeeping(t), newTally(t)
	c.sweep(p, "sweep.vast", `echo $PARAM_SPEED >$OUTPUT_DIR/speed.txt`)
	text := "kind: Workflow\nname: whole\nruntime_env: {CODE: '0'}\ntasks:\n  sweep: {campaign: sweep.vast}\n" +
		c.task("evaluate", `cat $INPUT_DIR/*/*/speed.txt | tr '\n' ' ' && test $CODE = 0 && cp $INPUT_DIR/two/1/speed.txt $OUTPUT_DIR/best.txt`, "depends: [sweep]", "inputs: {from: sweep}") +
		c.task("share", `wget -q -O- "`+c.url+`/shared-$(cat $INPUT_DIR/best.txt)"`, "depends: [evaluate]", "inputs: {from: evaluate}")
	first := p.submitFlow(text, "-d", "--env", "CODE=1")
	r := p.ends(first)
	if diff := cmp.Diff(map[string]string{"sweep": "success", "evaluate": "failed", "share": "skipped"}, statuses(r)); diff != "" {
		t.Fatalf("tasks (-want +got):\n%s", diff)
	}
	runs := once("one-0", "one-1", "two-0", "two-1", "evaluate")
	p.isCounted(c, runs)
	campaign := r.Tasks[0].Campaign
	if want := (&api.RunCounts{Total: 4, Succeeded: 4}); cmp.Diff(want, r.Tasks[0].Runs) != "" || r.Tasks[0].TaskID != "" {
		t.Errorf("the campaign's task is %+v with the counts %+v", r.Tasks[0], r.Tasks[0].Runs)
	}
	p.vast("run", "status", first).exits(0).shows(campaign, "4 of 4 runs succeeded")
	p.vast("run", "logs", first, "evaluate").exits(0).shows("1 1 2 2 ")
	p.vast("run", "logs", first, "sweep").exits(1).prints(campaign, "results download "+campaign)
	p.vast("campaign", "status", campaign).exits(0).shows(campaign, "Succeeded")
	p.vast("results", "list", campaign).exits(0).shows("two/1")
	p.vast("campaign", "run", "--resume", campaign).exits(0).prints("nothing was left to do")

	// The rerun keeps the results of the campaign.
	second := p.rerun(first, "--env", "CODE=0")
	again := p.ends(second)
	if again.Result != "success" || again.Tasks[0].Kept != first || again.Tasks[0].Campaign != campaign {
		t.Errorf("the rerun is %+v", again)
	}
	runs["evaluate"], runs["share"], runs["shared-2"] = 2, 1, 1
	p.isCounted(c, runs)
	p.vast("run", "delete", first, "--wait").exits(0)
	p.vast("gc", "--grace=0s").exits(0)
	p.vast("results", "list", campaign).exits(0).shows("two/1")

	// All from the start is another campaign.
	third := p.rerun(second, "--from-start")
	last := p.ends(third)
	if last.Result != "success" || last.Tasks[0].Campaign == campaign || last.Tasks[0].Runs.Succeeded != 4 {
		t.Errorf("the rerun from the start is %+v", last)
	}
	for name := range runs {
		runs[name]++
	}
	p.isCounted(c, runs)
	p.vast("run", "delete", second, "--wait").exits(0)
	p.vast("gc", "--grace=0s").exits(0).shows("campaign/" + campaign)
	p.vast("results", "list", campaign).exits(3)
	p.vast("results", "list", last.Tasks[0].Campaign).exits(0).shows("two/1")
}

func TestACampaignOfAWorkflowFailsIsRetriedExceedsItsTimeoutAndIsStopped(t *testing.T) {
	t.Parallel()
	p, c := newKeeping(t), newTally(t)
	c.sweep(p, "failing.vast", `test $CONFIG_NAME/$RUN_NUMBER != two/0`)
	c.sweep(p, "slow.vast", "sleep 1000")
	id := p.submitFlow("kind: Workflow\nname: ends\ntasks:\n"+
		"  failing: {campaign: failing.vast, retry: {count: 1, causes: [Exit]}}\n"+
		"  late: {campaign: slow.vast, timeout: 5s}\n"+
		"  stopped: {campaign: slow.vast}\n"+
		c.task("handle", "true", "depends: [{failing: [on_failure]}, {late: [on_failure]}]"), "-d")
	p.waitFor("the retry and the timeout are over", func() (bool, any) {
		s := statuses(p.run(id))
		return s["handle"] == "success" && s["stopped"] == "running", s
	})
	p.vast("run", "stop", id).exits(0)
	r := p.ends(id)
	if diff := cmp.Diff(map[string]string{"failing": "failed", "late": "failed", "stopped": "stopped", "handle": "success"}, statuses(r)); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	failing, late, stopped := r.Tasks[0], r.Tasks[1], r.Tasks[2]
	if failing.Attempt != 2 || failing.Cause != "Exit" || failing.Runs.Failed != 1 || failing.Runs.Succeeded != 3 {
		t.Errorf("the failed campaign is %+v with the counts %+v", failing, failing.Runs)
	}
	if !late.TimedOut || late.Runs.Stopped != 4 || stopped.Runs.Stopped != 4 {
		t.Errorf("the late campaign is %+v with the counts %+v, the stopped one has the counts %+v", late, late.Runs, stopped.Runs)
	}
	counted := c.counted()
	for _, name := range []string{"one-0", "one-1", "two-0", "two-1"} {
		// Two attempts at one campaign, and two other campaigns, of which the late one may end
		// before the run has reported.
		if n := counted[name]; n < 3 || n > 4 {
			t.Errorf("run %s was executed %d times, want 4 times at most", name, n)
		}
	}
	p.vast("run", "delete", id, "--wait").exits(0)
	p.waitFor("the campaigns are deleted with the run", func() (bool, any) {
		left := p.kubectl("get", "jobs,configmaps", "-l", "kubevast.io/campaign", "-o", "name")
		return left == "", left
	})
}
