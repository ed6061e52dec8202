package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// growth writes RoboVAST's example of 13 configurations, with another image and a command
// instead of its simulator.
func (p *person) growth(name, command string) string {
	p.Helper()
	shared := os.Getenv("VAST_SHARED")
	if shared == "" {
		shared = filepath.Join(repository(), "..", "shared")
	}
	dir := filepath.Join(shared, "corpus", "robovast", "configs", "examples", "growth_sim")
	text, err := os.ReadFile(filepath.Join(dir, "growth_sim.vast"))
	if err != nil {
		if os.Getenv("CI") == "" {
			p.Skip(err)
		}
		p.Fatal(err)
	}
	scenario, err := os.ReadFile(filepath.Join(dir, "scenario.osc"))
	if err != nil {
		p.Fatal(err)
	}
	p.file("scenario.osc", string(scenario))
	if err := os.MkdirAll(filepath.Join(p.dir, "files"), 0o700); err != nil {
		p.Fatal(err)
	}
	p.file("files/pre_command.sh", "export BEFORE=sourced\n")
	p.file("files/post_command.sh", `echo "$BEFORE" >"$OUTPUT_DIR/after"`+"\n")
	indented := strings.ReplaceAll(strings.TrimSpace(command), "\n", "\n    ")
	changed := strings.NewReplacer(
		"image: ghcr.io/cps-test-lab/robovast:latest", "image: busybox:1.36",
		"cpu: 1\n", "cpu: 20m\n    memory: 32Mi\n",
		"runs: 20", "runs: 2",
		"scenario_file: scenario.osc", "scenario_file: scenario.osc\n  command: |\n    "+indented,
	).Replace(string(text))
	return p.file(name, changed)
}

// campaign returns the status of a campaign.
func (p *person) campaign(id string) api.Campaign {
	p.Helper()
	var c api.Campaign
	if err := json.Unmarshal([]byte(p.vast("campaign", "status", id, "-o", "json").exits(0).stdout), &c); err != nil {
		p.Fatal(err)
	}
	return c
}

// ended waits until a campaign has ended and returns its status. It may take longer than
// patience as long as runs end meanwhile.
func (p *person) ended(id string) api.Campaign {
	p.Helper()
	var c api.Campaign
	for done := -1; !c.State.Ended(); done = c.Runs.Done() {
		p.waitFor("campaign "+id+" gets on", func() (bool, any) {
			if now, err := p.peekCampaign(id); err == nil && !now.State.Ended() && now.Runs.Done() <= done {
				return false, now.Runs
			}
			c = p.campaign(id)
			return c.State.Ended() || c.Runs.Done() > done, c.Runs
		})
	}
	return c
}

// downloaded returns a file of the results.
func (p *person) downloaded(parts ...string) string {
	p.Helper()
	data, err := os.ReadFile(filepath.Join(append([]string{p.dir, "results"}, parts...)...))
	if err != nil {
		p.Error(err)
	}
	return string(data)
}

// jobsOf counts the Jobs of a campaign.
func (p *person) jobsOf(id string) int {
	p.Helper()
	list, err := client.BatchV1().Jobs(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: kube.LabelCampaign + "=" + kube.LabelValue(id)})
	if err != nil {
		p.Fatal(err)
	}
	return len(list.Items)
}

func TestACampaignRunsToTheEndAndEveryResultIsThere(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	file := p.growth("growth.vast", `
echo "run $RUN_ID of $CAMPAIGN_ID"
echo "$CONFIG_NAME,$RUN_NUMBER,$PARAM_GROWTH_RATE,$PARAM_INITIAL_POPULATION" >"$OUTPUT_DIR/out.csv"
cp "$SCENARIO_PARAMETER_FILE" "$OUTPUT_DIR/parameters.yaml"`)
	p.vast("submit", file).exits(1).prints("has no store", "cluster setup")
	p.vast("cluster", "setup", "kind").exits(0)
	p.queue("mine", "1") // others' campaigns wait for the common quota
	id := p.vast("submit", file, "--queue=mine", "-o", "jsonpath={.id}").exits(0).stdout
	c := p.ended(id)
	if c.State != api.CampaignSucceeded || c.Runs.Succeeded != 26 || c.Runs.Total != 26 {
		t.Fatalf("%s: %+v %+v", c.State, c.Runs, c.Failures)
	}
	p.vast("results", "download", id, "--dir", filepath.Join(p.dir, "results")).exits(0)
	rates, populations := []string{"0.05", "0.1", "0.3", "0.5"}, []string{"50", "100", "200"}
	for run := range 2 {
		for i, rate := range rates {
			for j, population := range populations {
				config := fmt.Sprintf("test-%d-%d", i+1, j+1)
				at := p.in(t)
				at.dir = p.dir
				n := fmt.Sprint(run)
				if got, want := at.downloaded(id, config, n, "out.csv"), fmt.Sprintf("%s,%d,%s,%s\n", config, run, rate, population); got != want {
					t.Errorf("%s/%d has %q, want %q", config, run, got, want)
				}
				want := fmt.Sprintf("test_scenario:\n    growth_rate: %s\n    initial_population: %s\n    _output_dir: %s/%d\n", rate, population, config, run)
				if got := at.downloaded(id, config, n, "parameters.yaml"); got != want {
					t.Errorf("%s/%d was given %q, want %q", config, run, got, want)
				}
				if got := at.downloaded(id, config, n, "after"); got != "sourced\n" {
					t.Errorf("%s/%d: post_command wrote %q", config, run, got)
				}
				log := at.downloaded(id, config, n, "_vast", "logs", "task.log")
				if want := fmt.Sprintf("run %s/%d of %s\n", config, run, id); !strings.Contains(log, want) {
					t.Errorf("%s/%d: the log is %q", config, run, log)
				}
			}
		}
	}
	p.vast("campaign", "cleanup", id).exits(0)
	p.waitFor("the Jobs are gone", func() (bool, any) { n := p.jobsOf(id); return n == 0, n })
	if c := p.campaign(id); c.Runs.Succeeded != 26 {
		t.Errorf("without its Jobs it has %+v", c.Runs)
	}
}

