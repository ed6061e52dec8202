package cluster

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

// countLimit is how many objects of a store are counted at most.
const countLimit = 10_000

// secretNamed returns a Secret of the namespace; nil when it is not there.
func (c *Client) secretNamed(ctx context.Context, name string) (*corev1.Secret, error) {
	s, err := c.conn.Kube.CoreV1().Secrets(c.conn.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil // absence is no error here
	}
	return s, c.conn.Classify(err, "get", "secrets")
}

// storeContent counts what the namespace's store holds.
func (c *Client) storeContent(ctx context.Context) (store.Content, error) {
	s, err := portforward.OpenToRead(ctx, c.conn)
	if err != nil {
		return store.Content{}, err
	}
	defer s.Close()
	return s.Content(ctx, "", countLimit)
}

// saveFirst is the advice about objects in a store's pod that is to be replaced.
const saveFirst = "save them first, then remove them, and set up again"

// toSave returns the remedies that go with saveFirst.
func toSave() []api.Remedy {
	return []api.Remedy{
		{Action: api.ResultsDownload, Options: []string{"All", "AllUsers", "Dir=saved"}, Purpose: "save them"},
		{Action: api.ClusterCleanupRun, Purpose: "remove them"},
	}
}

// wordsFor describes how much a store contains.
func wordsFor(c store.Content) string {
	more := ""
	if c.Partial {
		more = "more than "
	}
	return fmt.Sprintf("%s%s (%s)", more, text.Count(c.Objects, "object"), layout.Bytes(c.Bytes))
}

// awaitStore waits until the store answers.
func (c *Client) awaitStore(ctx context.Context, r *run, p *plan) error {
	s := p.record.Store
	switch s.Kind {
	case api.StoreNone:
		return nil
	case api.StoreBuiltIn:
		if p.values[provider.OptionStorageSize] == "" {
			r.notice("the store keeps its data only as long as its pod lives",
				api.Remedy{Options: []string{"Options=" + provider.OptionStorageSize + "=10Gi"}, Purpose: "keep it on a volume"})
		}
		err := r.awaitNotice(ctx, "the store", func(ctx context.Context) (api.Notice, error) {
			return c.missingStore(ctx, p)
		})
		if err != nil {
			return err
		}
		return r.await(ctx, "the store to answer", func(ctx context.Context) (string, error) { return c.missingAnswer(ctx, p) })
	}
	// Waiting has no effect on a store of others.
	_, err := c.missingAnswer(ctx, p)
	return err
}

// missingStore makes the Deployment again when it is not there: the one that
// was applied to may have been on its way out, from an earlier change.
func (c *Client) missingStore(ctx context.Context, p *plan) (api.Notice, error) {
	deployment := p.storeDeployment()
	there, err := c.get(ctx, deployment)
	if err != nil {
		return api.Notice{}, err
	}
	switch {
	case there == nil:
		_, err = c.apply(ctx, deployment, api.DryRunNone)
		return api.Notice{Message: "its pods are being created"}, err
	case there.GetDeletionTimestamp() != nil:
		return api.Notice{Message: "the old one is terminating"}, nil
	}
	return c.missingPods(ctx, p.namespace, kube.StoreName)
}

// missingAnswer makes the bucket where it is missing, writes and reads an object, and
// lists what is there as readers do.
func (c *Client) missingAnswer(ctx context.Context, p *plan) (string, error) {
	if missing, err := c.missingPolicy(ctx, p); missing != "" || err != nil {
		return missing, err
	}
	s, err := portforward.OpenBy(c.conn, p.secrets.writer)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.EnsureBucket(ctx); err != nil {
		return "", err
	}
	if err := s.Probe(ctx); err != nil || p.secrets.reader == nil {
		return "", err
	}
	reader, err := portforward.OpenBy(c.conn, p.secrets.reader)
	if err != nil {
		return "", err
	}
	defer reader.Close()
	_, err = reader.Content(ctx, "", 1)
	return "", err
}

