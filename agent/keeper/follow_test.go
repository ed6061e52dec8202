package keeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/agent/apiserver"
	plain "github.com/kubevast/vast/internal/apiserver"
)

// answers is a log that is opened several times: each answer is its content, or
// an error. After the last one it is empty.
type answers struct {
	t           *testing.T
	each        []any
	at          int
	terminating chan struct{}
}

func (a *answers) open(_ context.Context, o apiserver.LogOptions) (io.ReadCloser, error) {
	if a.at == len(a.each) {
		return io.NopCloser(strings.NewReader("")), nil
	}
	answer := a.each[a.at]
	if a.at++; a.at == len(a.each) && a.terminating != nil {
		close(a.terminating)
		a.terminating = nil
	}
	switch answer := answer.(type) {
	case error:
		return nil, answer
	case func():
		answer()
		return io.NopCloser(strings.NewReader("")), nil
	}
	if o.Container != "task" {
		a.t.Errorf("container %q", o.Container)
	}
	return io.NopCloser(strings.NewReader(answer.(string))), nil
}

// A follower ends when the container has, and by then has the whole log. The
// pod is terminated with the last of the answers.
func TestALogIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	notStarted := &plain.StatusError{Code: http.StatusBadRequest, Message: "waiting to start"}
	for name, c := range map[string]struct {
		each []any
		want string
	}{
		"a container that logs and ends":      {[]any{l1 + l2}, l1 + l2},
		"a connection that breaks":            {[]any{l1, errors.New("broken"), l1 + l2}, l1 + l2},
		"one that has not started":            {[]any{notStarted, l1}, l1},
		"one that never starts":               {[]any{notStarted, notStarted}, ""},
		"one that is started anew":            {[]any{l1, "", l2}, l1 + l2},
		"a pod that is gone":                  {[]any{l1, &plain.StatusError{Code: http.StatusNotFound}}, l1},
		"one that writes in its grace period": {[]any{l1, l1 + l2 + l3}, l1 + l2 + l3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terminating := make(chan struct{})
			source := &answers{t: t, each: c.each, terminating: terminating}
			f := &follower{container: "task", open: source.open, file: filepath.Join(t.TempDir(), "task.log"), terminating: terminating,
				over: make(chan struct{}), say: t.Logf, pause: 1}
			if err := f.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(f.file); err != nil || string(got) != c.want {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestAKnownEndOfAContainerEndsTheWait(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	source := &answers{t: t, each: []any{l1, func() { close(over) }, l1 + l2}}
	f := &follower{container: "task", open: source.open, file: filepath.Join(t.TempDir(), "task.log"), terminating: make(chan struct{}),
		over: over, say: t.Logf, pause: 1}
	if err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(f.file); err != nil || string(got) != l1+l2 {
		t.Errorf("%q, %v", got, err)
	}
}

func TestALogThatCannotBeReadIsReportedOnceUntilItCan(t *testing.T) {
	t.Parallel()
	forbidden := &plain.StatusError{Code: http.StatusForbidden, Message: "no right"}
	terminating := make(chan struct{})
	source := &answers{t: t, each: []any{forbidden, forbidden, forbidden, l1, errors.New("broken"), errors.New("broken at another port"), l1 + l2}, terminating: terminating}
	var said []string
	f := &follower{container: "task", open: source.open, file: filepath.Join(t.TempDir(), "task.log"), terminating: terminating,
		over: make(chan struct{}), say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }, pause: 1}
	if err := f.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"the log of task cannot be read at the moment: the API server returned 403: no right",
		"the log of task cannot be read at the moment: broken",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

// Kubernetes cuts a long log off at its beginning: what a sidecar that was
// started anew can read may be less than what the one before has written.
func TestARestartedSidecarContinuesALog(t *testing.T) {
	t.Parallel()
	same, long := strings.Replace(l2, "two", "another", 1), "2026-01-02T03:04:05Z "+strings.Repeat("x", 3*maxLogRead)+"\n"
	for name, c := range map[string]struct{ before, now, want string }{
		"nothing was written":                   {"", l1 + l2, l1 + l2},
		"all that was written can be read":      {l1 + l2, l1 + l2 + l3, l1 + l2 + l3},
		"the beginning is gone":                 {l1 + l2, l2 + l3, l1 + l2 + l3},
		"all that was written is gone":          {l1 + l2, l3, l1 + l2 + l3},
		"one of two lines of a time":            {l1 + l2, l2 + same + l3, l1 + l2 + same + l3},
		"two of two lines of a time":            {l1 + l2 + same, l2 + same + l3, l1 + l2 + same + l3},
		"it ended in a line":                    {l1 + l2[:len(l2)-3], l1 + l2, l1 + l2},
		"it ended in the first line":            {l1[:3], l1 + l2, l1 + l2},
		"it ended in a long line":               {long + l1 + long[:len(long)-3], l2, long + l1 + l2},
		"it had all, and the pod is gone":       {l1 + l2, "", l1 + l2},
		"it had all, and the last line is long": {long, long, long},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terminating := make(chan struct{})
			source := &answers{t: t, each: []any{c.now}, terminating: terminating}
			f := &follower{container: "task", open: source.open, file: filepath.Join(t.TempDir(), "task.log"), terminating: terminating,
				over: make(chan struct{}), say: t.Logf, pause: 1}
			write(t, f.file, c.before, false)
			if err := f.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(f.file); err != nil || string(got) != c.want {
				t.Errorf("%.200q, %v", got, err)
			}
		})
	}
}
