package walls_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

// A namespace's store has an account for each who may do something with it, and
// proves itself to all of them; no user's container holds one of their keys.
func TestWall06StoreHasReadersAndWriters(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0).says("https://")
	writer, reader, root := admin.secretOf(kube.StoreName), admin.secretOf(kube.StoreReaderName), admin.secretOf(kube.StoreRootName)
	user := admin.asUser("user", "edit")
	user.file("work/input.txt", "an input\n")
	user.vast("submit", user.file("task.yaml", `name: kept
workdir: work
resources: {cpus: 50m, memory: 32Mi}
run: |
  cp input.txt "$OUTPUT_DIR/output.txt"
  env
`)).exits(0)

	t.Run("as the server holds them to what they may do", func(t *testing.T) { admin.in(t).accountsAreHeld(writer, reader) })
	t.Run("as it proves itself by the certificate in the Secrets alone", func(t *testing.T) {
		admin.in(t).storeProvesItself(reader)
	})
	t.Run("and who has the reader's Secret can look, and change nothing", func(t *testing.T) {
		admin.in(t).readersOnlyRead()
	})
	t.Run("and only the store's pod has root's, and no user's container any", func(t *testing.T) {
		admin.in(t).secretsAreWhereTheyBelong()
	})

	places := admin.everything()
	for name, key := range map[string][]byte{
		"the writer's key": writer.Data[kube.StoreSecretKey], "the reader's key": reader.Data[kube.StoreSecretKey],
		"root's key": root.Data[kube.StoreSecretKey], "the key of the certificate": root.Data[corev1.TLSPrivateKeyKey],
	} {
		if len(key) == 0 {
			t.Errorf("%s is missing", name)
			continue
		}
		for _, found := range admin.find(canaryOf(strings.TrimSpace(string(key))), places) {
			t.Errorf("%s is seen in %s", name, found)
		}
	}
}

