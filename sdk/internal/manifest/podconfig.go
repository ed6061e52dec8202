package manifest

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"

	"github.com/kubevast/vast/internal/kube"
)

const podConfigPath = "config.kubernetes.pod_config"

// reach returns what notes problems at their places in pod_config.
func (b *builder) reach() *reach {
	return &reach{problems: &problems{file: b.task.Source.File}, task: b.task, secrets: b.hasOurs(), profile: b.in.Profile}
}

// note takes over the problems that r has found.
func (b *builder) note(r *reach) { b.problems = append(b.problems, r.list...) }

// refuse notes what is wrong at a path below pod_config.
func (b *builder) refuse(path, format string, args ...any) {
	r := b.reach()
	r.refuse(path, format, args...)
	b.note(r)
}

// podConfig returns config.kubernetes.pod_config as far as it can be a pod, and
// notes what in it cannot.
func (b *builder) podConfig() map[string]any {
	if len(b.task.PodConfig) == 0 {
		return nil
	}
	config, err := plain(b.task.PodConfig)
	if err != nil {
		b.refuse("", "%v", err)
		return nil
	}
	r := b.reach()
	config = podFields{r}.check(config)
	r.command(config)
	b.note(r)
	return config
}

// command refuses what would take the place of the launcher: neither setup nor run
// would start, and the task would succeed all the same if that program does.
func (r *reach) command(config map[string]any) {
	for i, c := range listAt(config, "spec", "containers") {
		container, _ := c.(map[string]any)
		if !isTasks(container) {
			continue
		}
		for _, key := range []string{"command", "args"} {
			if _, given := container[key]; given {
				path := fmt.Sprintf("spec.containers[%d].%s", i, key)
				r.addAt(r.task.PodConfigKey(path), podConfigPath+"."+path,
					"the container that runs the task starts its setup and run: write the command there, or give the container another name to have it run beside the task")
			}
		}
	}
}

// isTasks reports whether a container of pod_config is the task's own.
func isTasks(container map[string]any) bool {
	name, named := container["name"]
	return container != nil && (!named || name == nil || name == skyContainer || name == Container)
}

// listAt returns a list in nested mappings, nil if there is none.
func listAt(in map[string]any, path ...string) []any {
	for _, key := range path[:len(path)-1] {
		in, _ = in[key].(map[string]any)
	}
	list, _ := in[path[len(path)-1]].([]any)
	return list
}

// mergePodConfig merges pod_config over the pod.
func (b *builder) mergePodConfig(pod *corev1.PodTemplateSpec, config map[string]any) error {
	if len(config) == 0 {
		return nil
	}
	base, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		return err
	}
	out := corev1.PodTemplateSpec{}
	if err := decodePod(mergeMaps(base, config), &out); err != nil {
		return err // podFields has looked at each value
	}
	if len(out.Spec.Containers) == 0 {
		b.refuse("spec.containers", "it leaves the pod without containers; remove spec.containers from it")
		return (&problems{list: b.problems}).err()
	}
	if n := len(requiredTerms(&out.Spec)); n > maxTerms {
		b.refuse(requiredTermsPath, "with those of the accelerator they make %d terms; at most %d are possible", n, maxTerms)
	}
	if out.Spec.ServiceAccountName == "" { // the API server takes the older field for it
		out.Spec.ServiceAccountName = out.Spec.DeprecatedServiceAccount
	}
	out.Spec.DeprecatedServiceAccount = ""
	b.weakened(pod, &out)
	b.withoutToken(&out.Spec, config)
	b.gates(&out.Spec)
	*pod = out
	return nil
}

// withoutToken warns that the pods of a named service account have no token of
// it, as long as the file does not set whether they have one.
func (b *builder) withoutToken(pod *corev1.PodSpec, config map[string]any) {
	fields, _ := config["spec"].(map[string]any)
	_, said := fields["automountServiceAccountToken"]
	if name := pod.ServiceAccountName; name != "" && name != kube.AgentName && !said {
		b.warnings = append(b.warnings, fmt.Sprintf("the pods run as service account %q, but without its token, as all tasks do; "+
			"if the task talks to the API server, add automountServiceAccountToken: true beside serviceAccountName in pod_config", name))
	}
}

// gates warns that the pods wait for the removal of scheduling gates.
func (b *builder) gates(pod *corev1.PodSpec) {
	for _, g := range pod.SchedulingGates {
		b.warnings = append(b.warnings, fmt.Sprintf("the pods are not scheduled until the scheduling gate %q, which pod_config gives them, is removed", g.Name))
	}
}

func decodePod(config map[string]any, into *corev1.PodTemplateSpec) error {
	data, err := json.Marshal(config)
	if err != nil {
		return err
	}
	return kjson.UnmarshalCaseSensitivePreserveInts(data, into)
}
