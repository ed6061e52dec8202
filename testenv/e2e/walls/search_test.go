package walls_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// searchLimit bounds what is read of one log or one object of the store.
const searchLimit = 4 << 20

// place is somewhere a reader can look, and what is written there.
type place struct {
	name string // "pods/train-x", "log of train-x/vast", "store tasks/x/manifest.json", "printed by kubectl-vast list"
	text string
}

// searchEverywhere fails the test if a canary is anywhere that a user can
// look who may read the namespace, but no Secrets:
//
//   - all objects of the namespace, of whatever kind, with their status, and
//     the ConfigMaps of Kueue's namespace: "<resource>/<name>"
//   - the logs of all containers, also of those before a restart:
//     "log of <pod>/<container>"
//   - all objects of the store that the reader's account can read, their keys,
//     metadata and content, which is unpacked: "store <key>"
//   - whatever the plugins printed in the namespace: "printed by <command>"
//
// Places whose names begin as one of except are left out: where the user put
// the text, and where it is meant to be.
func (p *person) searchEverywhere(c canary, except ...string) {
	p.Helper()
	found := p.find(c, p.everything())
	for _, name := range found {
		if !slices.ContainsFunc(except, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			p.Errorf("the canary is seen in %s", name)
		}
	}
}

// find returns where the canary is, and how it is written there.
func (p *person) find(c canary, places []place) []string {
	var found []string
	for _, place := range places {
		if form := c.seenIn(place.text); form != "" {
			found = append(found, place.name+" ("+form+")")
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// everything reads all that searchEverywhere looks at. Several canaries can be
// looked for in one reading, by find.
func (p *person) everything() []place {
	p.Helper()
	places := append(p.allObjects(), p.allLogs()...)
	places = append(places, p.allOfTheStore()...)
	for _, o := range p.said.all() {
		places = append(places, place{"printed by " + o.command, o.text})
	}
	return places
}

// listable are all the kinds of objects that can be in a namespace and hold no
// secrets.
var listable = sync.OnceValues(func() ([]schema.GroupVersionResource, error) {
	lists, err := client.Discovery().ServerPreferredNamespacedResources()
	if err != nil {
		return nil, err
	}
	var out []schema.GroupVersionResource
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if slices.Contains(r.Verbs, "list") && r.Name != "secrets" {
				out = append(out, gv.WithResource(r.Name))
			}
		}
	}
	return out, nil
})

func (p *person) allObjects() []place {
	p.Helper()
	kinds, err := listable()
	if err != nil {
		p.Fatal(err)
	}
	var places []place
	for _, kind := range kinds {
		places = append(places, objectsOf(p, kind, p.namespace)...)
	}
	return append(places, objectsOf(p, corev1.SchemeGroupVersion.WithResource("configmaps"), "kueue-system")...)
}

func objectsOf(t testing.TB, kind schema.GroupVersionResource, namespace string) []place {
	t.Helper()
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := dyn.Resource(kind).Namespace(namespace).List(t.Context(), metav1.ListOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("list %s: %v", kind.Resource, err)
	}
	var places []place
	for _, item := range list.Items {
		places = append(places, place{kind.Resource + "/" + item.GetName(), textOf(t, item)})
	}
	return places
}

// textOf is an object as JSON, without escapes that would hide a text.
func textOf(t testing.TB, item unstructured.Unstructured) string {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(item.Object); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func (p *person) allLogs() []place {
	p.Helper()
	pods, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{})
	if err != nil {
		p.Fatal(err)
	}
	var places []place
	for _, pod := range pods.Items {
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses) {
			name := "log of " + pod.Name + "/" + status.Name
			if status.State.Waiting == nil || status.RestartCount > 0 {
				places = append(places, place{name, p.log(pod.Name, status.Name, false)})
			}
			if status.RestartCount > 0 {
				places = append(places, place{name + ", before it was restarted", p.log(pod.Name, status.Name, true)})
			}
		}
	}
	return places
}

// log reads a container's log. A pod may go meanwhile; then there is none.
func (p *person) log(pod, container string, previous bool) string {
	p.Helper()
	limit := int64(searchLimit)
	stream, err := client.CoreV1().Pods(p.namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, LimitBytes: &limit,
	}).Stream(context.WithoutCancel(p.Context()))
	if apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) {
		return ""
	}
	if err != nil {
		p.Fatalf("the log of %s/%s: %v", pod, container, err)
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	if err != nil {
		p.Fatal(fmt.Errorf("the log of %s/%s: %w", pod, container, err))
	}
	return string(data)
}
