package runs

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// maxCallback is the length of a script of event_callback: it is one argument of a process, of
// the 128 KiB that Linux allows.
const maxCallback = 64 << 10

// checkCallbacks returns an InvalidSpecError with the scripts that are too long.
func checkCallbacks(w *spec.Workflow) error {
	var problems []error
	add := func(path, script string, at spec.Position) {
		if len(script) > maxCallback {
			err := api.Invalid(path, "has %d bytes; %d are allowed", len(script), maxCallback)
			err.Problems[0].File, err.Problems[0].Line, err.Problems[0].Column = w.Path, at.Line, at.Column
			problems = append(problems, err)
		}
	}
	add("event_callback", w.EventCallback, spec.Position{})
	for _, t := range w.Tasks {
		add("tasks."+t.Graph.Name+".event_callback", t.EventCallback, t.At)
	}
	return api.JoinInvalid(problems...)
}

// checkSecrets checks that the Secrets of webhooks exist, if the caller may read them. All that
// are missing are reported at once.
func (s *submission) checkSecrets(ctx context.Context) error {
	var problems []error
	for _, w := range s.new.Webhooks {
		if w.Secret == "" {
			continue
		}
		secret, err := s.c.conn.Kube.CoreV1().Secrets(s.c.conn.Namespace).Get(ctx, w.Secret, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			problems = append(problems, api.Invalid("webhook.secret", "secret %q does not exist in namespace %q", w.Secret, s.c.conn.Namespace))
		case apierrors.IsForbidden(err) && !s.options.LocalDriver: // the driver reports it
		case err != nil:
			return s.c.conn.Classify(err, "get", "secrets")
		case len(secret.Data[w.Key]) == 0:
			problems = append(problems, api.Invalid("webhook.secret", "secret %q has no key %q", w.Secret, w.Key))
		}
	}
	return api.JoinInvalid(problems...)
}
