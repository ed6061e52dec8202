package manifest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// keyedList is a list of Kubernetes' that is merged by a key.
type keyedList struct {
	path []reflect.StructField // without those that stand inline
	key  string
}

func (l keyedList) String() string {
	var names []string
	for _, f := range l.path {
		names = append(names, jsonName(f))
	}
	return strings.Join(names, ".")
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// keyedLists finds all lists of a type that Kubernetes merges by a key.
func keyedLists(t reflect.Type, above []reflect.StructField) (out []keyedList) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for i := range t.NumField() {
		f, path := t.Field(i), slices.Clone(above)
		if jsonName(f) != "" {
			path = append(path, f)
		}
		if key := f.Tag.Get("patchMergeKey"); key != "" {
			out = append(out, keyedList{path, key})
		}
		out = append(out, keyedLists(f.Type, path)...)
	}
	return out
}

// with returns a pod that has these entries in the list; the lists above it have
// one entry each.
func (l keyedList) with(entries []any) map[string]any {
	var value any = entries
	for i, f := range slices.Backward(l.path) {
		if i < len(l.path)-1 && f.Type.Kind() == reflect.Slice {
			m := value.(map[string]any)
			if key := f.Tag.Get("patchMergeKey"); key != "" {
				m[key] = "above"
			}
			value = []any{m}
		}
		value = map[string]any{jsonName(f): value}
	}
	return value.(map[string]any)
}

// Whatever a pod_config that was written for kubectl patch says of one entry
// changes that entry.
func TestListsMergeAsKubernetesMergesThem(t *testing.T) {
	entry := func(l keyedList, id any) map[string]any { return map[string]any{l.key: id} }
	for _, l := range keyedLists(reflect.TypeFor[corev1.PodTemplateSpec](), nil) {
		t.Run(l.String(), func(t *testing.T) {
			if l.path[0].Name == "ObjectMeta" && l.path[1].Name == "OwnerReferences" {
				// The key is there for the sake of the table only.
				t.Skip("a pod template's owners are set by Kubernetes")
			}
			var a, b any = "a", "b"
			if l.key == "containerPort" {
				a, b = int64(1), int64(2)
			}
			base, patch := l.with([]any{entry(l, a), entry(l, "z")}), l.with([]any{entry(l, b), entry(l, a)})
			if l.key == "containerPort" {
				base = l.with([]any{entry(l, a), entry(l, int64(3))})
			}
			baseJSON, patchJSON := asJSON(t, base), asJSON(t, patch)
			want, err := strategicpatch.StrategicMergePatch(baseJSON, patchJSON, corev1.PodTemplateSpec{})
			if err != nil {
				t.Fatal(err)
			}
			got := asJSON(t, mergeMaps(base, patch))
			if diff := cmp.Diff(entries(t, l, want), entries(t, l, got)); diff != "" {
				t.Errorf("entries (-strategic merge +got):\n%s", diff)
			}
		})
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// entries are the keys in the list, in order.
func entries(t *testing.T, l keyedList, pod []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(pod, &v); err != nil {
		t.Fatal(err)
	}
	for i, f := range l.path {
		v = v.(map[string]any)[jsonName(f)]
		if list, ok := v.([]any); ok && i < len(l.path)-1 {
			v = list[0]
		}
	}
	var out []string
	for _, e := range v.([]any) {
		out = append(out, fmt.Sprint(e.(map[string]any)[l.key]))
	}
	slices.Sort(out)
	return out
}

func TestPodConfigMergesInto(t *testing.T) {
	for name, tc := range map[string]struct{ base, over, want string }{
		"claims of a container, by name": {
			`{resources: {claims: [{name: gpu, request: a}, {name: nic}]}}`,
			`{resources: {claims: [{name: gpu, request: b}, {name: disk}]}}`,
			`{resources: {claims: [{name: gpu, request: b}, {name: nic}, {name: disk}]}}`},
		"a login beside ours": {
			`{imagePullSecrets: [{name: ours}]}`, `{imagePullSecrets: [{name: mine}, {name: ours}]}`, `{imagePullSecrets: [{name: ours}, {name: mine}]}`},
		"a port of another protocol beside the one of its number": {
			`{ports: [{containerPort: 53}]}`, `{ports: [{containerPort: 53, protocol: UDP}, {containerPort: 53, name: dns}]}`,
			`{ports: [{containerPort: 53, name: dns}, {containerPort: 53, protocol: UDP}]}`},
		"a value in the place of a reference": {
			`{env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: B, value: b}]}`,
			`{env: [{name: A, value: a}, {name: B, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}`,
			`{env: [{name: A, value: a}, {name: B, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]}`},
		"a claim in the place of a folder": {
			`{volumes: [{name: dshm, emptyDir: {medium: Memory}}]}`, `{volumes: [{name: dshm, persistentVolumeClaim: {claimName: x}}]}`,
			`{volumes: [{name: dshm, persistentVolumeClaim: {claimName: x}}]}`},
		"a limit of the folder that is there": {
			`{volumes: [{name: dshm, emptyDir: {medium: Memory}}]}`, `{volumes: [{name: dshm, emptyDir: {sizeLimit: 1Gi}}]}`,
			`{volumes: [{name: dshm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}]}`},
		"tolerations behind ours": {
			`{tolerations: [{key: a}]}`, `{tolerations: [{key: b}, {key: a}]}`, `{tolerations: [{key: a}, {key: b}, {key: a}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			got := mergeMaps(fromYAML(t, tc.base), fromYAML(t, tc.over))
			if diff := cmp.Diff(fromYAML(t, tc.want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
