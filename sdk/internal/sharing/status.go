package sharing

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubevast/vast/internal/diagnose"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// List implements sdk.Share.
func (c *Client) List(ctx context.Context) (*api.ShareUploadList, error) {
	b, err := c.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return c.list(ctx, b, "")
}

// Get returns the upload of that name, or an api.NotFoundError.
func (c *Client) Get(ctx context.Context, name string) (*api.ShareUpload, error) {
	b, err := c.openStore(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return c.get(ctx, b, name)
}

// Follow returns a function that returns the upload of that name, over one connection to
// the store, and another one that ends it.
func (c *Client) Follow(ctx context.Context, name string) (get func(context.Context) (*api.ShareUpload, error), done func(), err error) {
	b, err := c.openStore(ctx)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) (*api.ShareUpload, error) { return c.get(ctx, b, name) }, b.Close, nil
}

func (c *Client) get(ctx context.Context, b store.Backend, name string) (*api.ShareUpload, error) {
	list, err := c.list(ctx, b, name)
	if err != nil {
		return nil, err
	}
	if len(list.Items) == 0 {
		return nil, &api.NotFoundError{Kind: "upload", Name: name, Namespace: c.conn.Namespace, Remedies: []api.Remedy{{Action: SharesList}}}
	}
	return &list.Items[0], nil
}

