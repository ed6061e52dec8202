package e2e_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"golang.org/x/sync/errgroup"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/portforward"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
)

// connection is the SDK's connection to the person's namespace.
func (p *person) connection() *access.Conn {
	p.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", p.kubeconfig)
	if err != nil {
		p.Fatal(err)
	}
	cfg.WarningHandler = rest.NoWarnings{}
	conn, err := access.Connect(cfg, access.Options{Namespace: p.namespace})
	if err != nil {
		p.Fatal(err)
	}
	return conn
}

// store opens the store of the person's namespace.
func (p *person) store() *store.Store {
	p.Helper()
	s, err := portforward.Open(p.Context(), p.connection())
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(s.Close)
	return s
}

// secret changes a key of the Secret with the store's address and credentials.
func (p *person) secret(key, value string) {
	p.Helper()
	p.kubectl("patch", "secret", kube.StoreName, "--type=merge", "-p", fmt.Sprintf(`{"stringData":{%q:%q}}`, key, value))
}

func TestTheStoreInTheClusterIsReachedFromOutside(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	if _, err := portforward.Open(t.Context(), p.connection()); !errors.As(err, new(*api.NotInstalledError)) {
		t.Errorf("before there is one: %v", err)
	}
	p.vast("cluster", "setup", "kind").exits(0)
	s := p.store()

	t.Run("by many at once", func(t *testing.T) {
		group, ctx := errgroup.WithContext(t.Context())
		for range 20 {
			group.Go(func() error { return s.Probe(ctx) })
		}
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
		if c, err := s.Content(t.Context(), "", 10); err != nil || c != (store.Content{}) {
			t.Errorf("probes leave something: %+v, %v", c, err)
		}
	})
	t.Run("its content is counted, also over several pages", func(t *testing.T) {
		const objects = 1010
		p.in(t).put("shared/counted/", objects)
		for limit, want := range map[int]store.Content{
			objects + 1: {Objects: objects, Bytes: 5 * objects},
			objects:     {Objects: objects, Bytes: 5 * objects},
			10:          {Objects: 10, Bytes: 50, Partial: true},
		} {
			if got, err := s.Content(t.Context(), "shared/counted/", limit); err != nil || got != want {
				t.Errorf("at most %d: %+v, %v; want %+v", limit, got, err, want)
			}
		}
		if got, err := s.Content(t.Context(), "shared/nothing/", objects); err != nil || got != (store.Content{}) {
			t.Errorf("another prefix: %+v, %v", got, err)
		}
	})
	t.Run("uploads that were cut off can be given up", func(t *testing.T) {
		s3, bucket := p.in(t).minio()
		for _, key := range []string{"shared/cut/a/1", "shared/cut/b/1", "shared/cut/b/2", "shared/cut/bc"} {
			id, err := s3.NewMultipartUpload(t.Context(), bucket, key, minio.PutObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s3.PutObjectPart(t.Context(), bucket, key, id, 1, strings.NewReader("part"), 4, minio.PutObjectPartOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.AbortUploads(t.Context(), "shared/cut/b/", "shared/cut/none/"); err != nil {
			t.Fatal(err)
		}
		page, err := s3.ListMultipartUploads(t.Context(), bucket, "shared/cut/", "", "", "", 1000)
		var left []string
		for _, u := range page.Uploads {
			left = append(left, u.Key)
		}
		if want := []string{"shared/cut/a/1", "shared/cut/bc"}; err != nil || !slices.Equal(left, want) {
			t.Errorf("left are %q (%v), want %q", left, err, want)
		}
	})
	t.Run("also after its pod was replaced", func(t *testing.T) {
		p := p.in(t)
		p.kubectl("rollout", "restart", "deployment/"+kube.StoreName)
		p.kubectl("rollout", "status", "deployment/"+kube.StoreName, "--timeout=2m")
		// Its volume was the pod's own, so the bucket was deleted with it or created again.
		if err := errors.Join(s.EnsureBucket(t.Context()), s.Probe(t.Context())); err != nil {
			t.Error(err)
		}
	})
	t.Run("but not without the right to forward ports, which is named", func(t *testing.T) {
		p := p.in(t)
		reader := p.with("no-ports", rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets", "services", "pods"}, Verbs: []string{"get", "list"}})
		var err error
		reader.waitFor("the account has its rights", func() (bool, any) {
			var s *store.Store
			if s, err = portforward.Open(t.Context(), reader.connection()); err != nil {
				return false, err
			}
			defer s.Close()
			err = s.Probe(t.Context())
			return strings.Contains(err.Error(), "pods/portforward"), err
		})
		if !errors.As(err, new(*api.ForbiddenError)) {
			t.Errorf("%T %v", err, err)
		}
	})
	t.Run("and not when no pod of it is ready", func(t *testing.T) {
		p := p.in(t)
		p.kubectl("scale", "deployment/"+kube.StoreName, "--replicas=0")
		p.waitFor("it has no pod", func() (bool, any) {
			pods, err := client.CoreV1().Pods(p.namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + kube.StoreName})
			return err == nil && len(pods.Items) == 0, err
		})
		err := p.store().Probe(t.Context())
		if !errors.As(err, new(*api.UnavailableError)) || !strings.Contains(err.Error(), "is ready") {
			t.Errorf("%T %v", err, err)
		}
	})
}

func TestATransferOutlivesTheStoresPod(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind", "--option", "storage_size=1Gi").exits(0)
	s, from, to := p.store(), t.TempDir(), t.TempDir()
	var up []store.Upload
	var down []store.Download
	for i := range 40 {
		name := fmt.Sprintf("%02d", i)
		content := bytes.Repeat([]byte(name), 500_000)
		if err := os.WriteFile(filepath.Join(from, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		up = append(up, store.Upload{Key: "shared/many/" + name, Path: filepath.Join(from, name), Size: -1})
		down = append(down, store.Download{Key: "shared/many/" + name, Path: filepath.Join(to, name), Size: int64(len(content))})
	}
	// The pod goes at the first word of progress, with much still on its way.
	lose := func() func(api.TransferProgress) {
		var once sync.Once
		return func(at api.TransferProgress) {
			if at.Bytes < at.TotalBytes {
				once.Do(func() {
					p.kubectl("delete", "pod", "-l", "app.kubernetes.io/name="+kube.StoreName, "--wait=false", "--grace-period=1")
				})
			}
		}
	}
	if err := store.UploadAll(t.Context(), s, up, store.TransferOptions{Parallel: 4, Notify: lose()}); err != nil {
		t.Fatalf("upload: %v", err)
	}
	if err := store.DownloadAll(t.Context(), s, down, store.TransferOptions{Parallel: 4, Notify: lose()}); err != nil {
		t.Fatalf("download: %v", err)
	}
	for i := range up {
		want, err := os.ReadFile(up[i].Path)
		got, gotErr := os.ReadFile(down[i].Path)
		if err := errors.Join(err, gotErr); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %d of %d bytes, %v", down[i].Key, len(got), len(want), err)
		}
	}
}

// minio is another client of the store, by a port that kubectl forwards.
func (p *person) minio() (core *minio.Core, bucket string) {
	p.Helper()
	secret, err := client.CoreV1().Secrets(p.namespace).Get(p.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	value := func(key string) string { return string(secret.Data[key]) }
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(secret.Data[kube.StoreCA]) {
		p.Fatalf("%s holds no certificate", kube.StoreCA)
	}
	transport, err := minio.DefaultTransport(true)
	if err != nil {
		p.Fatal(err)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: kube.StoreName, MinVersion: tls.VersionTLS12}
	core, err = minio.NewCore(p.forwarded("service/"+kube.StoreName, "7070"), &minio.Options{Secure: true, Transport: transport,
		Creds: credentials.NewStaticV4(value(kube.StoreAccessKey), value(kube.StoreSecretKey), ""), Region: value(kube.StoreRegion)})
	if err != nil {
		p.Fatal(err)
	}
	return core, value(kube.StoreBucket)
}

// put puts objects of five bytes.
func (p *person) put(prefix string, objects int) {
	p.Helper()
	s := p.store()
	group, ctx := errgroup.WithContext(p.Context())
	group.SetLimit(8)
	for i := range objects {
		group.Go(func() error {
			_, err := s.Put(ctx, fmt.Sprintf("%s%04d", prefix, i), strings.NewReader("hello"), 5, store.PutOptions{})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		p.Fatal(err)
	}
}

// forwarded starts kubectl port-forward, and returns the address on this machine.
func (p *person) forwarded(target, port string) string {
	p.Helper()
	out := &buffer{}
	cmd := exec.CommandContext(p.Context(), cluster.Kubectl(), "--kubeconfig", cluster.Kubeconfig(), "-n", p.namespace, "port-forward", target, ":"+port)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	var address string
	p.waitFor("the port is forwarded", func() (bool, any) {
		if found := regexp.MustCompile(`127\.0\.0\.1:[0-9]+`).FindString(out.String()); found != "" {
			address = found
		}
		return address != "", out.String()
	})
	return address
}

// otherCA is a certificate that did not sign the store's.
func otherCA(t *testing.T) string {
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}))
}

func TestProblemsOfAStoreAreReported(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vast("cluster", "setup", "kind").exits(0)
	secret, err := client.CoreV1().Secrets(p.namespace).Get(t.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	endpoint := string(secret.Data[kube.StoreEndpoint])
	for _, c := range []struct {
		name, key, value string
		kind             func(error) bool
		says             string
	}{
		{"a wrong secret key", kube.StoreSecretKey, "not-the-right-one", is[*api.ForbiddenError], "does not accept the credentials"},
		{"an unknown access key", kube.StoreAccessKey, "nobody-has-this", is[*api.ForbiddenError], "does not accept the credentials"},
		{"a bucket that is not there", kube.StoreBucket, "other", is[*api.NotFoundError], `bucket "other" not found`},
		{"http where it is https", kube.StoreEndpoint, strings.Replace(endpoint, "https:", "http:", 1), is[*api.UnavailableError], "cannot put an object"},
		{"the certificate of somebody else", kube.StoreCA, otherCA(t), is[*api.InvalidSpecError], "is not trusted"},
		{"a port that the Service lacks", kube.StoreEndpoint, strings.Replace(endpoint, "7070", "7071", 1), is[*api.InvalidSpecError], "has no port 7071"},
		{"a Service that is not there", kube.StoreEndpoint, strings.Replace(endpoint, kube.StoreName, "other", 1), is[*api.NotFoundError], `"other" not found`},
		{"a server that is not there", kube.StoreEndpoint, "http://127.0.0.1:1", is[*api.UnavailableError], "refused"},
		{"no endpoint", kube.StoreEndpoint, "", is[*api.InvalidSpecError], "is no URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := p.in(t)
			p.secret(c.key, c.value)
			defer p.secret(c.key, string(secret.Data[c.key]))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s, err := portforward.Open(ctx, p.connection())
			if err == nil {
				err = s.Probe(ctx)
				s.Close()
			}
			if !c.kind(err) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("%T %v", err, err)
			}
			for _, credential := range []string{string(secret.Data[kube.StoreSecretKey]), "not-the-right-one"} {
				if strings.Contains(err.Error(), credential) {
					t.Errorf("a credential is shown: %v", err)
				}
			}
		})
	}
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}
