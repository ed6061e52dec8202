package cluster

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

// isOldStore reports a Deployment of ours as older versions made it: with one
// account, in the clear, and found by a label that any pod may have. What selects
// its pods cannot be changed, so it is replaced.
func isOldStore(d *appsv1.Deployment) bool {
	return d != nil && isOurs(d) && d.Spec.Selector != nil && d.Spec.Selector.MatchLabels[kube.LabelStore] == ""
}

// decideLayout decides whether a built-in store of an older version is replaced now
// or stays as it is. Nothing is taken away under work that has not ended, and no
// data with its pod.
func (c *Client) decideLayout(ctx context.Context, r *run, p *plan, now *observed, o api.StoreOptions) error {
	if p.record.Store.Kind != api.StoreBuiltIn || !isOldStore(now.deployment) {
		return nil
	}
	why, remedies, err := c.holdsBack(ctx, now)
	if err != nil {
		return err
	}
	if why == "" {
		p.replaces = true
		return nil
	}
	if o.TLS != nil && *o.TLS {
		return &api.ConflictError{Message: "the store was set up by an older version, and TLS takes a new pod: " + why, Remedies: remedies}
	}
	p.old = true
	p.record.Store.Endpoint = desired.StoreEndpoint(p.namespace, false)
	r.notice("the store stays as an older version set it up, without TLS and with one account for readers and writers: "+why,
		append(remedies, api.Remedy{Action: api.ClusterSetup, Purpose: "replace it after that"})...)
	return nil
}

// holdsBack returns why the store's pod and its credentials must stay, and what can
// be done about it; the text is empty when they can be replaced.
func (c *Client) holdsBack(ctx context.Context, now *observed) (why string, remedies []api.Remedy, err error) {
	w, err := c.unfinished(ctx)
	if err != nil {
		return "", nil, err
	}
	if all := w.items(); len(all) > 0 {
		return fmt.Sprintf("work that may use it has not ended (%s); wait for it or stop it", wordsForWork(all)), toStop(all), nil
	}
	if now.claim != nil {
		return "", nil, nil
	}
	held, err := c.storeContent(ctx)
	if err != nil || held.Objects == 0 {
		return "", nil, nil // a store that does not answer holds nothing that could be saved
	}
	return fmt.Sprintf("it holds %s in its pod, which would be lost; %s", wordsFor(held), saveFirst), toSave(), nil
}

// removeOldStore ends the Deployment that is replaced and waits for its pod, since
// two must never write to one volume.
func (c *Client) removeOldStore(ctx context.Context, r *run, p *plan) error {
	if !p.replaces {
		return nil
	}
	r.say("replacing the store, which an older version set up; its volume stays, its credentials change")
	old := toUnstructured(p.storeDeployment())
	there, err := c.get(ctx, old)
	if err != nil || there == nil {
		return err
	}
	return c.removeAll(ctx, r, api.DryRunNone, []*unstructured.Unstructured{there})
}

// decideSecrets returns the store's Secrets as they should be; none without a store.
func (c *Client) decideSecrets(ctx context.Context, r *run, p *plan, now *observed) (storeSecrets, error) {
	s := p.record.Store
	switch s.Kind {
	case api.StoreNone:
		return storeSecrets{}, nil
	case api.StoreExternal:
		return c.decideExternal(ctx, r, p)
	}
	if p.old {
		return storeSecrets{writer: storeSecret(kube.StoreName, p.namespace, s, credentialsOf(now.secret).orNew(), nil)}, nil
	}
	a, hold := keptAccounts(p.namespace, now), false
	if end, at := a.end(p.namespace), time.Now(); !s.Plain && end.After(at) && !end.After(at.Add(renewBefore)) {
		why, remedies, err := c.holdsBack(ctx, now)
		if err != nil {
			return storeSecrets{}, err
		}
		if hold = why != ""; hold {
			r.notice(fmt.Sprintf("the store's certificate expires on %s and is not renewed now: %s", end.Format(time.DateOnly), why), remedies...)
		}
	}
	a, err := a.completed(p.namespace, !s.Plain, hold, time.Now())
	if err != nil {
		return storeSecrets{}, fmt.Errorf("making the store's certificate: %w", err)
	}
	return builtInSecrets(p.namespace, s, a, p.values[provider.OptionStorageSize] != ""), nil
}

func (c *Client) decideExternal(ctx context.Context, r *run, p *plan) (storeSecrets, error) {
	s := p.record.Store
	writer, err := c.secretNamed(ctx, s.Secret)
	if err != nil {
		return storeSecrets{}, err
	}
	var reader *corev1.Secret
	if s.ReaderSecret != "" {
		if reader, err = c.secretNamed(ctx, s.ReaderSecret); err != nil {
			return storeSecrets{}, err
		}
	} else {
		r.notice(fmt.Sprintf("who may read the Secret %s may also write to this S3", kube.StoreReaderName),
			api.Remedy{Options: []string{"StoreReaderSecret"}, Purpose: "name the credentials of an account that may only list and get"})
	}
	return externalSecrets(p.namespace, s, writer, reader)
}