// list returns the uploads of the namespace, the newest first; only that of name if it is
// set.
func (c *Client) list(ctx context.Context, b store.Backend, name string) (*api.ShareUploadList, error) {
	jobs, err := c.jobs(ctx, name)
	if err != nil {
		return nil, err
	}
	reports, err := c.reports(ctx, b, name)
	if err != nil {
		return nil, err
	}
	list := &api.ShareUploadList{TypeMeta: api.TypeMeta[api.ShareUploadList](), Items: []api.ShareUpload{}}
	for i := range jobs {
		job := &jobs[i]
		u := c.fromJob(job)
		report := reports[job.Name]
		if report != nil && report.JobUID != string(job.UID) {
			report = nil // of an earlier Job of the name
		}
		if err := c.complete(ctx, u, job, report); err != nil {
			return nil, err
		}
		delete(reports, job.Name)
		list.Items = append(list.Items, *u)
	}
	for _, report := range reports {
		u := c.fromReport(report)
		if report.Ended.IsZero() {
			u.State, u.Reason = api.Failed, stopped
		}
		list.Items = append(list.Items, *u)
	}
	slices.SortFunc(list.Items, func(a, b api.ShareUpload) int {
		return cmp.Or(began(b).Compare(began(a).Time), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

func began(u api.ShareUpload) metav1.Time {
	if u.StartTime != nil {
		return *u.StartTime
	}
	return u.CreationTimestamp
}

func (c *Client) jobs(ctx context.Context, name string) ([]batchv1.Job, error) {
	o := metav1.ListOptions{LabelSelector: labels.Set{kube.LabelKind: kube.KindShare}.String()}
	if name != "" {
		o.FieldSelector = "metadata.name=" + name
	}
	list, err := c.conn.Kube.BatchV1().Jobs(c.conn.Namespace).List(ctx, o)
	if err != nil {
		return nil, c.conn.Classify(err, "list", jobsResource)
	}
	return list.Items, nil
}

// reports reads the reports in the store, by Job. One that is of another namespace or cannot
// be read is omitted.
func (c *Client) reports(ctx context.Context, b store.Backend, name string) (map[string]*layout.ShareReport, error) {
	out := map[string]*layout.ShareReport{}
	keys := []string{layout.ShareReportKey(name)}
	if name == "" {
		keys = nil
		for o, err := range b.List(ctx, layout.ShareReports, store.ListOptions{}) {
			if err != nil {
				return nil, err
			}
			keys = append(keys, o.Key)
		}
	}
	for _, key := range keys {
		body, _, err := b.Get(ctx, key, 0)
		if api.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(io.LimitReader(body, layout.MaxShareReport))
		_ = body.Close() // it was only read
		if err != nil {
			return nil, err
		}
		report, err := layout.ParseShareReport(data)
		switch {
		case err != nil:
			c.conn.Warn(fmt.Sprintf("%s is omitted: %v", key, err))
		case report.Namespace == c.conn.Namespace && report.Job == layout.ShareReportJob(key):
			out[report.Job] = report
		}
	}
	return out, nil
}

// fromJob is what the Job alone shows.
func (c *Client) fromJob(job *batchv1.Job) *api.ShareUpload {
	about := summaryIn(job)
	u := &api.ShareUpload{TypeMeta: api.TypeMeta[api.ShareUpload](), ShareType: about.Type, User: job.Annotations[kube.AnnotationUser], State: api.Pending,
		ObjectMeta: metav1.ObjectMeta{Name: job.Name, Namespace: c.conn.Namespace, UID: job.UID, CreationTimestamp: job.CreationTimestamp}, Archives: []api.ShareItem{}}
	for _, i := range about.Items {
		i.Phase = phaseWaiting
		u.Archives = append(u.Archives, i)
	}
	return u
}

func (c *Client) fromReport(r *layout.ShareReport) *api.ShareUpload {
	u := &api.ShareUpload{TypeMeta: api.TypeMeta[api.ShareUpload](), ObjectMeta: metav1.ObjectMeta{Name: r.Job, Namespace: c.conn.Namespace}}
	apply(u, r)
	return u
}

// apply takes over a report.
func apply(u *api.ShareUpload, r *layout.ShareReport) {
	started := metav1.NewTime(r.Started)
	u.ShareType, u.User, u.StartTime, u.Archives = r.ShareType, r.User, &started, r.Items
	if u.State = api.Running; r.Ended.IsZero() {
		return
	}
	ended := metav1.NewTime(r.Ended)
	u.State, u.EndTime = api.Succeeded, &ended
	failed := 0
	for _, i := range r.Items {
		if i.Phase == "Failed" {
			failed++
		}
	}
	if failed > 0 {
		u.State, u.Reason = api.Failed, fmt.Sprintf("%d of %d failed", failed, len(r.Items))
	}
}

// complete adds what the report and the pods show.
func (c *Client) complete(ctx context.Context, u *api.ShareUpload, job *batchv1.Job, report *layout.ShareReport) error {
	if report != nil {
		apply(u, report)
		if !report.Ended.IsZero() {
			return nil
		}
	}
	over := diagnose.Over(job)
	switch {
	case over && diagnose.Succeeded(job):
		u.State, u.Reason = api.Failed, "the Job has ended without a report in the store"
		return nil
	case job.Annotations[kube.AnnotationSubmitting] != "":
		u.Reason = "it was not started completely; repeat the upload"
		return nil
	case report != nil && !over:
		return nil
	}
	pods, err := c.conn.Kube.CoreV1().Pods(c.conn.Namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.Set{batchv1.JobNameLabel: job.Name}.String()})
	if err != nil {
		if err := c.conn.Classify(err, "list", "pods"); !api.IsForbidden(err) {
			return err
		}
		pods = &corev1.PodList{}
	}
	pods.Items = slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return !metav1.IsControlledBy(&p, job) })
	u.Reason = podReason(pods.Items, over)
	if over {
		u.State = api.Failed
		u.Reason = cmp.Or(u.Reason, "the Job failed before the upload was complete")
	}
	return nil
}

// podReason is why the newest pod does not run, or has failed.
func podReason(pods []corev1.Pod, over bool) string {
	if len(pods) == 0 {
		return ""
	}
	newest := slices.MaxFunc(pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	d := diagnose.Pending(&newest, nil)
	if over || newest.Status.Phase == corev1.PodFailed {
		d = diagnose.Pod(&newest)
	}
	if d == nil {
		return ""
	}
	return d.Message
}