// The store's NetworkPolicy admits the pods in which one of our containers talks
// to it, and what comes through the API server.
func TestWall06StoreLetsInItsClientsAlone(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	user := admin.asUser("user", "edit")
	const pod = `
apiVersion: v1
kind: Pod
metadata: {name: NAME, labels: {LABELS}}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: main, image: busybox:1.36, command: [sleep, "3600"]}]
---`
	user.apply(strings.NewReplacer("NAME", "client", "LABELS", kube.LabelStoreClient+`: "true"`).Replace(pod) +
		strings.NewReplacer("NAME", "stranger", "LABELS", "app: stranger").Replace(pod))
	user.kubectl("wait", "--for=condition=Ready", "pod/client", "pod/stranger", "--timeout=2m")
	dial := func(from string) error {
		out, err := user.tryKubectl("exec", from, "--", "sh", "-c", "nc -w 3 "+kube.StoreName+" 7070 </dev/null")
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	waitFor(t, "a pod with the label gets in", func() (bool, any) { err := dial("client"); return err == nil, err })
	waitFor(t, "one without it does not", func() (bool, any) {
		err := dial("stranger")
		return err != nil && strings.Contains(err.Error(), "connect to remote host"), err // refused or unanswered
	})
	// Its own containers, and the API server's tunnel, do.
	user.vast("submit", user.file("task.yaml", "name: kept\nresources: {cpus: 50m, memory: 32Mi}\nrun: echo hello >$OUTPUT_DIR/hello\n")).exits(0)
	user.vast("results", "list", "@latest").exits(0).says("kept", "Succeeded")
}

// A pod with all labels of the store's, as anybody may make who can make pods, is
// given nothing by our commands.
func TestWall06AnotherPodIsNotTheStore(t *testing.T) {
	t.Parallel()
	admin := newPerson(t)
	admin.vast("cluster", "setup", "kind").exits(0)
	service, err := client.CoreV1().Services(admin.namespace).Get(t.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(service.Spec.Selector) < 2 {
		t.Errorf("the Service takes any pod with %v", service.Spec.Selector)
	}
	false_ := false
	_, err = client.CoreV1().Pods(admin.namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "a-store", Labels: service.Spec.Selector},
		Spec: corev1.PodSpec{AutomountServiceAccountToken: &false_, Containers: []corev1.Container{{Name: "main", Image: "busybox:1.36",
			Command: []string{"sh", "-c", "mkdir /www; exec httpd -f -p 7070 -h /www"},
			Ports:   []corev1.ContainerPort{{Name: "s3", ContainerPort: 7070}}}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	admin.kubectl("wait", "--for=condition=Ready", "pod/a-store", "--timeout=2m")
	for range 3 {
		admin.vast("results", "list").exits(0)
	}
}

func (p *person) secretOf(name string) *corev1.Secret {
	p.Helper()
	secret, err := client.CoreV1().Secrets(p.namespace).Get(p.Context(), name, metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	return secret
}

func (p *person) accountsAreHeld(writer, reader *corev1.Secret) {
	ctx, bucket := p.Context(), string(writer.Data[kube.StoreBucket])
	w, r := p.storeBy(writer), p.storeBy(reader)
	put := func(c *minio.Client, key string) error {
		_, err := c.PutObject(ctx, bucket, key, strings.NewReader("x"), 1, minio.PutObjectOptions{})
		return err
	}
	get := func(c *minio.Client, key string) error {
		_, err := c.StatObject(ctx, bucket, key, minio.StatObjectOptions{})
		return err
	}
	remove := func(c *minio.Client, key string) error {
		return c.RemoveObject(ctx, bucket, key, minio.RemoveObjectOptions{})
	}
	list := func(c *minio.Client) (err error) {
		for o := range c.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: "tasks/"}) {
			err = errors.Join(err, o.Err)
		}
		return err
	}
	everything := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:*"],"Resource":["arn:aws:s3:::` + bucket + `","arn:aws:s3:::` + bucket + `/*"]}]}`
	for _, c := range []struct {
		name    string
		err     error
		allowed bool
	}{
		{"the writer puts below a prefix of ours", put(w, "tasks/canary/0/f"), true},
		{"the writer reads it", get(w, "tasks/canary/0/f"), true},
		{"the reader reads it", get(r, "tasks/canary/0/f"), true},
		{"the reader lists", list(r), true},
		{"the reader replaces it", put(r, "tasks/canary/0/f"), false},
		{"the reader puts another", put(r, "tasks/canary/0/g"), false},
		{"the reader removes it", remove(r, "tasks/canary/0/f"), false},
		{"the reader changes the policy", r.SetBucketPolicy(ctx, bucket, everything), false},
		{"the reader removes the policy", r.SetBucketPolicy(ctx, bucket, ""), false},
		{"the reader removes the bucket", r.RemoveBucket(ctx, bucket), false},
		{"the reader makes a bucket", r.MakeBucket(ctx, "readers", minio.MakeBucketOptions{}), false},
		{"the writer puts elsewhere", put(w, "elsewhere/f"), false},
		{"the writer puts beside the prefixes", put(w, "tasks.f"), false},
		{"the writer changes the policy", w.SetBucketPolicy(ctx, bucket, everything), false},
		{"the writer removes the policy", w.SetBucketPolicy(ctx, bucket, ""), false},
		{"the writer removes the bucket", w.RemoveBucket(ctx, bucket), false},
		{"the writer removes it", remove(w, "tasks/canary/0/f"), true},
	} {
		denied := minio.ToErrorResponse(c.err).StatusCode == http.StatusForbidden
		if c.allowed && c.err != nil || !c.allowed && !denied {
			p.Errorf("%s, allowed: %v: %v", c.name, c.allowed, c.err)
		}
	}
}

func (p *person) storeProvesItself(reader *corev1.Secret) {
	ctx, bucket := p.Context(), string(reader.Data[kube.StoreBucket])
	strange := reader.DeepCopy()
	delete(strange.Data, kube.StoreCA)
	_, err := p.storeBy(strange).BucketExists(ctx, bucket)
	if !errors.As(err, new(x509.UnknownAuthorityError)) {
		p.Errorf("without the CA of the Secret: %v", err)
	}
	plain := reader.DeepCopy()
	plain.Data[kube.StoreEndpoint] = []byte(strings.Replace(string(reader.Data[kube.StoreEndpoint]), "https://", "http://", 1))
	if there, err := p.storeBy(plain).BucketExists(ctx, bucket); err == nil {
		p.Errorf("in the clear the bucket is there: %v", there)
	}
}

// readersOnlyRead uses an account that may read one Secret by name.
func (p *person) readersOnlyRead() {
	looker := p.as("looker",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods", "pods/log", "services", "configmaps", "events"}, Verbs: []string{"get", "list"}},
		rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs"}, Verbs: []string{"get", "list"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods/portforward"}, Verbs: []string{"get", "create"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{kube.StoreReaderName}, Verbs: []string{"get"}})
	looker.vast("list", "--all-users").exits(0).says("kept")
	looker.vast("results", "list", "--all-users").exits(0).says("kept")
	id := strings.TrimSpace(p.vast("list", "--all-users", "-o", "jsonpath={.items[0].id}").exits(0).stdout)
	looker.vast("logs", id).exits(0)
	looker.vast("results", "download", id, "--dir="+looker.TempDir()).exits(0)
	looker.vast("results", "delete", id, "--yes").exits(4).says("secrets")
	p.vast("results", "list", "--all-users").exits(0).says("kept")
}

func (p *person) secretsAreWhereTheyBelong() {
	pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{})
	if err != nil {
		p.Fatal(err)
	}
	seen := 0
	for _, pod := range pods.Items {
		isStore := pod.Labels[kube.LabelComponent] == "store"
		for _, v := range pod.Spec.Volumes {
			if v.Secret != nil && v.Secret.SecretName == kube.StoreRootName && !isStore {
				p.Errorf("pod %s mounts the Secret %s", pod.Name, kube.StoreRootName)
			}
		}
		for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			for _, name := range secretsIn(c) {
				seen++
				switch {
				case name == kube.StoreRootName && !isStore, isStore && name != kube.StoreRootName, c.Name == kube.ContainerTask:
					p.Errorf("container %s of pod %s holds the Secret %s", c.Name, pod.Name, name)
				}
			}
		}
	}
	if seen == 0 {
		p.Error("no container holds any")
	}
}

// secretsIn are the Secrets of the store that a container has variables from.
func secretsIn(c corev1.Container) []string {
	var out []string
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && strings.HasPrefix(e.ValueFrom.SecretKeyRef.Name, kube.StoreName) {
			out = append(out, e.ValueFrom.SecretKeyRef.Name)
		}
	}
	return out
}
