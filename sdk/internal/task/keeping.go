package task

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/manifest"
)

// keeping is whether the namespace keeps results.
type keeping struct {
	store bool
	// broken is what the namespace lacks besides its store; unknown means that the
	// caller may not read whether there is a store.
	broken  string
	unknown bool
}

// keepKept is how long it is cached.
const keepKept = time.Minute

// keepingHere reads the record of the namespace's setup. The result is cached.
func (c *Client) keepingHere(ctx context.Context) (keeping, error) {
	return c.kept.Get(c.conn.Namespace, func() (keeping, error) {
		record, err := c.conn.Kube.CoreV1().ConfigMaps(c.conn.Namespace).Get(ctx, kube.SetupName, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return keeping{}, nil
		case apierrors.IsForbidden(err):
			return keeping{unknown: true}, nil
		case err != nil:
			return keeping{}, c.conn.Classify(err, "get", "configmaps")
		case !hasStore(record):
			return keeping{}, nil
		}
		k := keeping{store: true}
		_, err = c.conn.Kube.CoreV1().ServiceAccounts(c.conn.Namespace).Get(ctx, kube.AgentName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			k.broken = fmt.Sprintf("namespace %q has no service account %q", c.conn.Namespace, kube.AgentName)
		}
		// If the caller may not read it, the first task reports it.
		return k, nil
	})
}

// hasStore reports whether a setup created a store, according to its record.
func hasStore(record *corev1.ConfigMap) bool {
	var setup struct {
		Store struct {
			Kind api.StoreKind `json:"kind"`
		} `json:"store"`
	}
	err := json.Unmarshal([]byte(record.Data[kube.SetupKey]), &setup)
	return err == nil && setup.Store.Kind != "" && setup.Store.Kind != api.StoreNone
}

// setResults sets where the task's results and logs are stored, if the namespace
// has a store.
func (s *submission) setResults(context.Context) error {
	in, k := &s.input, s.known.keeping
	if s.options.NoResults {
		return nil
	}
	if !k.store || k.broken != "" {
		if n := notKept(in, k); n.Message != "" {
			s.c.conn.Warn(n.Message, n.Remedies...)
		}
		return nil
	}
	node := layout.TaskPrefix(in.ID) + agentspec.RankPlaceholder + "/"
	s.addAnnotations(map[string]string{kube.AnnotationKept: layout.TaskPrefix(in.ID)})
	in.Results = &agentspec.Keep{
		Results:   []agentspec.Result{{Prefix: node, Dirs: []agentspec.Dir{{Path: in.OutputDir, Progress: true}}}},
		LogPrefix: node + layout.LogDir,
	}
	return nil
}

// notKept returns the warning for a user who may rely on results; empty for none.
func notKept(in *manifest.Input, k keeping) api.Notice {
	setup := []api.Remedy{{Action: api.ClusterSetup}}
	switch {
	case k.broken != "":
		return api.Notice{Message: "results and logs are not kept: " + k.broken, Remedies: setup}
	case len(in.Task.Outputs) == 0:
		return api.Notice{}
	case k.unknown:
		return api.Notice{Message: fmt.Sprintf("outputs are not kept: you may not read ConfigMap %q, which records whether there is a store", kube.SetupName)}
	}
	return api.Notice{Message: fmt.Sprintf("outputs are not kept: namespace %q has no store", in.Namespace), Remedies: setup}
}
