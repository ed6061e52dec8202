package e2e_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
)

// Every object that is made of a task is one that the API server takes.
func TestTheAPIServerTakesEveryObject(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	p.vol("create", "data", "16Mi").exits(0)
	p.kubectl("create", "-f", p.file("shared.yaml", `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shared}
spec: {accessModes: [ReadWriteMany, ReadOnlyMany], resources: {requests: {storage: 16Mi}}}
`))
	before := p.objects()
	for name, c := range map[string]struct {
		task string
		args []string
	}{
		"minimal":                       {"run: echo\n", nil},
		"only setup":                    {"setup: echo\n", nil},
		"every helper":                  {rich, nil},
		"long and odd name":             {"name: " + strings.Repeat("A.b_c-", 16) + "x\nnum_nodes: 3\nrun: echo\n", nil},
		"name that begins with a digit": {"name: 2024-run\nnum_nodes: 2\nrun: echo\n", nil},
		"many nodes":                    {"num_nodes: 10000\nrun: echo\n", nil},
		"at least":                      {"resources: {cpus: 2+, memory: 4+}\nrun: echo\n", nil},
		"fractions":                     {"resources: {cpus: 0.3333, memory: 0.7, ephemeral_storage: 100Mi}\nrun: echo\n", nil},
		"a GPU":                         {"resources: {accelerators: H100:8}\nrun: echo\n", nil},
		"GPUs of several models":        {"resources: {accelerators: {A100: 4, V100: 4}}\nrun: echo\n", nil},
		"an ordered list of GPUs":       {"resources: {accelerators: ['A100-80GB:2', 'L40S:2', 'T4:2']}\nrun: echo\n", nil},
		"any of several":                {"resources: {cpus: 4, any_of: [{accelerators: H100}, {accelerators: H200}]}\nrun: echo\n", nil},
		"part of a GPU":                 {"resources: {accelerators: 'T4:0.5'}\nrun: echo\n", nil},
		"a GPU by its memory":           {"resources: {accelerators: 'NVIDIA:40GB+:2'}\nrun: echo\n", nil},
		"a GPU of any model":            {"run: echo\n", []string{"--gpus", "1"}},
		"a TPU":                         {"resources: {accelerators: 'tpu-v5p-8'}\nrun: echo\n", nil},
		"labels and ports":              {"resources: {labels: {team: a, example.com/x: y}, ports: [8080, '9000-9010']}\nrun: echo\n", nil},
		"volumes":                       {"volumes: {/data: data, /part: {name: data, sub_path: a/b}, /own: {size: 1, type: k8s-pvc}}\nrun: echo\n", nil},
		"a volume of several nodes":     {"num_nodes: 2\nvolumes: {/data: shared}\nrun: echo\n", nil},
		"a private registry":            {"secrets: {SKYPILOT_DOCKER_USERNAME: u, SKYPILOT_DOCKER_PASSWORD: p, SKYPILOT_DOCKER_SERVER: registry.example.com}\nresources: {image_id: registry.example.com/a/b:1}\nrun: echo\n", nil},
		"restricted":                    {rich, []string{"--security-profile", "restricted"}},
		"restricted with volumes":       {"volumes: {/data: data, /own: {size: 1, type: k8s-pvc}}\nrun: echo\n", []string{"--security-profile", "restricted"}},
		"privileged":                    {"run: echo\nconfig: {kubernetes: {pod_config: {spec: {containers: [{securityContext: {privileged: true}}]}}}}\n", []string{"--security-profile", "privileged"}},
		"deadline and keep":             {"run: echo\n", []string{"--deadline", "24h", "--keep", "10m"}},
		"odd user, odd request":         {"run: echo\n", []string{"--request-id", "weekly/report: ü 7"}},
		"a priority class":              {"resources: {priority_class: system-node-critical}\nrun: echo\n", nil},
		"a priority without a class":    {"resources: {priority: -7}\nrun: echo\n", nil},
		"a context":                     {"resources: {infra: k8s}\nrun: echo\n", nil},
		"an image by digest":            {"resources: {image_id: 'docker:busybox@sha256:" + strings.Repeat("0", 64) + "'}\nrun: echo\n", nil},
		"pod_config of many parts": {`
run: echo
config: {kubernetes: {pod_config: {
  metadata: {labels: {a: b}, annotations: {c: d}},
  spec: {
    nodeSelector: {kubernetes.io/os: linux}, tolerations: [{operator: Exists}], hostNetwork: false,
    imagePullSecrets: [{name: one}], terminationGracePeriodSeconds: 5, runtimeClassName: none,
    volumes: [{name: extra, emptyDir: {}}, {name: dshm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}],
    initContainers: [{name: first, image: busybox, command: ['true']}],
    topologySpreadConstraints: [{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: ScheduleAnyway}],
    hostAliases: [{ip: 10.0.0.1, hostnames: [x]}],
    containers: [
      {volumeMounts: [{name: extra, mountPath: /extra}], env: [{name: E, value: f}], resources: {requests: {cpu: 1}}},
      {name: side, image: busybox, command: [sleep, '1']}]}}}}
`, nil},
		"SkyPilot's own container name": {"run: echo\nconfig: {kubernetes: {pod_config: {spec: {containers: [{name: ray-node, env: [{name: A, value: b}]}]}}}}\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			p.vast(append([]string{"submit", p.file("task.yaml", c.task), "--dry-run=server"}, c.args...)...).exits(0)
			p.vast(append([]string{"submit", p.file("task.yaml", c.task), "--dry-run=client", "-o", "yaml"}, c.args...)...).exits(0)
		})
	}
	t.Cleanup(func() { p.leftNothing(before) })
}

