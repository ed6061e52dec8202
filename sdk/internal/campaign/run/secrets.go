package run

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/authz"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
	"github.com/kubevast/vast/sdk/spec"
)

// A campaign's secrets lie in one Secret, which its ConfigMap owns and its Jobs
// refer to. The names are part of how it is executed, which the store has; the
// values are nowhere else.

const secretsResource = "secrets"

// secretRights are what a submission with secrets needs besides.
var secretRights = authz.Each(secretsResource, "create", "get")

// secretObject is the Secret of a campaign.
func secretObject(r *layout.Record, owner *corev1.ConfigMap, values map[string]string) *corev1.Secret {
	s := &corev1.Secret{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: record.SecretName(r.ID), Namespace: owner.Namespace,
			Labels:          map[string]string{kube.LabelCampaign: kube.LabelValue(r.ID), kube.LabelUser: kube.LabelValue(r.User), kube.LabelManagedBy: kube.ManagedBy},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.Name, UID: owner.UID}},
		},
		Immutable: ptr.To(true),
		Type:      corev1.SecretTypeOpaque,
		Data:      map[string][]byte{},
	}
	for name, value := range values {
		s.Data[name] = []byte(value)
	}
	return s
}

// secretsGiven are the values that the file's reader and the options have.
func secretsGiven(s *spec.Campaign, o api.CampaignOptions) map[string]string {
	given := map[string]string{}
	if s != nil {
		for _, v := range s.Secrets {
			given[v.Name] = v.Value
		}
	}
	for name, value := range o.Secrets {
		given[name] = value
	}
	return given
}

// checkSecrets refuses values that a campaign, which was begun with the secrets
// of names, has no use for.
func checkSecrets(id string, names []string, given map[string]string) error {
	var errs []error
	for name := range given {
		if !slices.Contains(names, name) {
			errs = append(errs, &api.InvalidSpecError{Problems: []api.Problem{{Option: "Secrets", Path: name, Message: fmt.Sprintf("campaign %s was submitted without it; omit it", id)}}})
		}
	}
	return api.JoinInvalid(errs...)
}

// makeSecret makes sure that the Jobs find the values. Of a campaign that is
// resumed they may be there already; they are those that it was begun with then.
func (c *Runner) makeSecret(ctx context.Context, r *layout.Record, owner *corev1.ConfigMap, names []string, given map[string]string, o api.CampaignOptions) error {
	if len(names) == 0 {
		return nil
	}
	secrets := c.conn.Kube.CoreV1().Secrets(owner.Namespace)
	there, err := secrets.Get(ctx, record.SecretName(r.ID), metav1.GetOptions{})
	switch {
	case err == nil && ownedBy(there, owner):
		return nil
	case err == nil:
		return &api.ConflictError{Message: fmt.Sprintf("there is a Secret %q in namespace %q that does not belong to campaign %s; delete it and resume",
			there.Name, there.Namespace, r.ID), Remedies: resumeWith(r, false)}
	case !apierrors.IsNotFound(err):
		return c.conn.Classify(err, "get", secretsResource)
	}
	if absent := absentFrom(given, names); len(absent) > 0 {
		return &api.ConflictError{Message: fmt.Sprintf("the secrets of campaign %s are not in the cluster; give them again", r.ID),
			Remedies: resumeWith(r, false, secretOptions(absent)...)}
	}
	_, err = secrets.Create(ctx, secretObject(r, owner, given), metav1.CreateOptions{DryRun: o.DryRun.Param(), FieldManager: o.FieldManager})
	return c.conn.Classify(err, "create", secretsResource)
}

func ownedBy(s *corev1.Secret, owner *corev1.ConfigMap) bool {
	return slices.ContainsFunc(s.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.UID == owner.UID })
}

// secretsOf are the values for a campaign that runs another one's runs again: those
// that are given, and for the rest those of the other one, as long as it has them.
func (c *Runner) secretsOf(ctx context.Context, old *layout.Record, names []string, given map[string]string) (map[string]string, error) {
	if err := checkSecrets(old.ID, names, given); err != nil {
		return nil, err
	}
	absent := absentFrom(given, names)
	if len(absent) == 0 {
		return given, nil
	}
	there, err := c.conn.Kube.CoreV1().Secrets(c.conn.Namespace).Get(ctx, record.SecretName(old.ID), metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, c.conn.Classify(err, "get", secretsResource)
	}
	values := map[string]string{}
	for name, value := range given {
		values[name] = value
	}
	for _, name := range absent {
		if value, ok := there.Data[name]; err == nil && ok && there.Labels[kube.LabelCampaign] == kube.LabelValue(old.ID) {
			values[name] = string(value)
		}
	}
	if absent = absentFrom(values, names); len(absent) > 0 {
		return nil, &api.InvalidSpecError{Problems: []api.Problem{{Option: "Secrets", Message: fmt.Sprintf("campaign %s has secrets whose values are no longer in the cluster; give them again", old.ID),
			Remedies: []api.Remedy{{Options: secretOptions(absent)}}}}}
	}
	return values, nil
}

// absentFrom are the names that have no value.
func absentFrom(given map[string]string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { _, ok := given[name]; return ok })
}

// secretOptions returns the options of a remedy that gives these secrets.
func secretOptions(names []string) []string {
	options := make([]string, len(names))
	for i, name := range names {
		options[i] = "Secrets=" + name
	}
	return options
}
