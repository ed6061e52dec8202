package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"

	"github.com/kubevast/vast/sdk/api"
)

const (
	defaultTimeout = 5 * time.Minute
	// lookInterval is how often it is looked whether something has come about.
	lookInterval = 500 * time.Millisecond
)

// run is one setup or cleanup in progress: how it reports, and how long it waits.
type run struct {
	notify  func(api.Notice)
	timeout time.Duration
}

func newRun(ctx context.Context, progress func(api.Notice), timeout time.Duration) (*run, context.Context, context.CancelFunc) {
	r := &run{notify: progress, timeout: timeout}
	if r.notify == nil {
		r.notify = func(api.Notice) {}
	}
	if r.timeout == 0 {
		r.timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errTooLate)
	return r, ctx, cancel
}

// errTooLate distinguishes the end of our own timeout from that of the
// caller's.
var errTooLate = errors.New("out of time")

// say reports one step.
func (r *run) say(format string, args ...any) { r.notice(fmt.Sprintf(format, args...)) }

// notice reports what is worth knowing, with what can be done about it.
func (r *run) notice(message string, remedies ...api.Remedy) {
	r.notify(api.Notice{Message: message, Remedies: remedies})
}

// await calls look until it returns an empty text, and reports each new one. A
// cluster that is temporarily unavailable is waited for, too; any other error is
// returned. When the time is over it is TimedOutError with the last text.
func (r *run) await(ctx context.Context, what string, look func(context.Context) (missing string, err error)) error {
	return r.awaitNotice(ctx, what, func(ctx context.Context) (api.Notice, error) {
		missing, err := look(ctx)
		return api.Notice{Message: missing}, err
	})
}

// awaitNotice is await for what is missing with remedies.
func (r *run) awaitNotice(ctx context.Context, what string, look func(context.Context) (missing api.Notice, err error)) error {
	last := api.Notice{}
	for {
		missing, err := look(ctx)
		var unavailable *api.UnavailableError
		switch {
		case errors.As(err, &unavailable) && ctx.Err() == nil:
			missing = api.Notice{Message: unavailable.Message, Remedies: unavailable.Remedies}
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && missing.Message == "":
			return nil
		}
		if missing.Message != "" && missing.Message != last.Message {
			last = missing
			if ctx.Err() == nil {
				r.notice(fmt.Sprintf("waiting for %s: %s", what, missing), missing.Remedies...)
			}
		}
		select {
		case <-ctx.Done():
			return r.ended(ctx, strings.TrimSuffix(what+": "+last.Message, ": "), last.Remedies...)
		case <-time.After(lookInterval):
		}
	}
}

// ended is the error of a context that has ended.
func (r *run) ended(ctx context.Context, last string, remedies ...api.Remedy) error {
	if errors.Is(context.Cause(ctx), errTooLate) {
		return &api.TimedOutError{After: r.timeout, Last: "waiting for " + last, Remedies: remedies}
	}
	return ctx.Err()
}

// inTime puts TimedOutError in the place of an error that only says that our time
// was over.
func (r *run) inTime(ctx context.Context, what string, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errTooLate) && !isTimedOut(err) {
		return &api.TimedOutError{After: r.timeout, Last: what}
	}
	return err
}

func isTimedOut(err error) bool {
	var t *api.TimedOutError
	return errors.As(err, &t)
}

// kueueCertificates is the Secret that Kueue makes for its webhooks when it
// first starts.
const kueueCertificates = "kueue-webhook-server-cert"

// awaitNewKueue waits until a Kueue that was just installed is up and its
// webhooks answer. Before they do, the API server refuses every Job and every
// pod of the cluster.
func (c *Client) awaitNewKueue(ctx context.Context, r *run) error {
	err := r.awaitNotice(ctx, "Kueue", func(ctx context.Context) (api.Notice, error) {
		missing, err := c.missingPods(ctx, kueueNamespace, kueueDeployment)
		if err == nil && missing.Message != "" {
			c.showCertificates(ctx)
		}
		return missing, err
	})
	if err != nil {
		return err
	}
	return r.await(ctx, "Kueue's webhook", c.missingWebhook)
}

// awaitKueue waits until the webhook of a Kueue that is there answers, and says
// what is wrong with Kueue's pods when it does not.
func (c *Client) awaitKueue(ctx context.Context, r *run, d *appsv1.Deployment) error {
	return r.awaitNotice(ctx, "Kueue", func(ctx context.Context) (api.Notice, error) {
		missing, err := c.missingWebhook(ctx)
		if err != nil || missing == "" {
			return api.Notice{}, err
		}
		if why, err := c.missingPods(ctx, d.Namespace, d.Name); err != nil || why.Message != "" {
			return why, err
		}
		return api.Notice{Message: "its webhook does not answer yet"}, nil
	})
}

// missingWebhook sends Kueue's webhook an object that is not kept.
func (c *Client) missingWebhook(ctx context.Context) (string, error) {
	set, err := c.conn.Kueue()
	if err != nil {
		return "", err
	}
	_, err = set.KueueV1beta2().ResourceFlavors().Create(ctx,
		&kueue.ResourceFlavor{ObjectMeta: metav1.ObjectMeta{GenerateName: "vast-probe-"}},
		metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err == nil {
		return "", nil
	}
	err = c.conn.Classify(err, "create", "resourceflavors.kueue.x-k8s.io")
	var unavailable *api.UnavailableError
	if errors.As(err, &unavailable) || isAbsent(err) {
		return "it does not answer yet", nil
	}
	return "", err
}

// showCertificates touches the pods of a fresh Kueue that wait for their
// certificates. Kueue makes them as a Secret and waits to find them in its own
// volume; a kubelet looks for such a change about once a minute, and at once
// when the pod itself changes. It only saves time, so errors do not matter.
func (c *Client) showCertificates(ctx context.Context) {
	core := c.conn.Kube.CoreV1()
	secret, err := core.Secrets(kueueNamespace).Get(ctx, kueueCertificates, metav1.GetOptions{})
	if err != nil || len(secret.Data[corev1.TLSCertKey]) == 0 {
		return
	}
	pods, err := core.Pods(kueueNamespace).List(ctx, metav1.ListOptions{LabelSelector: kueueSelector, Limit: pageSize})
	if err != nil {
		return
	}
	for i := range pods.Items {
		if pods.Items[i].Status.Phase != corev1.PodRunning {
			continue
		}
		patch := fmt.Appendf(nil, `{"metadata":{"uid":%q,"annotations":{"kubevast.io/certificates":%q}}}`, pods.Items[i].UID,
			secret.ResourceVersion+"-"+pods.Items[i].ResourceVersion)
		_, _ = core.Pods(kueueNamespace).Patch(ctx, pods.Items[i].Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	}
}
