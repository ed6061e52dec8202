package access

import (
	"context"
	"sync"

	"k8s.io/client-go/rest"
)

// warnings passes the API server's warnings to the caller. client-go logs them
// by itself, and a library does not print. Each is passed once: a campaign
// makes a thousand Jobs with the same warning.
type warnings struct {
	warn func(string)

	mu   sync.Mutex
	seen map[string]bool
}

var _ rest.WarningHandlerWithContext = (*warnings)(nil)

const (
	// warningCode is the only one that Kubernetes has for them (RFC 7234, 5.5.7).
	warningCode = 299
	// maxSeen limits how many are remembered, since others write their texts.
	maxSeen = 1000
)

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w *warnings) HandleWarningHeaderWithContext(ctx context.Context, code int, _ string, text string) {
	if code == warningCode && text != "" && ctx.Value(quietly{}) == nil && w.isNew(text) {
		w.warn(text)
	}
}

func (w *warnings) isNew(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[text] || len(w.seen) == maxSeen {
		return false
	}
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	w.seen[text] = true
	return true
}

type quietly struct{}

// Quietly returns a context for requests of which the API server's warnings are
// nothing to the user: those that only try something.
func Quietly(ctx context.Context) context.Context {
	return context.WithValue(ctx, quietly{}, true)
}
