package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"

	"github.com/kubevast/vast/internal/kube"
)

// Difference returns the path of the first field in which a Job of the cluster
// does something else than the Job that Build made, or is described as another
// one of ours; empty when there is none. Annotations can be forged with the
// right to create Jobs, so the fields of what runs are compared.
//
// Allowed are the API server's defaults, the changes of the Job controller,
// Kueue and a stop, another --keep, another release of our own image, and the
// requests of our own containers. The values of the variables of anyValue are
// not compared in our own containers.
func Difference(want, live *batchv1.Job, anyValue ...string) string {
	w, l := fields(want), fields(live)
	for _, kind := range []string{"labels", "annotations"} {
		if path := describedAs("metadata."+kind, section(w, "metadata", kind), section(l, "metadata", kind)); path != "" {
			return path
		}
	}
	ws, ls := section(w, "spec"), section(l, "spec")
	// Whether and how widely it runs is for Kueue and who stops it.
	for _, name := range []string{"suspend", "parallelism", "selector", "ttlSecondsAfterFinished"} {
		delete(ws, name)
		delete(ls, name)
	}
	if _, stopped := live.Annotations[kube.AnnotationStoppedBy]; stopped {
		for _, name := range []string{"completions", "activeDeadlineSeconds"} {
			delete(ws, name)
			delete(ls, name)
		}
	}
	for _, kind := range []string{"labels", "annotations"} {
		path := "spec.template.metadata." + kind
		if path := same(path, section(ws, "template", "metadata", kind), section(ls, "template", "metadata", kind)); path != "" {
			return path
		}
	}
	delete(section(ws, "template"), "metadata")
	delete(section(ls, "template"), "metadata")
	return comparison{anyValue: anyValue}.of("spec", ws, ls)
}

// Whose names the user in the Job's annotations, for a message.
func Whose(job *batchv1.Job) string {
	user := []rune(job.Annotations[kube.AnnotationUser])
	if len(user) == 0 {
		return "an unknown user"
	}
	return strconv.Quote(string(user[:min(len(user), 253)])) + " (as its annotation " + kube.AnnotationUser + " says)"
}

// fields is an object in its JSON form. A Job always has such a form.
func fields(job *batchv1.Job) map[string]any {
	data, err := json.Marshal(job)
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		panic("manifest: a Job must have a JSON form: " + err.Error())
	}
	return out
}

