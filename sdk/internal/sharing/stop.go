package sharing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
)

// stopped is the reason of an upload whose Job was deleted.
const stopped = "it was stopped, or its Job was deleted, before the end; what had arrived is kept, and the next upload continues"

// Stop implements sdk.Share.
func (c *Client) Stop(ctx context.Context, name string, o api.ShareStopOptions) (*api.ShareUpload, error) {
	if err := o.DryRun.Check(); err != nil {
		return nil, err
	}
	if err := c.rights.Require(ctx, authz.Each(jobsResource, "get", "list", "delete")...); err != nil {
		return nil, err
	}
	b, err := c.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	list, err := c.list(ctx, b, name)
	if err != nil {
		return nil, err
	}
	u, err := c.stoppable(list.Items, name)
	if err != nil {
		return nil, err
	}
	if !o.DryRun.Sends() {
		return u, nil
	}
	// The Job stays until its pod has ended: another upload must not send at the same time.
	foreground := metav1.DeletePropagationForeground
	jobs := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace)
	err = jobs.Delete(ctx, u.Name, access.Exactly(u.UID, metav1.DeleteOptions{PropagationPolicy: &foreground, DryRun: o.DryRun.Param()}))
	if err := c.conn.Deleted(err, jobsResource, u.Name); err != nil {
		return nil, err
	}
	if o.DryRun != api.DryRunNone {
		return u, nil
	}
	for {
		job, err := jobs.Get(ctx, u.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) || err == nil && job.UID != u.UID {
			break
		}
		if err != nil {
			return nil, c.conn.Classify(err, "get", jobsResource)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pollStop):
		}
	}
	last, err := c.get(ctx, b, u.Name)
	if api.IsNotFound(err) { // the agent had recorded nothing
		u.State, u.Reason = api.Failed, stopped
		return u, nil
	}
	return last, err
}

// pollStop is the interval between two looks at a Job that is being deleted.
const pollStop = 250 * time.Millisecond

// stoppable returns the upload that is to be stopped.
func (c *Client) stoppable(all []api.ShareUpload, name string) (*api.ShareUpload, error) {
	all = slices.DeleteFunc(all, func(u api.ShareUpload) bool { return name != "" && u.Name != name })
	var running []*api.ShareUpload
	for i := range all {
		if !all[i].State.Ended() {
			running = append(running, &all[i])
		}
	}
	look := []api.Remedy{{Action: SharesList}}
	switch {
	case len(running) == 1:
		return running[0], nil
	case name == "" && len(running) == 0:
		return nil, &api.NotFoundError{Kind: "running upload", Namespace: c.conn.Namespace}
	case name == "":
		names := make([]string, len(running))
		for i, u := range running {
			names[i] = u.Name
		}
		return nil, &api.ConflictError{Message: "several uploads are running, name one: " + strings.Join(names, ", "), Remedies: look}
	case len(all) == 0:
		return nil, &api.NotFoundError{Kind: "upload", Name: name, Namespace: c.conn.Namespace, Remedies: look}
	}
	return nil, &api.ConflictError{Message: fmt.Sprintf("upload %q has ended: %s", name, all[0].State), Remedies: look}
}
