package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
)

const (
	expandRuns = 3
	// expandFile has 315 configurations, each run 3 times; with manyRuns of
	// each there are 100,170 runs.
	expandFile     = "corpus/robovast/configs/navigation/small_dataset.vast"
	expandScenario = "corpus/robovast/configs/examples/growth_sim/scenario.osc"
	fewJobs        = 945
	manyRuns       = 318
	manyJobs       = 315 * manyRuns
)

// measureExpand makes all Jobs of a campaign out of its file, without a
// cluster. Its bounds are times, not ratios: nothing else does the same.
func measureExpand(ctx context.Context, e *env) ([]figure, error) {
	dir, err := os.MkdirTemp("", "vast-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, err := campaignBeside(dir)
	if err != nil {
		return nil, err
	}
	few, err := timed(ctx, dir, "campaign: submit --dry-run=client of 945 runs, as one List", 1, fewJobs, jobsInList,
		e.vast, "submit", file, "--dry-run=client", "-o", "json", "--kubeconfig", e.kubeconfig)
	if err != nil {
		return nil, err
	}
	figures := []figure{few}
	for _, as := range []struct {
		form, what string
		seconds    float64
	}{
		{"jobs", "campaign: 100,170 runs expanded and rendered", 10},
		{"json", "campaign: 100,170 runs expanded, rendered and written as JSON", 0},
	} {
		many, err := timed(ctx, dir, as.what, as.seconds, manyJobs, jobsCounted,
			e.self, "expand", e.kubeconfig, "default", file, strconv.Itoa(manyRuns), as.form)
		if err != nil {
			return figures, err
		}
		figures = append(figures, many)
	}
	return figures, nil
}

// campaignBeside puts the campaign into a folder, with a scenario that the
// corpus has elsewhere.
func campaignBeside(dir string) (string, error) {
	shared := cmp.Or(os.Getenv("VAST_SHARED"), filepath.Join("..", "..", "shared"))
	file := filepath.Join(dir, filepath.Base(expandFile))
	for from, to := range map[string]string{expandFile: file, expandScenario: filepath.Join(dir, "scenario.osc")} {
		data, err := os.ReadFile(filepath.Join(shared, filepath.FromSlash(from)))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return "", err
		}
	}
	return file, nil
}

// timed runs a program several times; it has to make so many Jobs, and may take
// most seconds (0: as long as it likes).
func timed(ctx context.Context, dir, what string, most float64, jobs int, count func([]byte) (int, error), argv ...string) (figure, error) {
	var took, ratios, peaks []float64
	// A file, as for whoever applies it later: a reader of a pipe would take
	// its part of the processors.
	out := filepath.Join(dir, "out")
	for range expandRuns {
		p, err := runInto(ctx, out, argv...)
		if err != nil {
			return figure{}, err
		}
		data, err := os.ReadFile(out)
		if err != nil {
			return figure{}, err
		}
		if n, err := count(data); err != nil || n != jobs {
			return figure{}, errors.Join(err, fmt.Errorf("%s made %d Jobs, not %d", argv[0], n, jobs))
		}
		took = append(took, p.took.Seconds())
		ratios = append(ratios, p.took.Seconds()/cmp.Or(most, 1))
		peaks = append(peaks, float64(p.peak))
	}
	f := figure{what: what, ours: seconds(median(took)), theirs: "-", ratio: median(ratios), from: slices.Min(ratios), to: slices.Max(ratios),
		runs: strconv.Itoa(expandRuns), notes: []string{"peak memory " + mebibytes(median(peaks)) + "; the ratio is to the seconds of the bound, or to 1 s"}}
	if most > 0 {
		f.bound = bound{limit: 1, text: fmt.Sprintf("<= %g s", most)}
	}
	return f, nil
}

// runInto runs a program whose output goes into a file.
func runInto(ctx context.Context, path string, argv ...string) (process, error) {
	file, err := os.Create(path)
	if err != nil {
		return process{}, err
	}
	p, err := run(ctx, file, argv...)
	return p, errors.Join(err, file.Close())
}

func jobsInList(data []byte) (int, error) {
	var list struct{ Items []json.RawMessage }
	err := json.Unmarshal(data, &list)
	return len(list.Items), err
}

func jobsCounted(data []byte) (n int, err error) {
	_, err = fmt.Sscan(string(data), &n)
	return n, err
}

// expandJobs is the helper: it makes all Jobs of a campaign one after the
// other, writes them as JSON to nowhere if it is asked to, and prints how many
// there were.
func expandJobs(ctx context.Context, _ kubernetes.Interface, namespace string, more []string) error {
	runs, err := strconv.Atoi(more[1])
	if err != nil {
		return err
	}
	client, err := sdk.NewForConfig(&rest.Config{Host: "http://localhost"}, sdk.WithNamespace(namespace))
	if err != nil {
		return err
	}
	c, configs, err := sdk.LoadCampaign(ctx, more[0], sdk.CampaignInputs{FileOnly: true})
	if err != nil {
		return err
	}
	rendered, err := client.Campaigns().Render(ctx, c, configs, api.CampaignOptions{Runs: runs})
	if err != nil {
		return err
	}
	n, out := 0, json.NewEncoder(io.Discard)
	for job, err := range rendered.Jobs {
		if err == nil && more[2] == "json" {
			err = out.Encode(job)
		}
		if err != nil {
			return err
		}
		n++
	}
	fmt.Println(n)
	return nil
}
