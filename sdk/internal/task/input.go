package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/inputs"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/spec"
)

// input gathers what the objects are made of, short of what only the cluster
// knows. files is nil when the task brings none.
func (c *Client) input(t *spec.Task, o api.SubmitOptions, files *inputs.Plan, user string) manifest.Input {
	in := manifest.Input{Task: t, Namespace: c.conn.Namespace, Identity: identityOf(t, o, files),
		Keep: o.Keep, Deadline: o.Deadline, Profile: manifest.Profile(o.Profile), Network: manifest.Network(o.Network),
		AgentImage: o.AgentImage, OutputDir: outputDir(t)}
	if in.AgentImage == "" {
		in.AgentImage = kube.DefaultAgentImage()
	}
	if files != nil {
		in.Files = files.Files()
	}
	if in.Keep == 0 {
		in.Keep = api.DefaultKeep
	}
	c.setUser(&in, user, "", o)
	return in
}

// outputDir is $OUTPUT_DIR: /out, unless the file has something of its own
// there.
func outputDir(t *spec.Task) string {
	taken := func(p string) bool { return path.Clean(p) == manifest.TaskOutputDir }
	if slices.ContainsFunc(t.Volumes, func(v spec.VolumeMount) bool { return taken(v.Path) }) ||
		slices.ContainsFunc(t.FileMounts, func(m spec.FileMount) bool { return taken(m.Path) }) {
		return "/vast-out"
	}
	return manifest.TaskOutputDir
}

// setUser says whose task it is, and gives it the id that it has as that
// user's.
func (c *Client) setUser(in *manifest.Input, user, creator string, o api.SubmitOptions) {
	in.User, in.Creator, in.ID = user, creator, kube.NewID()
	if o.RequestID != "" {
		in.ID = requestID(user, creator, o)
	}
}

// requestID is the id of the task of a request. Two people may call themselves by
// one name; their requests are two all the same. Without a creator it is the id
// that versions gave which knew none.
func requestID(user, creator string, o api.SubmitOptions) string {
	if creator == "" {
		return kube.DerivedID(user, o.RequestID)
	}
	return kube.DerivedID(user, creator, o.RequestID)
}

// identityOf is a hash of what a task is to do: what its file says, wherever
// it lies, what its files hold, and the options that change it. The values of
// secrets are not in it; who can read the hash could guess them.
func identityOf(t *spec.Task, o api.SubmitOptions, files *inputs.Plan) string {
	same := *t
	same.Source, same.PodConfigAt = spec.Source{}, spec.Position{}
	same.Secrets = make([]spec.EnvVar, len(t.Secrets))
	for i, s := range t.Secrets {
		same.Secrets[i].Name = s.Name
	}
	same.Volumes = make([]spec.VolumeMount, len(t.Volumes))
	for i, v := range t.Volumes {
		v.Line, v.Column = 0, 0
		same.Volumes[i] = v
	}
	if t.Workdir != nil {
		w := *t.Workdir
		w.At = spec.Position{}
		same.Workdir = &w
	}
	same.FileMounts = make([]spec.FileMount, len(t.FileMounts))
	for i, m := range t.FileMounts {
		m.At = spec.Position{}
		same.FileMounts[i] = m
	}
	parts := []any{same, o.Deadline, o.Profile}
	if files != nil {
		parts = append(parts, files.Identity())
	}
	if manifest.Network(o.Network) == manifest.NetworkNone {
		parts = append(parts, o.Network) // only then: requests of before are found again
	}
	data, err := json.Marshal(parts)
	if err != nil {
		panic("task: a validated task must have a JSON form: " + err.Error())
	}
	return kube.Hash(string(data))
}

// bringsFiles reports a task that has a workdir or file mounts.
func bringsFiles(t *spec.Task) bool { return t.Workdir != nil || len(t.FileMounts) > 0 }

// plan reads what the task brings along; nil when that is nothing.
func (c *Client) plan(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*inputs.Plan, error) {
	if !bringsFiles(t) {
		return nil, nil
	}
	return inputs.New(ctx, t, inputs.Options{Dir: o.Dir, Notify: o.Notify})
}

// upload sends the files that are too much to go with the task itself. What
// the store has already is not sent again.
func (c *Client) upload(ctx context.Context, files *inputs.Plan, o api.SubmitOptions) error {
	if files == nil || !files.NeedsStore() {
		return nil
	}
	s, err := portforward.Open(ctx, c.conn)
	if missing := (*api.NotInstalledError)(nil); errors.As(err, &missing) {
		return &api.NotInstalledError{Message: fmt.Sprintf("the task's files (%s) are too much to go with it, and %s", files.Describe(), missing.Message)}
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if !o.DryRun.Keeps() {
		return nil
	}
	return files.Upload(ctx, s, o.Notify)
}
