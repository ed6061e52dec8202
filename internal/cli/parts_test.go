package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubevast/vast/sdk/api"
)

func testFactory(in io.Reader, terminal bool) (*Factory, *bytes.Buffer) {
	var errOut bytes.Buffer
	return &Factory{
		IOStreams:  genericiooptions.IOStreams{In: in, Out: io.Discard, ErrOut: &errOut},
		Plugin:     Plugin{Name: "kubectl-vast", Display: "kubectl vast"},
		Config:     genericclioptions.NewConfigFlags(true),
		Now:        func() time.Time { return time.Unix(1000, 0) },
		IsTerminal: func(any) bool { return terminal },
	}, &errOut
}

func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "YES\n": true, "n\n": false, "\n": false, "": false, "yeah\n": false} {
		f, errOut := testFactory(strings.NewReader(answer), true)
		got, err := f.Confirm(t.Context(), "Stop 2 tasks?")
		if err != nil || got != want {
			t.Errorf("%q: %v, error %v, want %v", answer, got, err, want)
		}
		if !strings.HasPrefix(errOut.String(), "Stop 2 tasks? [y/N] ") {
			t.Errorf("asked %q", errOut.String())
		}
	}
}

func TestConfirmWithoutATerminalIsWrongUsage(t *testing.T) {
	f, _ := testFactory(strings.NewReader("y\n"), false)
	if _, err := f.Confirm(t.Context(), "Stop?"); ExitCode(err) != CodeUsage || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("error %v", err)
	}
}

func TestConfirmEndsWithItsContext(t *testing.T) {
	never, _ := io.Pipe()
	f, _ := testFactory(never, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Confirm(ctx, "Stop?"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestTimeoutFlag(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "7d": 168 * time.Hour, "1.5d": 36 * time.Hour, "0": 0} {
		var d Timeout
		if err := d.Set(text); err != nil || time.Duration(d) != want {
			t.Errorf("%q: %v, error %v", text, time.Duration(d), err)
		}
	}
	for _, text := range []string{"", "x", "-1s", "5", "d"} {
		var d Timeout
		if err := d.Set(text); err == nil {
			t.Errorf("%q was taken as %v", text, time.Duration(d))
		}
	}
}

func TestAHintNamesTheSameCluster(t *testing.T) {
	f, _ := testFactory(nil, false)
	*f.Config.Context, *f.Config.Namespace = "my cluster", "team-a"
	want := "kubectl vast logs x -f --context='my cluster' -n team-a"
	if got := f.Hint().Vast("logs", "x", "-f"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEachKeepsTheOrderAndContinuesAfterAnError(t *testing.T) {
	refs := make([]string, 30)
	for i := range refs {
		refs[i] = strconv.Itoa(i)
	}
	var done []string
	err := Each(t.Context(), refs, func(_ context.Context, ref string) (string, error) {
		if ref == "3" || ref == "20" {
			return "", &api.NotFoundError{Kind: "task", Name: ref}
		}
		return ref, nil
	}, func(ref string) error {
		done = append(done, ref)
		return nil
	})
	if ExitCode(err) != CodeNotFound {
		t.Errorf("error %v", err)
	}
	want := append(append(append([]string{}, refs[:3]...), refs[4:20]...), refs[21:]...)
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("(-want,+got):\n%s", diff)
	}
}
