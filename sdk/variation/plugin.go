package variation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubevast/vast/sdk/api"
)

const (
	// pluginTimeout is how long a plug-in may take for one configuration.
	pluginTimeout = 10 * time.Minute
	// pluginOutput limits what it may print. Of its messages the last lines are
	// shown: programs print the reason for a failure there.
	pluginOutput   = 64 << 20
	pluginMessages = 500
	pluginLines    = 3
)

// Plugin adds a type that an executable makes: a path, or a name that is looked
// for on the PATH. It is run once for each configuration that the variation is
// applied to, in the folder of the campaign file, several of them at once.
//
// On stdin it gets one JSON object:
//
//	{"config": {"name": "...", "parameters": {...}}, "settings": {...}, "dir": "/folder"}
//
// On stdout it prints a JSON list with an object for each child: the parameters
// that it changes or adds.
//
//	[{"goal": 1.5}, {"goal": 2.5}]
//
// It ends with 0; with another exit code the expansion fails, and what it
// printed on stderr is shown. What cannot be run is an *api.InvalidSpecError.
func (r *Registry) Plugin(name, executable string) error {
	path, err := exec.LookPath(executable)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	switch {
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return api.Invalid("", "there is no program %s; give its path", executable)
	case err != nil:
		return api.Invalid("", "%s cannot be run: %v", executable, errors.Unwrap(err))
	}
	return r.Register(name, func(ctx context.Context, in Input) ([]Change, error) { return runPlugin(ctx, path, in) })
}

func runPlugin(ctx context.Context, path string, in Input) ([]Change, error) {
	caller := ctx
	ctx, cancel := context.WithTimeout(ctx, pluginTimeout)
	defer cancel()
	var stdout, stderr limited
	stdout.most, stderr.most = pluginOutput, pluginMessages
	stderr.tail = true
	cmd := exec.CommandContext(ctx, path)
	cmd.Dir = in.Dir
	cmd.Stdin = bytes.NewReader(pluginInput(in))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A child of its own may hold the pipes when it is gone.
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	failed := func(format string, args ...any) error {
		msg := fmt.Sprintf("%s failed for %s: ", filepath.Base(path), in.Config.Name) + fmt.Sprintf(format, args...)
		if words := lastWords(stderr.String()); words != "" {
			msg += "; it said: " + words
		}
		return api.Invalid("", "%s", msg)
	}
	switch {
	case caller.Err() != nil:
		return nil, caller.Err()
	case ctx.Err() != nil:
		return nil, failed("it took longer than %s", pluginTimeout)
	case err != nil:
		return nil, failed("%v", err)
	case stdout.cut:
		return nil, failed("it printed more than %d MiB", pluginOutput>>20)
	}
	changes, err := readChanges(&stdout.Buffer)
	if err != nil {
		return nil, failed("what it printed is not a JSON list of objects: %v", err)
	}
	return changes, nil
}

// lastWords are the last lines of what a plug-in printed, in one line.
func lastWords(stderr string) string {
	var lines []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-pluginLines):], " | ")
}

func pluginInput(in Input) []byte {
	b := append([]byte(`{"config":{"name":`), JSON(in.Config.Name)...)
	b = append(b, `,"parameters":`...)
	b = appendObject(b, in.Config.Parameters)
	b = append(b, `},"settings":`...)
	b = append(b, JSON(in.Settings)...)
	b = append(b, `,"dir":`...)
	b = append(b, JSON(in.Dir)...)
	return append(b, "}\n"...)
}

// limited keeps the first most bytes that are written to it, or the last.
type limited struct {
	bytes.Buffer
	most int
	tail bool
	cut  bool
}

func (l *limited) Write(p []byte) (int, error) {
	n := len(p)
	if l.tail {
		l.Buffer.Write(p)
		if over := l.Len() - l.most; over > 0 {
			l.Next(over)
		}
		return n, nil
	}
	if room := l.most - l.Len(); n > room {
		l.cut, p = true, p[:room]
	}
	l.Buffer.Write(p)
	return n, nil
}