// Where a namespace enforces the restricted profile, tasks run under it.
func TestTasksRunInARestrictedNamespace(t *testing.T) {
	t.Parallel()
	p := newPerson(t, "pod-security.kubernetes.io/enforce=restricted")
	p.vol("create", "data", "16Mi").exits(0)
	task := `
%s
secrets: {TOKEN: hidden}
setup: echo set > /tmp/up
run: |
  id -u; cat /tmp/up; echo "$HOME"
  touch /denied 2>/dev/null && echo the root can be written
  true
`
	for name, c := range map[string]struct {
		head string
		args []string
	}{
		"asked for": {"name: asked", []string{"--security-profile", "restricted"}},
		"by itself": {"name: itself", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := p.in(t)
			r := p.vast(append([]string{"submit", p.file("task.yaml", strings.Replace(task, "%s", c.head, 1))}, c.args...)...).exits(0)
			if _, log, _ := strings.Cut(r.stdout, "\n"); log != "65534\nset\n/tmp\n" {
				t.Errorf("log: %q", log)
			}
		})
	}
	t.Run("with a volume and several nodes", func(t *testing.T) {
		t.Parallel()
		p := p.in(t)
		p.vast("submit", p.file("task.yaml", "volumes: {/data: data}\nrun: echo kept > /data/x && cat /data/x\n")).exits(0).shows("\nkept\n")
		p.vast("submit", p.file("task.yaml", "num_nodes: 2\nrun: echo $NODE_RANK\n")).exits(0).shows("node-1 | 1\n")
	})
	t.Run("and what it forbids is reported", func(t *testing.T) {
		t.Parallel()
		p := p.in(t)
		r := p.vast("submit", p.file("task.yaml", "run: sleep 1000\n"), "-d", "--security-profile", "privileged").exits(0)
		s := p.isDiagnosed(r.id(), "CreateFailed")
		says(t, s, "violates PodSecurity")
	})
}

func TestAPriorityBecomesThePriorityClassOfItsValue(t *testing.T) {
	t.Parallel()
	p := newPerson(t)
	value := int32(-100 - rand.Intn(800))
	class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: p.namespace}, Value: value}
	classes := client.SchedulingV1().PriorityClasses()
	if _, err := classes.Create(t.Context(), class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := classes.Delete(context.Background(), class.Name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("PriorityClass %s is left: %v", class.Name, err)
		}
	})
	id := p.submit("resources: {priority: " + strconv.Itoa(int(value)) + "}\nrun: sleep 1000\n")
	p.waitFor("the pod is made", func() (bool, any) { return len(p.pods(id)) == 1, nil })
	pod := p.pods(id)[0]
	if pod.Spec.Priority == nil || *pod.Spec.Priority != value || pod.Spec.PriorityClassName != class.Name {
		t.Errorf("the pod has priority %v of class %q", pod.Spec.Priority, pod.Spec.PriorityClassName)
	}
	if pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("the pod is restarted: %s", pod.Spec.RestartPolicy)
	}
	p.vast("submit", p.file("task.yaml", "resources: {priority: 999}\nrun: echo\n"), "-d").exits(0).prints("priority 999 is ignored")
}
