package sharing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/share/plugin"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/share"
)

// The actions of remedies.
const (
	SharesUpload api.Action = "Shares.Upload"
	SharesList   api.Action = "Shares.List"
)

// needed are the rights of Upload.
var needed = slices.Concat(authz.Each(jobsResource, "get", "list", "create", "patch", "delete"), authz.Each("secrets", "create"))

// Upload implements sdk.Share.
func (c *Client) Upload(ctx context.Context, o api.ShareUploadOptions) (*api.ShareUpload, error) {
	o.Format = strings.TrimPrefix(cmp.Or(o.Format, agentspec.ShareArchives[0]), ".")
	o.AgentImage = cmp.Or(o.AgentImage, kube.DefaultAgentImage())
	if err := api.JoinInvalid(checkUpload(o), o.DryRun.Check(), kube.CheckAgentImage(o.AgentImage)); err != nil {
		return nil, err
	}
	if err := c.rights.Require(ctx, needed...); err != nil {
		return nil, err
	}
	wholes, err := c.results.Wholes(ctx, o.Refs)
	if err != nil {
		return nil, err
	}
	user, err := c.conn.User(ctx)
	if err != nil {
		return nil, err
	}
	orders := agentspec.Share{Job: jobName(o), Namespace: c.conn.Namespace, User: user, Type: o.Type,
		Force: o.Force, KeepArchive: o.KeepArchive, RemoveFromStore: o.RemoveFromStore}
	var excluded []api.ShareItem
	for _, w := range wholes {
		if !w.Ended {
			excluded = append(excluded, api.ShareItem{Name: w.Campaign + w.Task, Task: w.Task != "", Reason: w.Active})
			continue
		}
		item := agentspec.ShareItem{Campaign: w.Campaign, Task: w.Task, Folder: w.Folder, Archive: w.Folder + "." + o.Format}
		if err := share.ValidName(item.Archive); err != nil {
			return nil, err
		}
		orders.Items = append(orders.Items, item)
	}
	if len(orders.Items) == 0 {
		return nil, nothing(excluded, c.conn.Namespace)
	}
	objects, err := build(orders, o.Settings, o.AgentImage)
	if err != nil {
		return nil, err
	}
	upload, err := c.start(ctx, objects, orders, o)
	if upload != nil {
		upload.Excluded = excluded
	}
	return upload, err
}

func checkUpload(o api.ShareUploadOptions) error {
	var problems []error
	if o.Type == "" {
		problems = append(problems, api.Invalid("", "the type of the share is missing"))
	}
	if !slices.Contains(agentspec.ShareArchives, o.Format) {
		problems = append(problems, api.InvalidOption("Format", "%q is not known; it is %s", o.Format, strings.Join(agentspec.ShareArchives, " or ")))
	}
	claim, at := o.Settings[VolumeSetting], o.Settings[pathSetting]
	switch {
	case o.Type == "dir" && claim == "":
		problems = append(problems, api.Invalid(VolumeSetting, "it is missing: name the PersistentVolumeClaim that is the share; an upload runs in a pod of the cluster, where it is mounted at %s", pathSetting))
	case o.Type == "dir" && (path.Clean(at) != at || at == "/" || at == agentspec.ShareDir || strings.HasPrefix(at, agentspec.ShareDir+"/") || strings.Contains(at, ":")):
		problems = append(problems, api.Invalid(pathSetting, "%q cannot be where a volume is mounted in a pod; use a path such as /mnt/share", at))
	case o.Type != "dir" && claim != "":
		problems = append(problems, api.Invalid(VolumeSetting, "it is valid only for a share of type dir, and the type is %s", o.Type))
	}
	if image := o.Settings[plugin.ImageSetting]; image != "" {
		if err := kube.CheckImage(image); err != nil {
			problems = append(problems, api.Invalid(plugin.ImageSetting, "%v", err))
		}
	}
	return api.JoinInvalid(problems...)
}