func section(m map[string]any, path ...string) map[string]any {
	for _, name := range path {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// changing are what others, or later commands, change in the metadata of a Job.
var changing = []string{kube.LabelQueue, kube.LabelQueuePriority, kube.AnnotationSpecHash, kube.AnnotationSubmitting, kube.AnnotationCreator}

// describedAs compares a Job's own labels or annotations. More may be there, of
// whoever labels Jobs.
func describedAs(path string, want, live map[string]any) string {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !slices.Contains(changing, key) && want[key] != live[key] {
			return path + "[" + key + "]"
		}
	}
	return ""
}

// same compares labels or annotations of the pods. Additional ones may only be
// those of the Job controller, Kueue and the autoscaler.
func same(path string, want, live map[string]any) string {
	if p := describedAs(path, want, live); p != "" {
		return p
	}
	for _, key := range slices.Sorted(maps.Keys(live)) {
		domain, _, _ := strings.Cut(key, "/")
		_, wanted := want[key]
		theirs := domain == "batch.kubernetes.io" || domain == "cluster-autoscaler.kubernetes.io" || strings.HasSuffix(domain, ".x-k8s.io") ||
			key == "controller-uid" || key == "job-name"
		if !wanted && !theirs {
			return path + "[" + key + "]"
		}
	}
	return ""
}

// defaults are the values that the API server gives to missing fields, as far
// as they do not depend on other fields.
var defaults = map[string][]any{
	"apiVersion":                    {"v1"},
	"defaultMode":                   {420.0},
	"divisor":                       {"0"},
	"dnsPolicy":                     {"ClusterFirst"},
	"enableServiceLinks":            {true},
	"failureThreshold":              {3.0},
	"imagePullPolicy":               {"Always", "IfNotPresent"},
	"periodSeconds":                 {10.0},
	"podReplacementPolicy":          {"TerminatingOrFailed", "Failed"},
	"protocol":                      {"TCP"},
	"pullPolicy":                    {"Always", "IfNotPresent"},
	"schedulerName":                 {"default-scheduler"},
	"scheme":                        {"HTTP"},
	"successThreshold":              {1.0},
	"terminationGracePeriodSeconds": {30.0},
	"terminationMessagePath":        {"/dev/termination-log"},
	"terminationMessagePolicy":      {"File"},
	"timeoutSeconds":                {1.0},
	"volumeMode":                    {"Filesystem"},
}

type comparison struct {
	anyValue []string
	// ours: it is in a container that runs our image; added: in one that we have
	// put into the pod.
	ours, added bool
}

func (c comparison) of(path string, want, live any) string {
	switch want := want.(type) {
	case map[string]any:
		live, ok := live.(map[string]any)
		if !ok {
			return path
		}
		return c.ofFields(path, want, live)
	case []any:
		live, ok := live.([]any)
		if !ok {
			return path
		}
		return c.ofItems(path, want, live)
	}
	if want != live {
		return path
	}
	return ""
}

func (c comparison) ofFields(path string, want, live map[string]any) string {
	fill(want)
	fill(live)
	if name, _ := want["name"].(string); slices.Contains(c.anyValue, name) && c.ours && live["name"] == name {
		return ""
	}
	all := maps.Clone(want)
	maps.Copy(all, live)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		w, l := want[key], live[key]
		at := path + "." + key
		image, _ := l.(string)
		switch {
		case unset(w) && unset(l):
		case unset(w) && (isDefault(key, l) || ofKueue(path, key)):
		case unset(l) && isDefault(key, w):
		case c.ours && key == "image" && kube.IsAgentImage(image):
		case c.added && key == "resources": // other releases asked for some, and a LimitRange may want some
		case unset(w) || unset(l):
			return at
		default:
			if p := c.of(at, w, l); p != "" {
				return p
			}
		}
	}
	return ""
}

func (c comparison) ofItems(path string, want, live []any) string {
	if len(want) != len(live) && (len(want) > len(live) || !strings.HasSuffix(path, ".tolerations")) {
		return path
	}
	containers := strings.HasSuffix(path, "ontainers")
	for i := range want {
		at := fmt.Sprintf("%s[%d]", path, i)
		if m, ok := want[i].(map[string]any); ok {
			if name, ok := m["name"].(string); ok {
				at = fmt.Sprintf("%s[%s]", path, name)
				if containers {
					c.added = kube.IsOurs(name)
					c.ours = c.added && name != kube.ContainerUser
				}
			}
		}
		if p := c.of(at, want[i], live[i]); p != "" {
			return p
		}
	}
	return ""
}

// fill does what the API server does with fields that follow from others.
func fill(m map[string]any) {
	if limits, ok := m["limits"].(map[string]any); ok {
		requests, _ := m["requests"].(map[string]any)
		both := maps.Clone(limits)
		maps.Copy(both, requests)
		m["requests"] = both
	}
	if m["serviceAccount"] == m["serviceAccountName"] {
		delete(m, "serviceAccount") // the old name of the same
	}
	if m["hostNetwork"] != true {
		return
	}
	for _, list := range []string{"containers", "initContainers"} {
		containers, _ := m[list].([]any)
		for _, c := range containers {
			c, _ := c.(map[string]any)
			ports, _ := c["ports"].([]any)
			for _, p := range ports {
				if p, ok := p.(map[string]any); ok && p["hostPort"] == nil {
					p["hostPort"] = p["containerPort"]
				}
			}
		}
	}
}

// ofKueue are the fields that it adds to the pods of a Job that it admits: of
// the flavor, and of where in the topology there is room.
func ofKueue(path, key string) bool {
	const pod = "spec.template.spec"
	return path == pod+".nodeSelector" ||
		path == pod && slices.Contains([]string{"nodeSelector", "tolerations", "schedulingGates"}, key)
}

// unset reports a value that means the same as none. 0 does not: as a user it is
// root.
func unset(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

func isDefault(key string, v any) bool {
	return slices.ContainsFunc(defaults[key], func(d any) bool { return reflect.DeepEqual(d, v) })
}
