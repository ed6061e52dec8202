package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/kubevast/vast/sdk/api"
)

var submitted = regexp.MustCompile(`task\.kubevast\.io/([a-z0-9-]+)-([a-z0-9]{8}) (?:submitted|unchanged)`)

// submit submits a task file without following it and returns the task's id.
func (p *person) submit(content string, args ...string) string {
	p.Helper()
	r := p.vast(append([]string{"submit", p.file("task.yaml", content), "-d"}, args...)...).exits(0)
	return r.id()
}

// id returns the id of the task from the output of submit.
func (r *result) id() string {
	r.Helper()
	m := submitted.FindStringSubmatch(r.stdout)
	if m == nil {
		r.Fatalf("%s: no id is printed:\n%s\n%s", r.command, r.stdout, r.stderr)
	}
	return m[2]
}

// status returns the task that `status -o json` prints.
func (p *person) status(ref string) *api.TaskStatus {
	p.Helper()
	r := p.vast("status", ref, "-o", "json").exits(0)
	s := &api.TaskStatus{}
	if err := json.Unmarshal([]byte(r.stdout), s); err != nil {
		p.Fatalf("%s: %v\n%s", r.command, err, r.stdout)
	}
	return s
}

// list returns the tasks that `list -o json` prints.
func (p *person) list(args ...string) []api.TaskStatus {
	p.Helper()
	r := p.vast(append([]string{"list", "-o", "json"}, args...)...).exits(0)
	s := &api.TaskStatusList{}
	if err := json.Unmarshal([]byte(r.stdout), s); err != nil {
		p.Fatalf("%s: %v\n%s", r.command, err, r.stdout)
	}
	return s.Items
}

// becomes waits until a task is in one of the states and returns it. The test fails at
// once if the task ends in another state.
func (p *person) becomes(ref string, states ...api.State) *api.TaskStatus {
	p.Helper()
	var s *api.TaskStatus
	p.waitFor(fmt.Sprintf("task %s becomes %v", ref, states), func() (bool, any) {
		if now, err := p.peek(ref); err == nil && !slices.Contains(states, now.State) && !now.State.Ended() {
			return false, now.State
		}
		s = p.status(ref)
		done := slices.Contains(states, s.State)
		if !done && s.State.Ended() {
			p.Fatalf("task %s is %s (%s), want %v", ref, s.State, s.Reason, states)
		}
		return done, s.State
	})
	return s
}

// isDiagnosed waits until the diagnosis of a task has that cause.
func (p *person) isDiagnosed(ref string, cause api.Cause) *api.TaskStatus {
	p.Helper()
	var s *api.TaskStatus
	p.waitFor(fmt.Sprintf("task %s is diagnosed as %s", ref, cause), func() (bool, any) {
		if now, err := p.peek(ref); err == nil && (now.Diagnosis == nil || now.Diagnosis.Cause != cause) {
			return false, now.State
		}
		s = p.status(ref)
		if s.Diagnosis == nil {
			return false, s.State
		}
		return s.Diagnosis.Cause == cause, s.Diagnosis
	})
	return s
}

// says checks the message of a diagnosis.
func says(t testing.TB, s *api.TaskStatus, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.Diagnosis.Message, text) {
			t.Errorf("the diagnosis %q does not say %q", s.Diagnosis.Message, text)
		}
	}
	if strings.ContainsAny(s.Diagnosis.Message, "\n\t") || strings.HasSuffix(s.Diagnosis.Message, ".") {
		t.Errorf("the diagnosis %q is not one sentence without a full stop", s.Diagnosis.Message)
	}
	if s.Reason != s.Diagnosis.Message {
		t.Errorf("reason %q differs from the diagnosis %q", s.Reason, s.Diagnosis.Message)
	}
}

func (p *person) job(id string) *batchv1.Job {
	p.Helper()
	list, err := client.BatchV1().Jobs(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: "kubevast.io/task-id=" + id})
	if err != nil || len(list.Items) != 1 {
		p.Fatalf("%d Jobs of task %s, want 1 (%v)", len(list.Items), id, err)
	}
	return &list.Items[0]
}

func (p *person) pods(id string) []corev1.Pod {
	p.Helper()
	list, err := client.CoreV1().Pods(p.namespace).List(p.Context(), metav1.ListOptions{LabelSelector: "kubevast.io/task-id=" + id})
	if err != nil {
		p.Fatal(err)
	}
	return list.Items
}

// podLog returns the log of a task's first pod from the kubelet, to compare our own logs
// with.
func (p *person) podLog(id string) string {
	p.Helper()
	r, err := client.CoreV1().Pods(p.namespace).GetLogs(p.pods(id)[0].Name, &corev1.PodLogOptions{}).Stream(p.Context())
	if err != nil {
		p.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		p.Fatal(err)
	}
	return string(data)
}

// eventsKind are the events.
var eventsKind = schema.GroupVersionResource{Version: "v1", Resource: "events"}

// listable are all the kinds of objects that can be in a namespace.
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
			// Events come and go by themselves.
			if slices.Contains(r.Verbs, "list") && r.Name != "events" {
				out = append(out, gv.WithResource(r.Name))
			}
		}
	}
	return out, nil
})

// objects lists every object of the person's namespace, of whatever kind.
func (p *person) objects() []string {
	p.Helper()
	kinds, err := listable()
	if err != nil {
		p.Fatal(err)
	}
	dyn, err := dynamic.NewForConfig(config)
	if err != nil {
		p.Fatal(err)
	}
	var out []string
	for _, kind := range kinds {
		list, err := dyn.Resource(kind).Namespace(p.namespace).List(context.Background(), metav1.ListOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
			continue
		}
		if err != nil {
			p.Fatalf("list %s: %v", kind.Resource, err)
		}
		err = meta.EachListItem(list, func(obj runtime.Object) error {
			m, err := meta.Accessor(obj)
			if err == nil {
				out = append(out, kind.Resource+"/"+m.GetName())
			}
			return err
		})
		if err != nil {
			p.Fatal(err)
		}
	}
	slices.Sort(out)
	return out
}

// leftNothing checks that the namespace has the same objects as before.
func (p *person) leftNothing(before []string) {
	p.Helper()
	if diff := cmp.Diff(before, p.objects()); diff != "" {
		p.Errorf("objects (-before +after):\n%s", diff)
	}
}

// kinds lists the objects of one kind, except some.
func (p *person) kinds(kind string, except ...string) []string {
	p.Helper()
	var out []string
	for _, o := range p.objects() {
		if name, ok := strings.CutPrefix(o, kind+"/"); ok && !slices.Contains(except, name) {
			out = append(out, name)
		}
	}
	return out
}
