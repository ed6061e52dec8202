package e2e_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubevast/vast/testenv"
)

// answerTime is how long a cluster that cannot be reached may keep a user
// waiting: ten seconds are promised, the rest is for a machine that starts many
// commands at once.
const answerTime = 20 * time.Second

// everyCommand contacts the cluster in its own way.
var everyCommand = [][]string{
	{"submit", "task.yaml", "-d"}, {"submit", "task.yaml", "--dry-run=server"}, {"list"}, {"list", "-A", "--all-users"},
	{"list", "-w"}, {"status", "abcdefgh"}, {"status", "@latest"}, {"logs", "some-job"}, {"logs", "abcdefgh", "-f"}, {"wait", "abcdefgh"},
	{"stop", "abcdefgh"}, {"stop", "--all", "--yes"}, {"delete", "abcdefgh"}, {"auth", "whoami"},
}

func TestAnUnreachableClusterIsReportedInOneLine(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	stop := make(chan struct{})
	mute := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	mute.Config.ErrorLog = log.New(io.Discard, "", 0)
	mute.StartTLS()
	t.Cleanup(func() { close(stop); mute.Close() })
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Welcome</body></html>")) // a test's server
	}))
	t.Cleanup(web.Close)

	for name, c := range map[string]struct {
		server, says string
	}{
		"nobody listens":                     {"https://" + closed.Addr().String(), "connection refused"},
		"a listener that never answers":      {"https://" + silent.Addr().String(), "no answer"},
		"a server that never answers":        {mute.URL, "no answer"},
		"a server whose host has no address": {"https://no.such.host.invalid:6443", "no such host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &person{TB: t, dir: t.TempDir(), namespace: "default"}
			p.file("task.yaml", minimal)
			p.kubeconfig = kubeconfigWith(t, func(cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
				cluster.Server, cluster.CertificateAuthorityData, cluster.InsecureSkipTLSVerify = c.server, nil, true
			})
			ctx, cancel := context.WithTimeout(t.Context(), answerTime)
			defer cancel()
			var started []*process
			for _, command := range everyCommand {
				started = append(started, p.start("kubectl-vast", nil, command...))
			}
			for _, s := range started {
				p.answersIn(s.waitIn(ctx).exits(6).prints("cannot reach the cluster at "+c.server, c.says), 1)
			}
		})
	}
	t.Run("a web server that is no cluster", func(t *testing.T) {
		t.Parallel()
		p := &person{TB: t, dir: t.TempDir(), namespace: "default"}
		p.kubeconfig = kubeconfigWith(t, func(cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) {
			cluster.Server, cluster.CertificateAuthorityData = web.URL, nil
		})
		r := p.vast("submit", p.file("task.yaml", minimal), "-d")
		if r.code == 0 {
			t.Errorf("it is taken for a cluster: %s", r.stdout)
		}
		p.answersIn(r, 1)
	})
	t.Run("a certificate that is not the cluster's", func(t *testing.T) {
		t.Parallel()
		p := &person{TB: t, dir: t.TempDir(), namespace: "default"}
		p.kubeconfig = kubeconfigWith(t, func(cluster *clientcmdapi.Cluster, _ *clientcmdapi.AuthInfo) { cluster.Server = mute.URL })
		p.answersIn(p.vast("list").exits(6).prints("certificate is not trusted"), 1)
	})
}

func TestAnInvalidKubeconfigIsReportedInOneLine(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.file("task.yaml", minimal)
	absent := *p
	absent.kubeconfig, absent.env = filepath.Join(p.dir, "absent"), []string{"HOME=" + p.dir}
	broken := *p
	broken.kubeconfig = p.file("broken", "clusters: [}\n")
	for _, command := range everyCommand {
		t.Run(strings.Join(command, " "), func(t *testing.T) {
			absent, broken, p := absent.in(t), broken.in(t), p.in(t)
			for _, p := range []*person{absent, broken, p} {
				p.file("task.yaml", minimal)
			}
			absent.answersIn(absent.vast(command...).exits(2).prints("no kubeconfig found", absent.kubeconfig), 1)
			broken.answersIn(broken.vast(command...).exits(2).prints("kubeconfig"), 1)
			p.answersIn(p.vast(append(command, "--context", "nowhere")...).exits(2).prints(`"nowhere" does not exist`, "the contexts "), 1)
		})
	}
	p.answersIn(absent.vol("list").exits(2).prints("no kubeconfig found"), 1)
}

func TestAMissingNamespaceIsReported(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	nowhere := *p
	nowhere.namespace = p.namespace + "-none"
	r := nowhere.vast("submit", p.file("task.yaml", minimal), "-d").exits(3).prints(`namespace "`+nowhere.namespace+`" not found`, "kubectl create namespace")
	p.answersIn(r, 1)
	r = nowhere.vol("create", "data", "1Gi").exits(3).prints(`namespace "` + nowhere.namespace + `" not found`)
	p.answersIn(r, 1)
	nowhere.vast("submit", p.file("task.yaml", minimal), "--dry-run=server").exits(3)
}

func TestAnExpiredCertificateIsReported(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	before := p.objects()
	cert, key := expiredCertificate(t)
	p.kubeconfig = kubeconfigWith(t, func(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		*user = clientcmdapi.AuthInfo{ClientCertificateData: cert, ClientKeyData: key}
	})
	for _, command := range [][]string{{"submit", p.file("task.yaml", minimal), "-d"}, {"list"}, {"status", "abcdefgh"}} {
		p.answersIn(p.vast(command...).exits(4).prints("the client certificate expired on 2020-01-02", "get a new kubeconfig"), 1)
	}
	p.kubeconfig = kubeconfigWith(t, func(_ *clientcmdapi.Cluster, user *clientcmdapi.AuthInfo) {
		*user = clientcmdapi.AuthInfo{Token: "hidden-token"}
	})
	p.answersIn(p.vast("list").exits(4).prints("does not accept your credentials"), 1)
	p.leftNothing(before)
}

// expiredCertificate makes a client certificate that the cluster would accept
// if it were still valid.
func expiredCertificate(t testing.TB) (cert, key []byte) {
	t.Helper()
	nodes, err := cluster.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	worker, err := cluster.Worker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	read := func(file string) []byte {
		for _, node := range nodes {
			if node == worker {
				continue
			}
			out, err := cluster.Exec(t.Context(), node, "cat", "/etc/kubernetes/pki/"+file)
			if errors.Is(err, testenv.ErrNotKind) {
				t.Skip("the key of somebody else's cluster is not at hand")
			} else if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(out)
			return block.Bytes
		}
		t.Fatal("there is no control plane")
		return nil
	}
	ca, err := x509.ParseCertificate(read("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	caKey, err := x509.ParsePKCS1PrivateKey(read("ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	own, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "expired", Organization: []string{"system:masters"}},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ca, &own.PublicKey, caKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(own)})
}
