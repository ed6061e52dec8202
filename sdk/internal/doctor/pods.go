package doctor

import (
	"context"
	"errors"
	"strings"

	"github.com/kubevast/vast/sdk/api"
)

// pods checks that the namespace admits the pods of tasks. A ResourceQuota that requires
// limits of every container, a LimitRange, a webhook or a missing ServiceAccount can
// refuse them, and their Job then waits indefinitely.
func (c *Client) pods(ctx context.Context, o api.DoctorOptions) []api.Check {
	refused, err := c.tasks.TryPod(ctx, o.AgentImage)
	return one(podCheck(refused, err))
}

func podCheck(refused *api.Diagnosis, err error) api.Check {
	const name = "pods"
	var forbidden *api.ForbiddenError
	switch {
	case errors.As(err, &forbidden):
		return skipped(name, "you may not create pods, which this check needs; tasks do not need that")
	case err != nil:
		return warning(name, err.Error(), "no pod of a task can be created; try again", api.Remedies(err)...)
	case refused == nil:
		return ok(name, "the namespace admits the pods of a task that requests nothing")
	case refused.Cause == api.CauseQuota && strings.Contains(refused.Message, "is used up"):
		return warning(name, refused.Message, "tasks wait until other pods end; or request a larger quota")
	}
	fix := refused.Hint
	if fix == "" {
		fix = "tasks wait indefinitely; ask the namespace's administrator"
	}
	return warning(name, refused.Message, fix, refused.Remedies...)
}
