package e2e_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// through puts a proxy between the person and the API server that sees every
// request. meddle answers a request itself, or hands it on; an answer that it
// puts elsewhere than into w is lost on the way back.
func (p *person) through(meddle func(w http.ResponseWriter, r *http.Request, server http.Handler)) {
	p.Helper()
	transport, err := rest.TransportFor(config)
	if err != nil {
		p.Fatal(err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		p.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport:     transport,
		FlushInterval: -1,
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		meddle(w, r, proxy)
	}))
	p.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	c := clientcmdapi.NewConfig()
	c.Clusters["proxy"] = &clientcmdapi.Cluster{Server: server.URL}
	c.AuthInfos["proxy"] = &clientcmdapi.AuthInfo{}
	c.Contexts["proxy"] = &clientcmdapi.Context{Cluster: "proxy", AuthInfo: "proxy"}
	c.CurrentContext = "proxy"
	p.kubeconfig = writeKubeconfig(p.TB, c)
}

// changes reports a request that makes or changes something in a namespace.
func changes(r *http.Request) bool {
	return r.Method != http.MethodGet && strings.Contains(r.URL.Path, "/namespaces/")
}

func writeKubeconfig(t testing.TB, c *clientcmdapi.Config) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// kubeconfigWith is the cluster's kubeconfig with a change.
func kubeconfigWith(t testing.TB, change func(*clientcmdapi.Cluster, *clientcmdapi.AuthInfo)) string {
	t.Helper()
	c, err := clientcmd.LoadFromFile(cluster.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	now := c.Contexts[c.CurrentContext]
	change(c.Clusters[now.Cluster], c.AuthInfos[now.AuthInfo])
	return writeKubeconfig(t, c)
}

// wire is a connection between the person and the API server that can be cut.
type wire struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	open     map[net.Conn]bool
	made     int
}

// byWire makes the person reach the API server by a wire.
func (p *person) byWire() *wire {
	p.Helper()
	target, err := url.Parse(config.Host)
	if err != nil {
		p.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.Fatal(err)
	}
	w := &wire{listener: listener, target: target.Host, open: map[net.Conn]bool{}}
	go w.serve()
	p.Cleanup(func() {
		listener.Close()
		w.cut()
	})
	p.kubeconfig = kubeconfigWith(p.TB, func(c *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
		c.Server, c.TLSServerName = "https://"+listener.Addr().String(), target.Hostname()
	})
	return w
}

func (w *wire) serve() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", w.target)
		if err != nil {
			near.Close()
			continue
		}
		w.mu.Lock()
		w.open[near], w.open[far] = true, true
		w.made++
		w.mu.Unlock()
		for from, to := range map[net.Conn]net.Conn{near: far, far: near} {
			go func() {
				_, _ = io.Copy(to, from) // it ends when either side does
				near.Close()
				far.Close()
			}()
		}
	}
}

// cut breaks all connections that are open. New ones can be made.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.open {
		c.Close()
	}
	w.open = map[net.Conn]bool{}
}

func (w *wire) connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made
}
