//go:build unix

package cmd_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"iter"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/internal/cli/clitest"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd"
	"github.com/kubevast/vast/plugins/kubectl-vast/cmd/cmdtest"
	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
	"github.com/kubevast/vast/sdk/variation"
)

// endless has the plugin of clitest.Shell work on a cluster in which nothing ends.
const endless = "VAST_TEST_NOTHING_ENDS"

// newOrEndless are the commands of the plugin that clitest.Shell starts.
func newOrEndless(f *cli.Factory) *cobra.Command {
	if os.Getenv(endless) != "" {
		f.NewClient = func(genericclioptions.RESTClientGetter, ...sdk.Option) (cli.Client, error) {
			return neverEnding(), nil
		}
	}
	return cmd.New(f)
}

type neverEndingCampaigns struct{ cmdtest.Runners }

func (*neverEndingCampaigns) Run(context.Context, *spec.Campaign, *variation.Configs, api.CampaignOptions) (*api.Campaign, error) {
	c := cmdtest.Sweeping()
	return &c, nil
}

func (*neverEndingCampaigns) Rerun(context.Context, string, api.CampaignRerunOptions) (*api.Campaign, error) {
	c := cmdtest.Sweeping()
	return &c, nil
}

// neverEnding is a client whose one task, and whose one campaign, run for ever.
func neverEnding() *clitest.Client {
	running := cmdtest.Task("aaaaaaaa", "train", api.Running, "", time.Minute)
	return &clitest.Client{
		Task: clitest.Tasks{
			OnSubmit: func(context.Context, *spec.Task, api.SubmitOptions) (*api.TaskStatus, error) { return &running, nil },
			OnGet:    func(context.Context, string) (*api.TaskStatus, error) { return &running, nil },
			OnList: func(context.Context, api.TaskListOptions) (*api.TaskStatusList, error) {
				return &api.TaskStatusList{TypeMeta: api.TypeMeta[api.TaskStatusList](), Items: []api.TaskStatus{running}}, nil
			},
			OnWatch: func(ctx context.Context, _ api.TaskListOptions) iter.Seq2[*api.TaskStatus, error] {
				return func(func(*api.TaskStatus, error) bool) { <-ctx.Done() }
			},
			OnWait: func(ctx context.Context, _ string, o api.WaitOptions) (*api.TaskStatus, error) {
				o.Notify(&running)
				<-ctx.Done()
				return nil, ctx.Err()
			},
			OnLogs: func(ctx context.Context, _ string, _ api.LogOptions, sink api.LogSink) error {
				if err := sink(api.LogLine{Text: []byte("training\n")}); err != nil {
					return err
				}
				<-ctx.Done()
				return ctx.Err()
			},
		},
		Campaign: &neverEndingCampaigns{cmdtest.Runners{Monitors: cmdtest.Monitors{Lists: []*api.CampaignList{cmdtest.Campaigns(cmdtest.Sweeping())}}}},
		Doctors: clitest.Doctors{OnCheck: func(ctx context.Context, o api.DoctorOptions) (*api.DoctorReport, error) {
			o.Notify(api.Check{Name: "cluster", Outcome: api.CheckOK, Seen: "training"})
			<-ctx.Done()
			o.Notify(api.Check{Name: "store", Outcome: api.CheckFailed, Seen: ctx.Err().Error()})
			return nil, ctx.Err()
		}},
	}
}

const (
	taskGoesOn = "Detached; task aaaaaaaa continues.\n" +
		"  Follow it:  kubectl vast logs aaaaaaaa -f -n lab\n  Stop it:    kubectl vast stop aaaaaaaa -n lab\n"
	campaignGoesOn = "Detached; campaign sweep-2026-11-21-101500 continues.\n" +
		"  Watch it:  kubectl vast monitor sweep-2026-11-21-101500 -n lab\n  Stop it:   kubectl vast campaign stop sweep-2026-11-21-101500 -n lab\n"
)

func TestWhoLeavesBeforeTheEndHasNotSeenASuccess(t *testing.T) {
	for name, tt := range map[string]struct {
		args string
		// until is seen before the signal is sent, and says is the text after it.
		until, says string
	}{
		"a task that was submitted":        {"submit task.yaml -n lab", "training", taskGoesOn},
		"one that is waited for":           {"submit task.yaml -n lab --wait", "running", "Interrupted; the tasks go on. Wait for them with: kubectl vast wait aaaaaaaa -n lab\n"},
		"a campaign that was submitted":    {"submit c.vast --follow -n lab", "sweep-", campaignGoesOn},
		"a campaign that was run":          {"campaign run c.vast --follow -n lab", "sweep-", campaignGoesOn},
		"a campaign that is printed after": {"campaign run c.vast --follow -n lab -o json", "sweep-", campaignGoesOn},
		"runs that are run again":          {"campaign rerun sweep-2026-11-21-101500 --failed --follow -n lab", "sweep-", campaignGoesOn},
		"wait":                             {"wait aaaaaaaa -n lab", "running", taskGoesOn},
		"logs -f":                          {"logs aaaaaaaa -f", "training", ""},
		"list -w":                          {"list -w", "train", ""},
		"monitor":                          {"monitor", "sweep-", ""},
		"monitor --wait":                   {"monitor --wait", "sweep-", ""},
		"doctor":                           {"doctor", "training", ""},
	} {
		for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+", "+sig.String(), func(t *testing.T) {
				t.Parallel()
				c := clitest.Shell(t, beside, `exec "$PLUGIN" `+tt.args)
				c.Env = append(c.Env, endless+"=1")
				all, out := io.Pipe()
				c.Stdout, c.Stderr = out, out
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() {
					ended <- c.Wait()
					out.Close()
				}()
				lines := bufio.NewReader(all)
				for seen := ""; !strings.Contains(seen, tt.until); {
					b, err := lines.ReadByte()
					if err != nil {
						t.Fatalf("it ended after %q", seen)
					}
					seen += string(b)
				}
				if err := c.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				rest, err := io.ReadAll(lines)
				if err != nil {
					t.Fatal(err)
				}
				if err := <-ended; err == nil {
					t.Error("it succeeded")
				}
				if code := c.ProcessState.ExitCode(); code != 128+int(sig) {
					t.Errorf("exit code %d", code)
				}
				_, said, _ := bytes.Cut(rest, []byte("\n")) // the line that was being written
				if said := strings.TrimLeft(string(said), "\n"); !strings.HasSuffix(said, tt.says) || tt.says == "" && strings.Contains(said, "continues") {
					t.Errorf("(-want,+got):\n%s", cmp.Diff(tt.says, said))
				}
				for _, fault := range []string{"error", "cancel", "nterrupted\n", "FAILED"} {
					if strings.Contains(string(rest), fault) {
						t.Errorf("printed %q: %s", fault, rest)
					}
				}
			})
		}
	}
}

func TestAClosedOutputIsNoError(t *testing.T) {
	for name, args := range map[string]string{
		"a long text": "schema task",
		"a long list": "campaign run many.vast --runs=2000 --dry-run=client -o json",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := clitest.Shell(t, map[string]string{"many.vast": cmdtest.Single}, `"$PLUGIN" `+args+` | head -n 1 >/dev/null`)
			var stderr bytes.Buffer
			c.Stderr = &stderr
			if err := c.Run(); err != nil || stderr.Len() > 0 {
				t.Errorf("%v, stderr %q", err, &stderr)
			}
		})
	}
}
