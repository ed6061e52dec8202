package diagnose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/sdk/api"
)

// The file's PATH takes the place of the image's, and then it is not the image
// that lacks a command.
func TestAHintBlamesWhoHasSetThePath(t *testing.T) {
	const noShell = `failed to create containerd task: ... exec: "sh": executable file not found in $PATH: unknown`
	env := func(vars ...corev1.EnvVar) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.Spec.Containers[0].Env = vars }
	}
	path := func(value string) func(*corev1.Pod) {
		return env(corev1.EnvVar{Name: "PATH", Value: value}, corev1.EnvVar{Name: "A", Value: "a"})
	}
	fromSecret := env(corev1.EnvVar{Name: "PATH", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: "PATH"}}})
	envFrom := func(p *corev1.Pod) {
		p.Spec.Containers[0].EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{}}}
	}
	const theirs = `the task overrides the image's PATH with "/opt/bin"; does it contain the command's directory?`
	for name, tc := range map[string]struct {
		set  func(*corev1.Pod)
		end  func(*corev1.Pod)
		want string
	}{
		"a command, with the image's PATH":     {nil, ended(127, "Error", "", 1), "a command was not found; is it in the image?"},
		"a command, with a PATH of its own":    {path("/opt/bin"), ended(127, "Error", "", 1), theirs},
		"the shell, with the image's PATH":     {nil, ended(128, "StartError", noShell, 1), "the image must have a shell (sh) to run a task's scripts"},
		"the shell, with a PATH of its own":    {path("/opt/bin"), ended(128, "StartError", noShell, 1), theirs},
		"by another runtime's words":           {path("/opt/bin"), ended(127, "StartError", "executable file `sh` not found in $PATH: No such file or directory", 1), theirs},
		"a PATH by a reference":                {fromSecret, ended(127, "Error", "", 1), "the task overrides the image's PATH (by a reference); does it contain the command's directory?"},
		"a PATH that may be in a whole set":    {envFrom, ended(127, "Error", "", 1), "a command was not found; is it in the image? Or does envFrom set a PATH without its directory?"},
		"the last of two counts":               {env(corev1.EnvVar{Name: "PATH", Value: "/bin"}, corev1.EnvVar{Name: "PATH", Value: "/opt/bin"}), ended(127, "Error", "", 1), theirs},
		"another variable":                     {env(corev1.EnvVar{Name: "PATHS", Value: "/x"}), ended(127, "Error", "", 1), "a command was not found; is it in the image?"},
		"what cannot start for another reason": {nil, ended(128, "StartError", `error mounting "/x" to rootfs at "/y": not a directory`, 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			changes := []func(*corev1.Pod){tc.end}
			if tc.set != nil {
				changes = append(changes, tc.set)
			}
			d := Task(Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, changes...))})
			if diff := cmp.Diff(tc.want, d.Hint); diff != "" {
				t.Errorf("hint (-want +got):\n%s", diff)
			}
		})
	}
	d := Task(Facts{Job: job(failedJob), Pods: pods(pod(0, corev1.PodFailed, ended(127, "Error", "", 1), path("/a:$$PATH\x1b"+strings.Repeat("x", 1000))))})
	if !strings.Contains(d.Hint, `"/a:$PATH\x1bxxx`) || !strings.Contains(d.Hint, "export PATH=/more:$PATH") || len(d.Hint) > 450 {
		t.Errorf("a PATH with a variable: %q", d.Hint)
	}
}

// A program of an image is not asked to be a shell.
func TestASidecarThatCannotStartNeedsNoShell(t *testing.T) {
	for command, want := range map[string]string{
		"proxy": "is the command in the image?", "/proxy": "is the command in the image?", "": "",
	} {
		t.Run(command, func(t *testing.T) {
			p := pod(0, corev1.PodFailed, initEnded("helper", 128, "StartError", `exec: "proxy": executable file not found in $PATH`), func(p *corev1.Pod) {
				c := corev1.Container{Name: "helper"}
				if command != "" {
					c.Command = []string{command}
				}
				p.Spec.InitContainers = append(p.Spec.InitContainers, c)
			})
			if diff := cmp.Diff(want, Pod(&p).Hint); diff != "" {
				t.Errorf("hint (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAPodWaitsForItsGates(t *testing.T) {
	gates := func(names ...string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Spec.NodeName = ""
			for _, n := range names {
				p.Spec.SchedulingGates = append(p.Spec.SchedulingGates, corev1.PodSchedulingGate{Name: n})
			}
			podCondition(corev1.PodScheduled, corev1.ConditionFalse, corev1.PodReasonSchedulingGated, "Scheduling is blocked due to non-empty scheduling gates")(p)
		}
	}
	for name, tc := range map[string]struct {
		gates []string
		want  string
	}{
		"one":   {[]string{"example.com/data"}, "node 0: waits for scheduling gate example.com/data"},
		"two":   {[]string{"example.com/data", "kueue.x-k8s.io/topology"}, "node 0: waits for scheduling gates example.com/data, kueue.x-k8s.io/topology"},
		"many":  {[]string{"a", "b", "c", "d", "e", "f", "g"}, "node 0: waits for scheduling gates a, b, c, d, e, 2 more"},
		"none":  {nil, ""},
		"empty": {[]string{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := Task(Facts{Job: job(), Pods: pods(pod(0, corev1.PodPending, gates(tc.gates...)))})
			got, cause := "", api.Cause("")
			if d != nil {
				got, cause = d.Message, d.Cause
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || (got != "") != (cause == api.CauseSchedulingGated) {
				t.Errorf("cause %q (-want +got):\n%s", cause, diff)
			}
		})
	}
}
