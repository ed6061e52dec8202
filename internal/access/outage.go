package access

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/kubevast/vast/internal/text"
)

// change is a kind of request that changes something: "create", "jobs.batch".
type change struct{ verb, resource string }

// changes reports which one a request is. What opens a connection into a pod is
// none: it is the tunnel's to try again.
func changes(req *http.Request) (change, bool) {
	if req == nil || req.URL == nil {
		return change{}, false
	}
	verb := map[string]string{http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete"}[req.Method]
	path := strings.Split(strings.Trim(req.URL.Path, "/"), "/")
	// The server's URL may have a path of its own before the API's.
	root := slices.IndexFunc(path, func(s string) bool { return s == "api" || s == "apis" })
	if verb == "" || root < 0 {
		return change{}, false
	}
	path = path[root:]
	group, head := "", 2
	if path[0] == "apis" {
		head = 3
	}
	if len(path) <= head {
		return change{}, false
	}
	if path[0] == "apis" {
		group = "." + path[1]
	}
	path = path[head:]
	if path[0] == "namespaces" && len(path) > 2 {
		path = path[2:]
	}
	if len(path) > 2 && path[2] != "status" && path[2] != "scale" {
		return change{}, false
	}
	return change{verb, path[0] + group}, true
}

// outages are the changes that fail, each since when without a success between.
// The zero value is ready, but for warn.
type outages struct {
	warn   func(string)
	server string
	now    func() time.Time

	mu    sync.Mutex
	since map[change]*outage
}

type outage struct {
	first, last time.Time
	warned      bool
}

// forgotten is after how long without a failure the next one is of another
// outage: a webhook may take half a minute for each answer.
const forgotten = time.Minute

// over reports that a change got another answer.
func (o *outages) over(to change) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.since, to)
}

// failed records a passing failure. It returns for how long the change is still
// retried, and when next. After a few seconds it warns, once.
func (o *outages) failed(to change, resp *http.Response) (left, pause time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.now()
	if o.since == nil {
		o.since = map[change]*outage{}
	}
	it := o.since[to]
	if it == nil || now.Sub(it.last) > forgotten {
		it = &outage{first: now}
		o.since[to] = it
	}
	it.last = now
	age := now.Sub(it.first)
	left, pause = patience-age, often
	if age >= warnAfter {
		pause = seldom
		if !it.warned && left > 0 {
			it.warned = true
			o.warn(fmt.Sprintf("the cluster at %s cannot %s %s at the moment: %s; it is tried again for another %s",
				o.server, to.verb, to.resource, whyNot(resp), left.Round(time.Second)))
		}
	}
	return left, pause
}

// maxWhy limits how much of an answer is read, maxReason how much is reported.
const maxWhy, maxReason = 64 << 10, 500

// whyNot returns the message of an answer, whose body can be read again.
func whyNot(resp *http.Response) string {
	if resp.Body == nil {
		return resp.Status
	}
	head, _ := io.ReadAll(io.LimitReader(resp.Body, maxWhy)) // what can be read of it is read again
	resp.Body = &readAgain{io.MultiReader(bytes.NewReader(head), resp.Body), resp.Body}
	reason := string(head)
	if obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(head, nil, nil); err == nil {
		if status, ok := obj.(*metav1.Status); ok {
			reason = status.Message
		}
	}
	if reason = text.OneLine(reason, maxReason); reason == "" {
		return resp.Status
	}
	return reason
}

// readAgain is a body of which the beginning was read.
type readAgain struct {
	io.Reader
	io.Closer
}
