package results_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func someResults() *api.ResultList {
	ended := clitest.Ago(time.Hour)
	return &api.ResultList{TypeMeta: api.TypeMeta[api.ResultList](), Items: []api.Result{
		{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: "aaaabbbb/0"}, TaskID: "aaaabbbb", TaskName: "train",
			State: api.Failed, Cause: api.CauseOutOfMemory, Reason: "out of memory", Complete: true, Files: 3, Bytes: 2048, EndTime: &ended},
		{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: "cccccccc/0"}, TaskID: "cccccccc", TaskName: "half",
			Reason: "its pod ended before all was saved", Files: 1, Bytes: 1},
		{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: "sweep-1"}, Campaign: "sweep-1", State: api.Succeeded,
			Reason: "2 of 2 runs: 2 succeeded", Complete: true},
		{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: "sweep-2"}, Campaign: "sweep-2", State: api.Running, Reason: "0 of 2 runs"},
		{TypeMeta: api.TypeMeta[api.Result](), ObjectMeta: metav1.ObjectMeta{Name: "sweep-3"}, Campaign: "sweep-3", State: api.Stopped, Reason: "1 of 2 runs"},
	}}
}

func TestResultsListIsATable(t *testing.T) {
	var asked api.ResultListOptions
	r := cmdtest.Plugin(&clitest.Client{Result: clitest.Results{OnList: func(_ context.Context, o api.ResultListOptions) (*api.ResultList, error) {
		asked = o
		return someResults(), nil
	}}}).Do(t, "results", "list", "x", "--config=a*,b", "--run=1", "--failed")
	want := `RESULT       NAME    STATE        FILES   SIZE      ENDED   REASON
aaaabbbb/0   train   Failed       3       2.0 KiB   60m     out of memory
cccccccc/0   half    Incomplete   1       1 B       -       its pod ended before all was saved
sweep-1              Succeeded    -       -         -       2 of 2 runs: 2 succeeded
sweep-2              Running      -       -         -       0 of 2 runs
sweep-3              Stopped      -       -         -       1 of 2 runs
`
	if diff := cmp.Diff(want, trimLines(r.Out)); diff != "" || r.Code != 0 {
		t.Errorf("exit code %d\n%s", r.Code, diff)
	}
	if diff := cmp.Diff(api.ResultListOptions{Ref: "x", ResultSelector: api.ResultSelector{Configs: []string{"a*", "b"}, Runs: []int{1}, Failed: true}}, asked); diff != "" {
		t.Error(diff)
	}
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestResultsDownloadReportsWhatIsUnexpected(t *testing.T) {
	r := cmdtest.Plugin(&clitest.Client{Result: clitest.Results{OnDownload: func(_ context.Context, _ string, o api.DownloadOptions) (*api.DownloadReport, error) {
		return &api.DownloadReport{Path: o.Dir, Results: 2, Files: 1, Bytes: 1024, Skipped: 4, Missing: 3,
			Incomplete: []string{"cccccccc/0"}, LeftOut: slices.Repeat([]string{"a -> /b"}, 7),
			Renamed: slices.Repeat([]api.RenamedFile{{Result: "cccccccc/0", Path: "CON\n\u202e", To: "%43ON"}}, 40)}, nil
	}}}).Do(t, "results", "download", "x", "-d", "out")
	if want := "2 results in out: 1 file, 1.0 KiB fetched; 4 were there already\n"; r.Out != want || r.Code != 0 {
		t.Errorf("exit code %d, %q, want %q", r.Code, r.Out, want)
	}
	want := `Warning: 1 result is not complete: cccccccc/0
Warning: 3 files could not be kept when they were made; see: kubectl vast results show x
Warning: what would lead out of the folder was left out: a -> /b, a -> /b, a -> /b, a -> /b, a -> /b and 2 more
Warning: 40 files cannot have their names here and have others: ` + strings.Repeat(`, cccccccc/0/CON\n\u202e is %43ON`, 5)[2:] + ` and 35 more
`
	if diff := cmp.Diff(want, r.Err); diff != "" {
		t.Error(diff)
	}
}

func TestResultsShowOfOddNames(t *testing.T) {
	long := strings.Repeat("d/", 600)
	r := cmdtest.Plugin(&clitest.Client{Result: clitest.Results{OnGet: func(context.Context, string, api.ResultGetOptions) (*api.ResultList, error) {
		return &api.ResultList{Items: []api.Result{{ObjectMeta: metav1.ObjectMeta{Name: "aaaabbbb/0"}, State: api.Succeeded, Complete: true, Entries: []api.ResultFile{
			{Path: "a\x1b[31m\tb\nc\u202e", Size: 1, SHA256: "x"}, {Path: long, Size: 1, SHA256: "x"}, {Path: long + "x", Missing: "it is\na pipe"}}}}}, nil
	}}}).Do(t, "results", "show", "x")
	_, files, _ := strings.Cut(trimLines(r.Out), "Files:\n")
	cutPath := func(end string) string {
		return strings.Repeat("d/", 64)[:127] + "..." + (strings.Repeat("d/", 64) + end)[128+len(end)-126:]
	}
	want := "1 B " + `a\x1b[31m\tb\nc\u202e` + " 1 B " + cutPath("") + " - " + cutPath("x") + " not kept: it is a pipe"
	if diff := cmp.Diff(want, strings.Join(strings.Fields(files), " ")); diff != "" || r.Code != 0 {
		t.Errorf("exit code %d\n%s", r.Code, diff)
	}
}

func TestResultsDeleteAsksFirst(t *testing.T) {
	tests := map[string]struct {
		stdin    string
		terminal bool
		args     []string
		code     int
		removed  bool
	}{
		"yes":                 {"y\n", true, nil, 0, true},
		"no":                  {"n\n", true, nil, 0, false},
		"no terminal":         {"", false, nil, 2, false},
		"not asked with -y":   {"", false, []string{"-y"}, 0, true},
		"only a dry run":      {"", false, []string{"--dry-run=client"}, 0, false},
		"of no known dry run": {"", false, []string{"--dry-run=perhaps"}, 2, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			removed := false
			p := cmdtest.Plugin(&clitest.Client{Result: clitest.Results{
				OnDelete: func(_ context.Context, _ string, o api.ResultDeleteOptions) (*api.ResultList, error) {
					removed = removed || o.DryRun == api.DryRunNone
					return someResults(), nil
				}}})
			p.Stdin, p.Terminal = tc.stdin, tc.terminal
			r := p.Do(t, append([]string{"results", "delete", "x"}, tc.args...)...)
			if r.Code != tc.code || removed != tc.removed {
				t.Errorf("exit code %d, removed %v\n%s", r.Code, removed, r.Err)
			}
		})
	}
}

