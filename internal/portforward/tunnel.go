package portforward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// tunnel reaches a Service of the cluster through the API server, as kubectl
// port-forward does, but without a local port: each connection is a
// stream of its own within one connection to the API server.
type tunnel struct {
	conn               *access.Conn
	namespace, service string

	mu     sync.Mutex
	stream httpstream.Connection
	port   int32 // of the pod
	next   int   // the request's number, which pairs its two streams
}

// dial implements http.Transport's DialContext. A connection to the API server
// that is gone, or one to a pod that is, is made anew.
func (t *tunnel) dial(ctx context.Context, _, address string) (net.Conn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream != nil {
		if c, err := t.open(address); err == nil {
			return c, nil
		}
		t.drop()
	}
	if err := t.connect(ctx, address); err != nil {
		return nil, err
	}
	c, err := t.open(address)
	if err != nil {
		t.drop()
		return nil, &api.UnavailableError{Message: fmt.Sprintf("the store's pod does not take connections: %v", err), Cause: err}
	}
	return c, nil
}

func (t *tunnel) drop() {
	_ = t.stream.Close() // it is of no use any more
	t.stream = nil
}

// lost forgets a stream that turned out to be broken, unless there is another
// one already: a pod that was replaced is found by the next attempt.
func (t *tunnel) lost(stream httpstream.Connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream == stream {
		t.drop()
	}
}

func (t *tunnel) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream != nil {
		t.drop()
	}
}

// connect opens the connection to a ready pod of the Service.
func (t *tunnel) connect(ctx context.Context, address string) error {
	pod, port, err := t.target(ctx, address)
	if err != nil {
		return err
	}
	cfg := t.conn.Config
	url := t.conn.Kube.CoreV1().RESTClient().Post().Resource("pods").
		Namespace(t.namespace).Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(cfg)
	if err != nil {
		return err
	}
	old := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	websocket, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, cfg)
	if err != nil {
		return err
	}
	var first error
	dialer := portforward.NewFallbackDialerForStreaming(websocket, old, func(err error) bool {
		first = err
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	stream, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
	if err != nil {
		return t.conn.Classify(answerOf(first, err), "create", "pods/portforward")
	}
	t.stream, t.port = stream, port
	return nil
}

// answerOf is the API server's own answer among the failures of the two ways,
// if it gave one: the second way has it as text only.
func answerOf(first, second error) error {
	var upgrade *httpstream.UpgradeFailureError
	if errors.As(first, &upgrade) {
		if answer := (apierrors.APIStatus)(nil); errors.As(upgrade.Cause, &answer) {
			return upgrade.Cause
		}
	}
	return second
}

// target finds a ready pod behind the Service, and the port in it.
func (t *tunnel) target(ctx context.Context, address string) (pod string, port int32, err error) {
	core := t.conn.Kube.CoreV1()
	service, err := core.Services(t.namespace).Get(ctx, t.service, metav1.GetOptions{})
	if err != nil {
		return "", 0, t.conn.Classify(err, "get", "services")
	}
	pods, err := core.Pods(t.namespace).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String()})
	if err != nil {
		return "", 0, t.conn.Classify(err, "list", "pods")
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; ready(p) && t.trusts(p) {
			port, err := podPort(service, p, address)
			return p.Name, port, err
		}
	}
	return "", 0, &api.UnavailableError{Message: fmt.Sprintf("no pod of the store (Service %s in namespace %s) is ready", t.service, t.namespace),
		Remedies: []api.Remedy{{Action: api.ClusterStatusGet, Namespace: t.conn.Namespace}}}
}

// trusts reports whether a pod that the Service selects is behind it. Any pod of the
// namespace may have the labels of the built-in store; that one's is made by a
// Deployment, which the pods of tasks never are.
func (t *tunnel) trusts(p *corev1.Pod) bool {
	if t.service != kube.StoreName {
		return true // a foreign S3, of which only the Service is known
	}
	owner := metav1.GetControllerOf(p)
	return owner != nil && owner.Kind == "ReplicaSet" && strings.HasPrefix(owner.Name, kube.StoreName+"-")
}

func ready(p *corev1.Pod) bool {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue && p.DeletionTimestamp == nil
		}
	}
	return false
}

// podPort is the port in the pod that the Service's port of address leads to.
func podPort(service *corev1.Service, pod *corev1.Pod, address string) (int32, error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	for _, p := range service.Spec.Ports {
		if strconv.Itoa(int(p.Port)) != text {
			continue
		}
		if p.TargetPort.StrVal == "" {
			return p.TargetPort.IntVal, nil
		}
		for _, c := range pod.Spec.Containers {
			for _, named := range c.Ports {
				if named.Name == p.TargetPort.StrVal {
					return named.ContainerPort, nil
				}
			}
		}
	}
	return 0, api.Invalid("", "Service %s in namespace %s has no port %s, which the store's endpoint names", service.Name, service.Namespace, text)
}