// nothing is the error of a call that has nothing to upload.
func nothing(excluded []api.ShareItem, namespace string) error {
	if len(excluded) == 0 {
		return &api.NotFoundError{Kind: "finished campaign", Namespace: namespace, Remedies: []api.Remedy{{Action: api.ResultsList}}}
	}
	var words []string
	for _, e := range excluded[:min(len(excluded), 5)] {
		words = append(words, e.Name+" ("+e.Reason+")")
	}
	if more := len(excluded) - 5; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return &api.ConflictError{Message: "nothing has ended: " + strings.Join(words, ", "),
		Remedies: []api.Remedy{{Action: api.CampaignsList, Purpose: "look at them"}}}
}

// jobName is the same for one share: two uploads to it never run at the same time. No
// credential is part of it, except that an address may contain a long random token, of
// which a few bits of a hash are.
func jobName(o api.ShareUploadOptions) string {
	parts := []string{"share", o.Type}
	for _, name := range slices.Sorted(maps.Keys(o.Settings)) {
		if !slices.Contains(o.Secret, name) || strings.HasSuffix(name, "_URL") {
			parts = append(parts, name, o.Settings[name])
		}
	}
	return "share-" + kube.DNSLabel(o.Type, "share", 20) + "-" + kube.DerivedID(parts...)
}

// submitting is how long a Job may be suspended until it counts as left by a client that
// was killed.
const submitting = 30 * time.Second

// attempts bounds the attempts to create a Job in the place of one that has ended.
const attempts = 20

// start creates the objects, or finds the same upload that has not ended.
func (c *Client) start(ctx context.Context, wanted *objects, orders agentspec.Share, o api.ShareUploadOptions) (*api.ShareUpload, error) {
	jobs := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace)
	if err := c.tasks.MeetBounds(ctx, &wanted.job.Spec.Template.Spec.Containers[0]); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		there, err := jobs.Get(ctx, orders.Job, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			return nil, c.conn.Classify(err, "get", jobsResource)
		case there.DeletionTimestamp != nil:
			if err := c.wait(ctx, attempt, there.Name); err != nil {
				return nil, err
			}
			continue
		case !diagnose.Over(there) && there.Annotations[kube.AnnotationSubmitting] == "" && !c.hasReported(ctx, there):
			return c.attach(there, orders)
		case !diagnose.Over(there) && there.Annotations[kube.AnnotationSubmitting] != "" && time.Since(there.CreationTimestamp.Time) < submitting:
			return nil, &api.UnavailableError{Message: fmt.Sprintf("upload %s is being started by another call; try again in a moment", there.Name)}
		case !o.DryRun.Keeps():
			wanted.job.Name += "-dry-run" // the place is taken until the old one is removed
		default:
			background := metav1.DeletePropagationBackground
			err := jobs.Delete(ctx, there.Name, access.Exactly(there.UID, metav1.DeleteOptions{PropagationPolicy: &background}))
			if err := c.conn.Deleted(err, jobsResource, there.Name); err != nil {
				return nil, err
			}
		}
		if !o.DryRun.Sends() {
			return c.begun(wanted.job, orders), nil
		}
		job, err := jobs.Create(ctx, wanted.job, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
		if apierrors.IsAlreadyExists(err) {
			if err := c.wait(ctx, attempt, orders.Job); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, c.conn.Classify(err, "create", jobsResource)
		}
		return c.release(ctx, job, wanted.secret, orders, o)
	}
}

// hasReported reports whether a Job has recorded its end in the store: its pod needs a moment
// more.
func (c *Client) hasReported(ctx context.Context, job *batchv1.Job) bool {
	b, err := c.openStore(ctx)
	if err != nil {
		return false
	}
	defer b.Close()
	reports, err := c.reports(ctx, b, job.Name)
	report := reports[job.Name]
	return err == nil && report != nil && report.JobUID == string(job.UID) && !report.Ended.IsZero()
}

