package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

// shared is the ConfigMap SetupName in Kueue's namespace: the settings of
// administrators. The users of a namespace can write the namespace's record, so
// nothing in it is a decision of an administrator, neither for
// what the whole cluster has nor for the program that the store's data is
// entrusted to.
type shared struct {
	home string
	data map[string]string
	// kept is nil while there is none.
	kept *corev1.ConfigMap
}

// Keys of the ConfigMap. It has some for each namespace that was set up, so that
// two setups at a time do not undo each other.
const (
	// sharedInstalled is the version of the Kueue that a setup installed.
	sharedInstalled = "kueue-installed"
	// sharedKueue is the image that was asked for; without it, it is this program's.
	sharedKueue = "kueue-image"

	// sharedNamespace with a namespace behind it is that namespace's UID: another
	// one of the same name was not set up.
	sharedNamespace = "namespace."
	// sharedConfig is its config, sharedStore the image of its built-in store;
	// without it, it is this program's.
	sharedConfig = "config."
	sharedStore  = "store-image."
)

// sharedManager is another author than that of a namespace's record: both are in
// one ConfigMap where Kueue's own namespace is set up.
const sharedManager = fieldManager + "-shared"

// readShared returns what is recorded in Kueue's namespace; nothing where it is
// not there or may not be read.
func (c *Client) readShared(ctx context.Context, home string) (shared, error) {
	s := shared{home: home}
	m, err := c.conn.Kube.CoreV1().ConfigMaps(home).Get(ctx, kube.SetupName, metav1.GetOptions{})
	if isAbsent(err) {
		return s, nil
	}
	if err = c.conn.Classify(err, "get", "configmaps"); err != nil {
		if isForbidden(err) {
			err = nil
		}
		return s, err
	}
	s.data, s.kept = m.Data, m
	return s, nil
}

// of returns what is recorded for a namespace, which is not an older one of the
// same name.
func (s shared) of(key, namespace string, uid types.UID) string {
	if s.data[sharedNamespace+namespace] != string(uid) {
		return ""
	}
	return s.data[key+namespace]
}

// namespaces are those that were set up, with their UIDs.
func (s shared) namespaces() map[string]types.UID {
	found := map[string]types.UID{}
	for key, uid := range s.data {
		if name, ok := strings.CutPrefix(key, sharedNamespace); ok {
			found[name] = types.UID(uid)
		}
	}
	return found
}

// differs returns what has to change in s: nil takes a key away.
func (s shared) differs(wanted map[string]string) map[string]any {
	changes := map[string]any{}
	for key, value := range wanted {
		switch {
		case s.data[key] == value:
		case value == "":
			changes[key] = nil
		default:
			changes[key] = value
		}
	}
	return changes
}

// without is what has to be wanted so that nothing of a namespace is left.
func without(namespace string) map[string]string {
	return map[string]string{sharedNamespace + namespace: "", sharedConfig + namespace: "", sharedStore + namespace: ""}
}

// writeShared makes single changes of what was read.
func (c *Client) writeShared(ctx context.Context, s shared, changes map[string]any) error {
	if len(changes) == 0 {
		return nil
	}
	maps := c.conn.Kube.CoreV1().ConfigMaps(s.home)
	if s.kept == nil {
		made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: kube.SetupName, Namespace: s.home, Labels: desired.Labels(desired.ComponentShared)},
			Data: map[string]string{}}
		for key, value := range changes {
			made.Data[key] = value.(string) // there is nothing that could be taken away
		}
		_, err := maps.Create(ctx, made, metav1.CreateOptions{FieldManager: sharedManager})
		if !isThere(err) { // else another namespace's setup was faster
			return c.conn.Classify(err, "create", "configmaps")
		}
	}
	patch, err := json.Marshal(map[string]any{"data": changes})
	if err != nil {
		return fmt.Errorf("encode the changes of ConfigMap %s: %w", kube.SetupName, err)
	}
	_, err = maps.Patch(ctx, kube.SetupName, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: sharedManager})
	return c.conn.Classify(err, "patch", "configmaps")
}

// wantedShared is the part of a plan that administrators decide.
func (p *plan) wantedShared(now *observed) map[string]string {
	wanted := map[string]string{
		sharedNamespace + p.namespace: string(now.uid),
		sharedConfig + p.namespace:    p.record.Config,
		sharedStore + p.namespace:     p.storeImage,
	}
	switch {
	case p.install:
		wanted[sharedInstalled], wanted[sharedKueue] = kube.KueueVersion, p.kueueImage
	case now.release != nil && now.release.Ours:
		wanted[sharedInstalled], wanted[sharedKueue] = now.release.Version, p.kueueImage
	}
	return wanted
}

// recordShared records it before anything else is made, so that a setup that is
// interrupted continues with the same images.
func (c *Client) recordShared(ctx context.Context, r *run, p *plan, now *observed) error {
	if p.install {
		if err := r.await(ctx, "namespace "+kueueNamespace, c.missingKueueNamespace); err != nil {
			return err
		}
	}
	return c.writeShared(ctx, now.shared, now.shared.differs(p.wantedShared(now)))
}

// forgetShared takes a namespace out, and the ConfigMap with the last one unless
// it still says that a setup installed Kueue, which is there.
func (c *Client) forgetShared(ctx context.Context, namespace string, kueueStays bool) error {
	found, err := c.findKueue(ctx)
	if err != nil {
		return err
	}
	s, err := c.readShared(ctx, found.home())
	if err != nil || s.kept == nil {
		return err
	}
	wanted := without(namespace)
	if !kueueStays {
		wanted[sharedInstalled], wanted[sharedKueue] = "", ""
	}
	changes := s.differs(wanted)
	if len(changes) < len(s.data) || s.kept.Labels[kube.LabelComponent] != desired.ComponentShared {
		return c.writeShared(ctx, s, changes)
	}
	// Not while another namespace is being set up.
	err = c.conn.Kube.CoreV1().ConfigMaps(s.home).Delete(ctx, kube.SetupName, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &s.kept.UID, ResourceVersion: &s.kept.ResourceVersion}})
	if isAbsent(err) {
		return nil
	}
	if apierrors.IsConflict(err) {
		return c.writeShared(ctx, s, changes)
	}
	return c.conn.Classify(err, "delete", "configmaps")
}

// words names the ConfigMap to people.
func (s shared) words() string { return "configmap/" + kube.SetupName + " in namespace " + s.home }

// mentions reports whether anything of a namespace is recorded.
func (s shared) mentions(namespace string) bool {
	return slices.ContainsFunc([]string{sharedNamespace, sharedConfig, sharedStore}, func(key string) bool {
		_, there := s.data[key+namespace]
		return there
	})
}

// unconfirmed is the Conflict about an image that only the record of a namespace
// names; nil when that is the one that is taken anyway. option is the option that decides it.
func unconfirmed(namespace, what, option, recorded, taken string) error {
	if recorded == "" || recorded == taken {
		return nil
	}
	remedies := []api.Remedy{{Options: []string{option + "=" + taken}}}
	if len(checkImage("", recorded)) == 0 {
		remedies = append([]api.Remedy{{Options: []string{option + "=" + recorded}}}, remedies...)
	}
	return &api.ConflictError{Message: fmt.Sprintf(
		"the record of the setup (ConfigMap %q in namespace %q), which users of the namespace can write, names the image %q for %s, where %q would be installed; nothing was changed",
		kube.SetupName, namespace, text.Short(recorded, 300), what, taken), Remedies: remedies}
}