func TestResultsDeleteRemovesWhatItAskedFor(t *testing.T) {
	for ref, want := range map[string]string{"@latest": "sweep-1", "sw/a-1/0": "sweep-1/a-1/0"} {
		t.Run(ref, func(t *testing.T) {
			removed := ""
			p := cmdtest.Plugin(&clitest.Client{Result: clitest.Results{
				OnDelete: func(_ context.Context, ref string, o api.ResultDeleteOptions) (*api.ResultList, error) {
					if o.DryRun == api.DryRunNone {
						removed = ref
					}
					return &api.ResultList{Ref: want, Items: []api.Result{{TypeMeta: api.TypeMeta[api.Result](), Campaign: "sweep-1", TaskID: "aaaabbbb"}}}, nil
				}}})
			p.Stdin, p.Terminal = "y\n", true
			r := p.Do(t, "results", "delete", ref)
			if r.Code != 0 || removed != want || !strings.Contains(r.Err+r.Out, " of "+want+" (") {
				t.Errorf("exit code %d, removed %q, want %q\n%s", r.Code, removed, want, r.Err)
			}
		})
	}
}

func TestProgressWords(t *testing.T) {
	half, all := 0.5, 1.0
	tests := map[string]struct {
		p    *api.Progress
		want string
	}{
		"none":                      {nil, ""},
		"all there is":              {&api.Progress{Fraction: &half, Step: "epoch 3", Message: "loss 0.1", Status: "training"}, "50% epoch 3, loss 0.1"},
		"a status where no message": {&api.Progress{Fraction: &all, Status: "done"}, "100%, done"},
		"on one line":               {&api.Progress{Message: "a\nb"}, "a b"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := cli.ProgressWords(tc.p); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}