// missingPolicy makes the bucket of the built-in store as root, and sets the
// accounts' rights.
func (c *Client) missingPolicy(ctx context.Context, p *plan) (string, error) {
	if p.secrets.root == nil {
		return "", nil
	}
	s, err := portforward.OpenBy(c.conn, p.secrets.admin())
	if err != nil {
		return "", err
	}
	defer s.Close()
	if err := s.EnsureBucket(ctx); err != nil {
		if store.IsUnknownAccount(err) {
			return waitsForAccounts, nil
		}
		return "", err
	}
	err = s.SetPolicy(ctx, string(p.secrets.writer.Data[kube.StorePolicy]))
	if store.IsUnknownAccount(err) {
		return waitsForAccounts, nil
	}
	return "", err
}

// waitsForAccounts is reported while the kubelet has not shown the store a
// changed Secret.
const waitsForAccounts = "its accounts have changed, and it has not read them yet"

// dropOldStore removes the built-in store that another one replaces. Its volume
// stays: data is only deleted by a cleanup.
func (c *Client) dropOldStore(ctx context.Context, r *run, p *plan) error {
	if p.record.Store.Kind == api.StoreBuiltIn {
		return nil
	}
	gone := append(desired.Store(desired.StorePod{Namespace: p.namespace, Image: storeImage}, p.config, "1Gi"),
		hiddenSecrets(p.namespace, storeRecord{Kind: api.StoreBuiltIn}).objects()...)
	there, err := c.lookup(ctx, gone)
	if err != nil {
		return err
	}
	var old []*unstructured.Unstructured
	for _, u := range there {
		switch {
		case !isOurs(u), u.GetKind() == "Secret" && u.GetName() != kube.StoreRootName && p.record.Store.Kind != api.StoreNone:
		case u.GetKind() == "PersistentVolumeClaim":
			r.notice(fmt.Sprintf("the volume of the built-in store is kept (%s)", describe(u)),
				api.Remedy{Options: []string{"NoStore=false"}, Purpose: "use it again"})
		default:
			r.say("removing %s, which is not used any more", describe(u))
			old = append(old, u)
		}
	}
	return c.removeAll(ctx, r, api.DryRunNone, old)
}

// missingNode waits until the scheduler has handled the store's pod: until then
// its requests count on no node.
func (c *Client) missingNode(ctx context.Context) (string, error) {
	pods, err := c.conn.Kube.CoreV1().Pods(c.conn.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: desired.LabelName + "=" + kube.StoreName, Limit: pageSize})
	if err != nil {
		return "", c.conn.Classify(err, "list", "pods")
	}
	for i := range pods.Items {
		if pods.Items[i].Spec.NodeName == "" && len(pods.Items[i].Status.Conditions) == 0 {
			return "the scheduler has not looked at its pod yet", nil
		}
	}
	return "", nil
}

// tryOwnStore refuses a foreign store that would lose results, before
// anything is made in the cluster. One that does not answer is reported at the end of
// the setup.
func (c *Client) tryOwnStore(ctx context.Context, r *run, p *plan) error {
	if p.record.Store.Kind != api.StoreExternal {
		return nil
	}
	r.say("trying the store at %s, bucket %s, with the Secret %s", p.record.Store.Endpoint, p.record.Store.Bucket, p.record.Store.Secret)
	s, err := portforward.OpenBy(c.conn, p.secrets.writer)
	if err != nil {
		return err
	}
	defer s.Close()
	var lacks []store.Lack
	if err = s.EnsureBucket(ctx); err == nil {
		lacks, err = s.Examine(ctx)
	}
	if errors.As(err, new(*api.UnavailableError)) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, lack := range lacks {
		if !lack.Loses {
			r.say("the store at %s: %s", s.Endpoint, lack.What)
		}
	}
	return refusal(s.Endpoint, lacks)
}

// refusal is nil for a store that can be used.
func refusal(endpoint string, lacks []store.Lack) error {
	var problems []error
	for _, lack := range lacks {
		if lack.Loses {
			problems = append(problems, api.InvalidOption("StoreEndpoint", "the store at %s would lose results: %s; %s", endpoint, lack.What, lack.Fix))
		}
	}
	return api.JoinInvalid(problems...)
}
