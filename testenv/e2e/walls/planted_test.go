package walls_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/minio/minio-go/v7"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
)

func TestACanaryIsSeenHoweverItIsWritten(t *testing.T) {
	c := canaryOf(`a+b/c?d=e&"f" ü` + newCanary().text)
	for name, text := range map[string]string{
		"as it is":         "x" + c.text + "y",
		"in JSON":          strings.ReplaceAll(c.text, `"`, `\"`),
		"in a URL's query": "http://h/?q=" + url.QueryEscape(c.text),
		"in a URL's path":  "http://h/" + url.PathEscape(c.text) + "/x",
		"hex":              "0x" + hex.EncodeToString([]byte(c.text)),
		"HEX":              fmt.Sprintf("%X", "abc"+c.text+"d"),
	} {
		if c.seenIn(text) == "" {
			t.Errorf("%s: it is not seen in %q", name, text)
		}
	}
	for before := range 4 {
		for behind := range 4 {
			text := []byte(strings.Repeat("b", before) + c.text + strings.Repeat("e", behind))
			for name, encoding := range map[string]*base64.Encoding{
				"base64": base64.StdEncoding, "base64 without =": base64.RawStdEncoding, "a URL's base64": base64.URLEncoding,
			} {
				if encoded := encoding.EncodeToString(text); c.seenIn(encoded) == "" {
					t.Errorf("%s, %d before and %d behind it: it is not seen in %s", name, before, behind, encoded)
				}
			}
		}
	}
	if other := newCanary().text; c.seenIn(other) != "" {
		t.Errorf("it is seen in %s", other)
	}
}

// The search finds a canary in every place where it is planted, and in no
// other.
func TestSearchFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	p, c := newPerson(t), newCanary()
	p.vast("cluster", "setup", "kind").exits(0)

	objects := strings.NewReplacer("CANARY", c.text, "BASE64", base64.StdEncoding.EncodeToString([]byte("7"+c.text)),
		"HEX", hex.EncodeToString([]byte(c.text))).Replace(`
apiVersion: v1
kind: Pod
metadata: {name: loud}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: kept, emptyDir: {}}]
  containers:
  - name: again
    image: busybox:1.36
    volumeMounts: [{name: kept, mountPath: /kept}]
    env: [{name: TEXT, valueFrom: {secretKeyRef: {name: hidden, key: text}}}]
    command: [sh, -c, 'test -e /kept/been && exec sleep 3600; touch /kept/been; echo "$TEXT"']
  - name: once
    image: busybox:1.36
    env: [{name: TEXT, valueFrom: {secretKeyRef: {name: hidden, key: text}}}]
    command: [sh, -c, 'echo "$TEXT"; exec sleep 3600']
---
apiVersion: v1
kind: Pod
metadata: {name: last-words}
spec:
  restartPolicy: Never
  containers:
  - name: main
    image: busybox:1.36
    env: [{name: TEXT, valueFrom: {secretKeyRef: {name: hidden, key: text}}}]
    command: [sh, -c, 'printf "%s" "$TEXT" >/dev/termination-log']
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
stringData: {text: CANARY}
---
apiVersion: batch/v1
kind: Job
metadata: {name: in-env}
spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: a, image: busybox:1.36, env: [{name: A, value: CANARY}]}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: in-base64}
binaryData: {x: BASE64}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: in-hex}
data: {x: HEX}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: clean}
data: {x: nothing}
---
apiVersion: v1
kind: Service
metadata: {name: in-annotation, annotations: {a: CANARY}}
spec: {ports: [{port: 1}]}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: in-holder}
spec: {holderIdentity: CANARY}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: in-label, labels: {a: CANARY}}
spec: {podSelector: {matchLabels: {nobody: has}}}
`)
	p.apply(objects)
	event := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "planted", Namespace: p.namespace}, Message: "it is " + c.text,
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: p.namespace, Name: "loud"}}
	if _, err := client.CoreV1().Events(p.namespace).Create(t.Context(), event, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	p.plantInTheStore(c)
	p.vast("submit", p.file("task.yaml", "name: printed\nenvs: {A: "+c.text+"}\nrun: echo\n"), "--dry-run=client", "-o", "yaml").exits(0)
	waitFor(t, "the pods have said what they say", func() (bool, any) {
		loud, err1 := client.CoreV1().Pods(p.namespace).Get(t.Context(), "loud", metav1.GetOptions{})
		last, err2 := client.CoreV1().Pods(p.namespace).Get(t.Context(), "last-words", metav1.GetOptions{})
		if err1 != nil || err2 != nil {
			return false, fmt.Sprint(err1, err2)
		}
		running := 0
		for _, s := range loud.Status.ContainerStatuses {
			if s.State.Running != nil && (s.Name == "once" || s.RestartCount == 1) {
				running++
			}
		}
		return running == 2 && last.Status.Phase == corev1.PodSucceeded, loud.Status
	})

	want := []string{
		"configmaps/in-base64 (base64)",
		"configmaps/in-hex (hex)",
		"events/planted (as it is)",
		"jobs/in-env (as it is)",
		"leases/in-holder (as it is)",
		"log of loud/again, before it was restarted (as it is)",
		"log of loud/once (as it is)",
		"networkpolicies/in-label (as it is)",
		"pods/last-words (as it is)",
		"printed by kubectl-vast submit " + p.dir + "/task.yaml --dry-run=client -o yaml (as it is)",
		"services/in-annotation (as it is)",
		"store shared/planted/content (as it is)",
		"store shared/planted/key-" + c.text + " (as it is)",
		"store shared/planted/metadata (as it is)",
		"store shared/planted/packed (as it is)",
	}
	// The server of the store may log the keys that it was asked for.
	const serversLog = "log of " + kube.StoreName
	found := slices.DeleteFunc(p.find(c, p.everything()), func(name string) bool { return strings.HasPrefix(name, serversLog) })
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	// What is excepted is left out, and nothing else.
	except := append(slices.Clone(want[:len(want)-1]), "store shared/planted/packed", serversLog)
	p.searchEverywhere(c, except...)
}

// plantInTheStore puts the canary into the key, the metadata and the content
// of an object each.
func (p *person) plantInTheStore(c canary) {
	p.Helper()
	secret, err := client.CoreV1().Secrets(p.namespace).Get(p.Context(), kube.StoreName, metav1.GetOptions{})
	if err != nil {
		p.Fatal(err)
	}
	s3, bucket := p.storeBy(secret), string(secret.Data[kube.StoreBucket])
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, "packed ", c)
	if err := z.Close(); err != nil {
		p.Fatal(err)
	}
	for _, object := range []struct{ key, content, metadata string }{
		{"shared/planted/key-" + c.text, "nothing", ""},
		{"shared/planted/metadata", "nothing", c.text},
		{"shared/planted/content", "it is " + c.text, ""},
		{"shared/planted/packed", packed.String(), ""},
		{"shared/planted/clean", "nothing", "nothing"},
	} {
		options := minio.PutObjectOptions{}
		if object.metadata != "" {
			options.UserMetadata = map[string]string{"planted": object.metadata}
		}
		if _, err := s3.PutObject(p.Context(), bucket, object.key, strings.NewReader(object.content), int64(len(object.content)), options); err != nil {
			p.Fatal(err)
		}
	}
}
