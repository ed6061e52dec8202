package cmd_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk/api"
)

func TestWhatIsOfferedForATaskIsThere(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*api.TaskStatus)
		says   []string
		never  []string
	}{
		"one that runs": {func(s *api.TaskStatus) { s.State = api.Running }, []string{"kubectl vast logs aaaaaaaa -f", "kubectl vast stop aaaaaaaa"}, []string{"vast delete"}},
		"one that has ended": {func(s *api.TaskStatus) { s.Kept = "tasks/aaaaaaaa/" },
			[]string{"kubectl vast results download aaaaaaaa", "kubectl vast delete aaaaaaaa"}, []string{"results delete"}},
		"one that was deleted, that the store has": {func(s *api.TaskStatus) { s.Kept, s.UID = "tasks/aaaaaaaa/", "" },
			[]string{"kubectl vast results download aaaaaaaa", "kubectl vast results delete aaaaaaaa"}, []string{"kubectl vast delete"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := cmdtest.Task("aaaaaaaa", "train", api.Succeeded, "", time.Minute)
			tt.change(&s)
			c := &clitest.Client{Task: clitest.Tasks{OnGet: func(context.Context, string) (*api.TaskStatus, error) { return &s, nil }}}
			r := cmdtest.Plugin(c).Do(t, "status", "aaaaaaaa")
			for _, want := range tt.says {
				if !strings.Contains(r.Out, want) {
					t.Errorf("it lacks %q:\n%s", want, r.Out)
				}
			}
			for _, no := range tt.never {
				if strings.Contains(r.Out, no) {
					t.Errorf("it offers %q:\n%s", no, r.Out)
				}
			}
		})
	}
}

func TestWhichResultsAreFetchedIsSaidOnce(t *testing.T) {
	for args, want := range map[string]struct {
		code int
		says string
	}{
		"":                  {2, "missing"},
		"x --all":           {2, "not both"},
		"x --all-users":     {2, "goes with --all"},
		"--all --config a":  {2, "--all means all"},
		"--all --all-users": {0, ""},
		"x":                 {0, ""},
	} {
		var asked api.DownloadOptions
		c := &clitest.Client{Result: clitest.Results{OnDownload: func(_ context.Context, _ string, o api.DownloadOptions) (*api.DownloadReport, error) {
			asked = o
			return &api.DownloadReport{}, nil
		}}}
		r := cmdtest.Plugin(c).Do(t, append([]string{"results", "download"}, strings.Fields(args)...)...)
		if r.Code != want.code || !strings.Contains(r.Err, want.says) || r.Code == 0 && (asked.All != strings.Contains(args, "--all") || asked.AllUsers != strings.Contains(args, "--all-users")) {
			t.Errorf("%q: code %d, stderr %q, asked %+v", args, r.Code, r.Err, asked)
		}
	}
}

func TestACampaignThatIsNoTaskLeadsToItsOwnCommand(t *testing.T) {
	const id = "sweep-2026-11-21-101500"
	for args, want := range map[string]string{
		"status": "kubectl vast campaign status " + id,
		"wait":   "kubectl vast monitor " + id + " --wait",
		"stop":   "kubectl vast campaign stop " + id,
		"delete": "kubectl vast campaign cleanup " + id,
		"logs":   "kubectl vast logs " + id + "/CONFIG/RUN",
	} {
		for _, ref := range []string{id, "campaign.kubevast.io/" + id, "campaign/" + id} {
			missing := func(ref string) (*api.TaskStatus, error) {
				if _, err := kube.ParseRef(ref, kube.RefTask); err != nil {
					return nil, err
				}
				return nil, &api.NotFoundError{Kind: "task", Name: ref}
			}
			c := &clitest.Client{Task: clitest.Tasks{
				OnGet:  func(_ context.Context, ref string) (*api.TaskStatus, error) { return missing(ref) },
				OnWait: func(_ context.Context, ref string, _ api.WaitOptions) (*api.TaskStatus, error) { return missing(ref) },
				OnStop: func(_ context.Context, ref string, _ api.TaskStopOptions) (*api.TaskStatus, error) {
					return missing(ref)
				},
				OnDelete: func(_ context.Context, ref string, _ api.TaskDeleteOptions) (*api.TaskStatus, error) {
					return missing(ref)
				},
			}}
			r := cmdtest.Plugin(c).Do(t, args, ref, "-n", "lab")
			if r.Code != 3 || !strings.Contains(r.Err, "for campaigns it is: "+want+" -n lab\n") {
				t.Errorf("%s %s: code %d, stderr %q lacks %q", args, ref, r.Code, r.Err, want)
			}
			other := cmdtest.Plugin(c).Do(t, args, "abc")
			if other.Code != 3 || strings.Contains(other.Err, "campaign") {
				t.Errorf("%s abc: code %d, stderr %q", args, other.Code, other.Err)
			}
		}
	}
}

func TestNamesAreThoseThatCommandsTake(t *testing.T) {
	c := &clitest.Client{
		Campaign: &cmdtest.Cleaner{},
		Result: clitest.Results{OnGet: func(context.Context, string, api.ResultGetOptions) (*api.ResultList, error) {
			one, two := api.Result{TypeMeta: api.TypeMeta[api.Result]()}, api.Result{TypeMeta: api.TypeMeta[api.Result]()}
			one.Name, two.Name = "aaaaaaaa/0", "aaaaaaaa/1"
			return &api.ResultList{TypeMeta: api.TypeMeta[api.ResultList](), Items: []api.Result{one, two}}, nil
		}},
	}
	for args, want := range map[string]string{
		"results show aaaaaaaa -o name": "result.kubevast.io/aaaaaaaa/0\nresult.kubevast.io/aaaaaaaa/1\n",
		"campaign cleanup a b -o name":  "campaign.kubevast.io/a\ncampaign.kubevast.io/b\n",
	} {
		r := cmdtest.Plugin(c).Do(t, strings.Fields(args)...)
		if r.Code != 0 || r.Out != want {
			t.Errorf("%s: code %d, stdout %q, stderr %q", args, r.Code, r.Out, r.Err)
		}
	}
}
