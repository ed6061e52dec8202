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

// input returns what the objects are built from, but for the user and what only
// the cluster reports. files is nil for a task without any.
func (c *Client) input(t *spec.Task, o api.SubmitOptions, files *inputs.Plan) manifest.Input {
	in := manifest.Input{Task: t, Namespace: c.conn.Namespace, Identity: identityOf(t, o, files),
		TTL: o.TTL, Deadline: o.Deadline, Profile: manifest.Profile(o.Profile), Network: manifest.Network(o.Network),
		AgentImage: o.AgentImage, OutputDir: outputDir(t)}
	if in.AgentImage == "" {
		in.AgentImage = kube.DefaultAgentImage()
	}
	if files != nil {
		in.Files = files.Files()
	}
	if in.TTL == 0 {
		in.TTL = api.DefaultTTL
	}
	return in
}

// outputDir returns the value of $OUTPUT_DIR: /out, unless the file mounts
// something else there.
func outputDir(t *spec.Task) string {
	taken := func(p string) bool { return path.Clean(p) == manifest.TaskOutputDir }
	if slices.ContainsFunc(t.Volumes, func(v spec.VolumeMount) bool { return taken(v.Path) }) ||
		slices.ContainsFunc(t.FileMounts, func(m spec.FileMount) bool { return taken(m.Path) }) {
		return "/vast-out"
	}
	return manifest.TaskOutputDir
}

// setUser sets the task's user and the ID that the task gets from them.
func (s *submission) setUser(user, creator string) {
	s.input.User, s.input.Creator, s.input.ID = user, creator, kube.NewID()
	if s.options.RequestID != "" {
		s.input.ID = requestID(user, creator, s.options)
	}
}

// requestID returns the task ID that belongs to a request ID. The creator is part
// of it, since two people may log in under one name. Without a creator it is the
// ID of versions that did not record one.
func requestID(user, creator string, o api.SubmitOptions) string {
	if creator == "" {
		return kube.DerivedID(user, o.RequestID)
	}
	return kube.DerivedID(user, creator, o.RequestID)
}

// identityOf returns a hash of what a task does: the content of its file without
// positions, the content of its inputs, and the options that change it. The values
// of secrets are not part of it, because whoever reads the hash could guess them.
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
		parts = append(parts, o.Network) // only then, so that earlier requests keep their hash
	}
	data, err := json.Marshal(parts)
	if err != nil {
		panic("task: a validated task must have a JSON form: " + err.Error())
	}
	return kube.Hash(string(data))
}

// hasFiles reports whether a task has a workdir or file mounts.
func hasFiles(t *spec.Task) bool { return t.Workdir != nil || len(t.FileMounts) > 0 }

// plan reads a task's workdir and file mounts; nil for none.
func plan(ctx context.Context, t *spec.Task, o api.SubmitOptions) (*inputs.Plan, error) {
	if !hasFiles(t) {
		return nil, nil
	}
	return inputs.New(ctx, t, inputs.Options{Dir: o.Dir, Notify: o.Notify})
}

// upload sends the files that do not fit into a ConfigMap to the store. Files that
// the store already has are not sent again.
func (c *Client) upload(ctx context.Context, files *inputs.Plan, o api.SubmitOptions) error {
	if files == nil || !files.NeedsStore() {
		return nil
	}
	s, err := portforward.Open(ctx, c.conn)
	if missing := (*api.NotInstalledError)(nil); errors.As(err, &missing) {
		return &api.NotInstalledError{Message: fmt.Sprintf("the task's files (%s) are too much to go with it, and %s", files.Describe(), missing.Message), Remedies: missing.Remedies}
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