// wait waits for the removal of an old Job.
func (c *Client) wait(ctx context.Context, attempt int, name string) error {
	if attempt == attempts {
		return &api.UnavailableError{Message: fmt.Sprintf("the Job %s of an earlier upload is still being removed; try again in a moment", name)}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(500 * time.Millisecond):
		return nil
	}
}

// release creates the Secret, which the Job owns, and lets the Job start. After an error the
// Job is deleted, and the Secret with it.
func (c *Client) release(ctx context.Context, job *batchv1.Job, secret *corev1.Secret, orders agentspec.Share, o api.ShareUploadOptions) (*api.ShareUpload, error) {
	jobs := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace)
	secret.OwnerReferences = []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: job.UID, Controller: ptr.To(true)}}
	_, err := c.conn.Kube.CoreV1().Secrets(c.conn.Namespace).Create(ctx, secret, metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	err = c.conn.Classify(err, "create", "secrets")
	if !o.DryRun.Keeps() {
		return c.begun(job, orders), err
	}
	if err == nil {
		var patch []byte
		if patch, err = json.Marshal(map[string]any{"spec": map[string]any{"suspend": false},
			"metadata": map[string]any{"uid": job.UID, "annotations": map[string]any{kube.AnnotationSubmitting: nil}}}); err != nil {
			return nil, err
		}
		_, err = jobs.Patch(ctx, job.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: o.FieldManager})
		err = c.conn.Classify(err, "patch", jobsResource)
	}
	if err == nil {
		return c.begun(job, orders), nil
	}
	background := metav1.DeletePropagationBackground
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), submitting)
	defer cancel()
	if deleted := jobs.Delete(last, job.Name, access.Exactly(job.UID, metav1.DeleteOptions{PropagationPolicy: &background})); deleted != nil && !apierrors.IsNotFound(deleted) {
		c.conn.Warn(fmt.Sprintf("the suspended Job %s is left; delete it", job.Name))
	}
	return nil, err
}

// begun is the status of a Job that was just created.
func (c *Client) begun(job *batchv1.Job, orders agentspec.Share) *api.ShareUpload {
	u := c.fromJob(job)
	u.State, u.User = api.Pending, orders.User
	if len(u.Archives) == 0 {
		for _, i := range orders.Items {
			u.Archives = append(u.Archives, api.ShareItem{Name: i.Name(), Task: i.Task != "", Archive: i.Archive, Phase: phaseWaiting})
		}
	}
	return u
}

// attach returns the upload of a Job that has not ended, if it sends all that is wanted in
// the same way.
func (c *Client) attach(job *batchv1.Job, orders agentspec.Share) (*api.ShareUpload, error) {
	about, wanted := summaryIn(job), summaryOf(orders)
	look := []api.Remedy{{Action: SharesList, Ref: job.Name, Purpose: "follow it"}}
	conflict := func(format string, args ...any) error {
		return &api.ConflictError{Message: fmt.Sprintf("upload %s to this share has not ended, and ", job.Name) + fmt.Sprintf(format, args...), Remedies: look}
	}
	if about.Force != wanted.Force || about.KeepArchive != wanted.KeepArchive || about.RemoveFromStore != wanted.RemoveFromStore {
		return nil, conflict("it was started with other options")
	}
	sends := map[string]bool{}
	for _, i := range about.Items {
		sends[i.Archive] = true
	}
	for _, i := range orders.Items {
		if !sends[i.Archive] && len(about.Items) > 0 {
			return nil, conflict("%q is not part of it; repeat the call when it has ended", i.Archive)
		}
	}
	if len(about.Items) == 0 && about.Count != len(orders.Items) {
		return nil, conflict("it sends another set")
	}
	u := c.begun(job, orders)
	u.State, u.Attached = api.Running, true
	return u, nil
}

// phaseWaiting is the phase of an item until the agent reports another.
const phaseWaiting = "Waiting"

func summaryIn(job *batchv1.Job) summary {
	var s summary
	_ = json.Unmarshal([]byte(job.Annotations[kube.AnnotationShare]), &s) // one that was changed by hand has no items
	return s
}
