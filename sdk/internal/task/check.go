package task

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/inputs"
	"github.com/kubevast/vast/sdk/internal/manifest"
	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/spec"
)

// Check implements sdk.Task.
func (c *Client) Check(t *spec.Task, o api.SubmitOptions) error {
	if err := c.check(t, o); err != nil {
		return err
	}
	if hasFiles(t) {
		if err := inputs.Check(t, inputs.Options{Dir: o.Dir}); err != nil {
			return err
		}
	}
	s := newSubmission(c, t, o)
	s.input = c.input(t, o, nil)
	s.setUser(c.conn.OfflineUser(), "")
	return s.build(context.Background())
}

// check is the part of Check that reads no files; a submission finds the rest when
// it builds the objects.
func (c *Client) check(t *spec.Task, o api.SubmitOptions) error {
	if err := c.checkFile(t); err != nil {
		return err
	}
	return checkOptions(o)
}

// checkFile returns the problems of a valid file that prevent its submission with
// this client.
func (c *Client) checkFile(t *spec.Task) error {
	problem := api.Problem{File: t.Source.File, Line: t.Source.Line, Column: 1}
	if t.Idle() {
		problem.Message = rules.NothingToRun
		return &api.InvalidSpecError{Problems: []api.Problem{problem}}
	}
	for _, r := range t.Resources {
		if have := c.conn.Context; r.Context != "" && have != "" && r.Context != have {
			problem.Path = "resources.infra"
			problem.Message = fmt.Sprintf("the task is for context %q, but the current context is %q", r.Context, have)
			problem.Remedies = []api.Remedy{{Options: []string{"Context=" + r.Context}}}
			return &api.InvalidSpecError{Problems: []api.Problem{problem}}
		}
	}
	return nil
}

const (
	maxRequestID = 253
	// A Job's TTL is an int32 in seconds.
	maxTTL = 10 * 365 * 24 * time.Hour
)

func checkOptions(o api.SubmitOptions) error {
	errs := []error{o.DryRun.Check()}
	if o.Profile != "" && !slices.Contains(manifest.Profiles, manifest.Profile(o.Profile)) {
		errs = append(errs, api.InvalidOption("Profile", "%q is unknown; choose baseline, restricted or privileged", o.Profile))
	}
	if o.Network != "" && !slices.Contains(manifest.Networks, manifest.Network(o.Network)) {
		errs = append(errs, api.InvalidOption("Network", "%q is unknown; choose default or none", o.Network))
	}
	if o.AgentImage != "" {
		errs = append(errs, kube.CheckAgentImage(o.AgentImage))
	}
	if o.TTL < 0 || o.TTL > 0 && o.TTL < time.Second || o.TTL > maxTTL {
		errs = append(errs, api.InvalidOption("TTL", "%s is out of range; write a duration such as 30m or 168h", o.TTL))
	}
	if o.Deadline < 0 || o.Deadline > 0 && o.Deadline < time.Second {
		errs = append(errs, api.InvalidOption("Deadline", "%s is out of range; write a duration of at least 1s, such as 2h", o.Deadline))
	}
	if o.Queue != "" && len(validation.IsDNS1123Subdomain(o.Queue)) > 0 {
		errs = append(errs, api.InvalidOption("Queue", "%q is not a valid name of a LocalQueue: use lower case letters, digits, '-' and '.'", o.Queue))
	}
	if len(o.RequestID) > maxRequestID {
		errs = append(errs, api.InvalidOption("RequestID", "it has %d characters; at most %d are allowed", len(o.RequestID), maxRequestID))
	}
	return api.JoinInvalid(errs...)
}
