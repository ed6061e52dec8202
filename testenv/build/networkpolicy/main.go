// Command networkpolicy enforces the NetworkPolicies of a cluster on one node: the
// controller of kube-router, and nothing else of kube-router. It wants iptables and
// ipset, and to run in the node's network.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// health takes connections as soon as the rules were written once: until then the pods
// of this node are without their policies.
const health = "127.0.0.1:20244"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := enforce(ctx); err != nil {
		log.Fatal(err)
	}
}

func enforce(ctx context.Context) error {
	config := options.NewKubeRouterConfig()
	config.EnableIPv4 = true
	config.HostnameOverride = os.Getenv("NODE_NAME")
	// Changes of others in the rules are reverted; changes of objects are
	// seen at once.
	config.IPTablesSyncPeriod = time.Minute

	rules, sets, err := netpol.NewIPTablesHandlers(config)
	if err != nil {
		return err
	}
	for family, handler := range rules {
		rules[family] = &remembering{IPTablesHandler: handler, lifetime: config.IPTablesSyncPeriod / 2}
	}
	connection, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(connection)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.StartWithContext(ctx)
	if err := factory.WaitForCacheSyncWithContext(ctx).AsError(); err != nil {
		return err
	}
	controller, err := netpol.NewNetworkPolicyController(client, config, pods, policies, namespaces, &sync.Mutex{}, rules, sets)
	if err != nil {
		return err
	}
	concern := concern{policies.GetStore()}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods:       concern.pods(controller.PodEventHandler),
		namespaces: concern.namespaces(controller.NamespaceEventHandler),
		policies:   controller.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	beats := make(chan *healthcheck.ControllerHeartbeat)
	var running sync.WaitGroup
	running.Add(1)
	go controller.Run(beats, ctx.Done(), &running)
	return answerWhenReady(ctx, controller, beats)
}

// answerWhenReady serves the readiness probe once the rules are written. The controller
// beats before it writes them: when it beats a second time, for which it is asked, the
// first time is over.
func answerWhenReady(ctx context.Context, controller *netpol.NetworkPolicyController, beats <-chan *healthcheck.ControllerHeartbeat) error {
	for range 2 {
		select {
		case <-beats:
			controller.RequestFullSync()
		case <-ctx.Done():
			return nil
		}
	}
	listener, err := net.Listen("tcp", health)
	if err != nil {
		return err
	}
	defer listener.Close()
	go http.Serve(listener, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // 200; ends with the listener
	for {
		select {
		case <-beats: // it blocks until they are received
		case <-ctx.Done():
			return nil
		}
	}
}
