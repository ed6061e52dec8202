package cmd

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kubevast/vast/internal/cli/clitest"
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
		"one that was deleted, of which the store knows": {func(s *api.TaskStatus) { s.Kept, s.UID = "tasks/aaaaaaaa/", "" },
			[]string{"kubectl vast results download aaaaaaaa", "kubectl vast results delete aaaaaaaa"}, []string{"kubectl vast delete"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := task("aaaaaaaa", "train", api.Succeeded, "", time.Minute)
			tt.change(&s)
			c := &clitest.Client{Tasks: clitest.Tasks{OnGet: func(context.Context, string) (*api.TaskStatus, error) { return &s, nil }}}
			r := plugin(c).Do(t, "status", "aaaaaaaa")
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
		c := &clitest.Client{Results: clitest.Results{OnDownload: func(_ context.Context, o api.DownloadOptions) (*api.DownloadReport, error) {
			asked = o
			return &api.DownloadReport{}, nil
		}}}
		r := plugin(c).Do(t, append([]string{"results", "download"}, strings.Fields(args)...)...)
		if r.Code != want.code || !strings.Contains(r.Err, want.says) || r.Code == 0 && (asked.All != strings.Contains(args, "--all") || asked.AllUsers != strings.Contains(args, "--all-users")) {
			t.Errorf("%q: code %d, stderr %q, asked %+v", args, r.Code, r.Err, asked)
		}
	}
}
