package walls_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"github.com/klauspost/compress/zstd"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// readerSecret is the Secret with the account that can only read the store.
// Namespaces that were set up without one have just kube.StoreName.
const readerSecret = "vast-store-reader"

// reader is a client of the namespace's store with the account of whoever may
// only read, by a port that kubectl forwards; nil where there is no store.
func (p *person) reader() (s3 *minio.Client, bucket string) {
	p.Helper()
	for _, name := range []string{readerSecret, kube.StoreName} {
		secret, err := client.CoreV1().Secrets(p.namespace).Get(p.Context(), name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			p.Fatal(err)
		}
		return p.storeBy(secret), string(secret.Data[kube.StoreBucket])
	}
	return nil, ""
}

// storeBy is a client of the store in the cluster with the account of a Secret.
func (p *person) storeBy(secret *corev1.Secret) *minio.Client {
	p.Helper()
	value := func(key string) string { return string(secret.Data[key]) }
	endpoint, err := url.Parse(value(kube.StoreEndpoint))
	if err != nil {
		p.Fatal(err)
	}
	transport := &http.Transport{}
	if ca := value("ca.crt"); ca != "" {
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM([]byte(ca))
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	if strings.Contains(endpoint.Hostname(), ".svc") {
		forward := &forwarding{person: p, target: "service/" + strings.Split(endpoint.Hostname(), ".")[0], port: endpoint.Port()}
		transport.DialContext = forward.dial
	}
	p.Cleanup(transport.CloseIdleConnections)
	s3, err := minio.New(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(value(kube.StoreAccessKey), value(kube.StoreSecretKey), ""),
		Region: value(kube.StoreRegion), Secure: endpoint.Scheme == "https", Transport: transport,
	})
	if err != nil {
		p.Fatal(err)
	}
	return s3
}

var forwardedTo = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// forwarding is a port of a Service or pod that kubectl forwards with an administrator's
// permissions. kubectl port-forward exits when one of its connections is reset, so it
// is started again for the next one.
type forwarding struct {
	*person
	target, port string

	mu      sync.Mutex
	address string
}

func (f *forwarding) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var d net.Dialer
	if f.address != "" {
		if conn, err := d.DialContext(ctx, network, f.address); !errors.Is(err, syscall.ECONNREFUSED) {
			return conn, err
		}
	}
	var err error
	if f.address, err = f.start(); err != nil {
		return nil, err
	}
	return d.DialContext(ctx, network, f.address)
}

// start forwards the port and returns its local address.
func (f *forwarding) start() (string, error) {
	cmd := exec.CommandContext(f.Context(), cluster.Kubectl(), "--kubeconfig", cluster.Kubeconfig(), "-n", f.namespace, "port-forward", f.target, ":"+f.port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return "", err
	}
	f.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	line := make([]byte, 200)
	n, err := out.Read(line)
	address := forwardedTo.FindString(string(line[:n]))
	if address == "" {
		return "", fmt.Errorf("kubectl port-forward %s: %v: %s%s", f.target, err, line[:n], stderr.String())
	}
	go io.Copy(io.Discard, out) // until it is killed
	return address, nil
}

// allOfTheStore reads every object that the reader's account is given.
func (p *person) allOfTheStore() []place {
	p.Helper()
	s3, bucket := p.reader()
	if s3 == nil {
		return nil
	}
	var places []place
	for object := range s3.ListObjects(p.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		if object.Err != nil {
			p.Fatalf("list the store: %v", object.Err)
		}
		if text, ok := p.storeObject(s3, bucket, object.Key); ok {
			places = append(places, place{"store " + object.Key, text})
		}
	}
	return places
}

// storeObject is an object's key, metadata and content, as they are and
// unpacked. One that is gone, or that this account may not read, is none.
func (p *person) storeObject(s3 *minio.Client, bucket, key string) (string, bool) {
	p.Helper()
	object, err := s3.GetObject(p.Context(), bucket, key, minio.GetObjectOptions{})
	if err != nil {
		p.Fatal(err)
	}
	defer object.Close()
	content, err := io.ReadAll(io.LimitReader(object, searchLimit))
	switch answer := minio.ToErrorResponse(err); {
	case answer.StatusCode == http.StatusNotFound || answer.StatusCode == http.StatusForbidden:
		return key, true // its key is listed all the same
	case err != nil:
		p.Fatalf("read %s: %v", key, err)
	}
	info, err := object.Stat()
	if err != nil {
		p.Fatalf("look at %s: %v", key, err)
	}
	return fmt.Sprintf("%s\n%v\n%v\n%s\n%s", key, info.Metadata, info.UserMetadata, content, unpacked(content)), true
}

// unpacked is what is in a compressed content, as far as it can be read.
func unpacked(content []byte) []byte {
	var from io.Reader
	if z, err := gzip.NewReader(bytes.NewReader(content)); err == nil {
		from = z
	} else if z, err := zstd.NewReader(bytes.NewReader(content), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(64<<20)); err == nil {
		defer z.Close()
		from = z
	} else {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(from, searchLimit)) // a text is no archive, and a large one is cut off
	return out
}