func TestRunsThatAreKilledKeepWhatTheyHaveAndTheirReason(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	// One run for each way to end; the configuration is named after it.
	file := p.file("deaths.vast", `
version: 1
metadata: {name: deaths}
configuration: [{name: memory}, {name: deadline}, {name: deleted}, {name: fails}, {name: fine}]
execution:
  image: busybox:1.36
  runs: 1
  timeout: 60
  resources: {cpu: 20m, memory: 32Mi}
  command: |
    echo "began $CONFIG_NAME"; echo part >"$OUTPUT_DIR/part"
    trap 'echo ending; exit 143' TERM
    case $CONFIG_NAME in
    memory) sleep 5; tail /dev/zero;;
    deadline|deleted) sleep 600 & wait;;
    fails) exit 3;;
    esac
`)
	id := p.vast("campaign", "run", file, "-o", "jsonpath={.id}").exits(0).stdout
	p.waitFor("the run to be deleted runs", func() (bool, any) {
		pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{
			LabelSelector: kube.LabelConfig + "=deleted", FieldSelector: "status.phase=Running"})
		return err == nil && len(pods.Items) == 1 && pods.Items[0].Status.ContainerStatuses[0].Ready, err
	})
	p.kubectl("delete", "pod", "-l", kube.LabelConfig+"=deleted", "--wait=false")
	c := p.ended(id)
	if c.State != api.CampaignFailed || c.Runs.Succeeded != 1 || c.Runs.Failed != 4 {
		t.Errorf("%s: %+v %+v", c.State, c.Runs, c.Failures)
	}
	s := p.store()
	outcomes := map[string]string{}
	for object, err := range s.List(t.Context(), layout.CampaignIndex(id), store.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		if config, _, outcome, ok := layout.ParseRunIndex(id, object.Key); ok {
			outcomes[config] = outcome.Word()
		}
	}
	for config, want := range map[string]string{"memory": "Failed.OutOfMemory", "deadline": "Failed.Deadline",
		"deleted": "Failed.", "fails": "Failed.", "fine": "Succeeded"} {
		if !strings.HasPrefix(outcomes[config], want) {
			t.Errorf("%s ended as %q, want %q", config, outcomes[config], want)
		}
	}
	p.vast("results", "download", id, "--dir", filepath.Join(p.dir, "results")).exits(0)
	for _, config := range []string{"memory", "deadline", "deleted", "fails", "fine"} {
		if got := p.downloaded(id, config, "0", "part"); got != "part\n" {
			t.Errorf("%s kept %q", config, got)
		}
		if log := p.downloaded(id, config, "0", "_vast", "logs", "task.log"); !strings.Contains(log, "began "+config) {
			t.Errorf("%s: the log is %q", config, log)
		}
	}
	again := p.vast("campaign", "rerun", id, "--failed", "-o", "jsonpath={.id}").exits(0).stdout
	if n := p.jobsOf(again); n != 4 {
		t.Errorf("%d of 4 failed runs are run again", n)
	}
	p.vast("campaign", "stop", again).exits(0)
}

func TestAClientThatIsKilledIsResumedWithEveryJobOnce(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	file := p.growth("killed.vast", "true")
	p.queue("mine", "100m") // so many runs would use up the common quota
	run := p.start("kubectl-vast", nil, "campaign", "run", file, "--runs=20", "--queue=mine")
	id := ""
	p.catch("some of the Jobs are made", func() (bool, any) {
		for line := range strings.Lines(run.stderr.String()) {
			if word, ok := strings.CutPrefix(line, "Campaign "); ok {
				id = strings.TrimSpace(word)
			}
		}
		return id != "" && p.jobsOf(id) > 0, id
	})
	if err := run.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = run.command.Wait() // killed
	p.vast("campaign", "run", "--resume", id).exits(0)
	if n := p.jobsOf(id); n != 260 {
		t.Errorf("%d Jobs, want 260", n)
	}
	p.vast("campaign", "run", "--resume", id).exits(0)
	if n := p.jobsOf(id); n != 260 {
		t.Errorf("resumed once more there are %d Jobs, want 260", n)
	}
	p.vast("campaign", "stop", id).exits(0)
}
