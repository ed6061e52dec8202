package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// podFile is a file whose pod_config begins on line 5, behind six spaces.
func podFile(config string) string {
	return "run: x\nconfig:\n  kubernetes:\n    pod_config:\n      " + strings.ReplaceAll(strings.TrimSpace(config), "\n", "\n      ") + "\n"
}

func problemsOf(t *testing.T, text string) []string {
	t.Helper()
	_, err := Build(input(t, "t.yaml", text))
	if err == nil {
		return nil
	}
	return strings.Split(strings.ReplaceAll(err.Error(), podConfigPath+".", ""), "\n")
}

func TestPodConfigReportsProblemsAtTheirPositions(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		want   []string
	}{
		"a quantity, at its own key": {`
spec:
  containers:
    - resources:
        limits:
          cpu: four
          memory: 4 GB`, []string{
			`t.yaml:9:22: spec.containers[0].resources.limits.cpu: must be a quantity, such as 2, "500m" or "4Gi", not the text "four"`,
			`t.yaml:10:25: spec.containers[0].resources.limits.memory: must be a quantity, such as 2, "500m" or "4Gi", not the text "4 GB"`}},
		"an unknown field, at its key": {`
spec:
  nodeSelektor:
    disk: ssd`, []string{
			`t.yaml:6:9: spec.nodeSelektor: unknown field; did you mean "nodeSelector"?`}},
		"another case is another field": {`
spec: {hostipc: true}`, []string{
			`t.yaml:5:14: spec.hostipc: unknown field; did you mean "hostIPC"?`}},
		"a field that is like none": {`
spec:
  affinity: {everywhere: true}
  containers: [{zzzzzz: 1}]`, []string{
			`t.yaml:6:20: spec.affinity.everywhere: unknown field; kubectl explain pod.spec.affinity lists those that there are`,
			`t.yaml:7:23: spec.containers[0].zzzzzz: unknown field; kubectl explain pod.spec.containers lists those that there are`}},
		"a field of the pod at the top": {`
containers: []
nodeSelector: {a: b}`, []string{
			`t.yaml:5:7: containers: unknown field; kubectl explain pod lists those that there are`,
			`t.yaml:6:7: nodeSelector: unknown field; kubectl explain pod lists those that there are`}},
		"fields that stand inline": {`
spec:
  volumes: [{name: v, emptyDr: {}}]
  containers: [{livenessProbe: {httpGett: {port: 1}}}]`, []string{
			`t.yaml:6:29: spec.volumes[0].emptyDr: unknown field; did you mean "emptyDir"?`,
			`t.yaml:7:39: spec.containers[0].livenessProbe.httpGett: unknown field; did you mean "httpGet"?`}},
		"wrong types of every kind": {`
metadata:
  labels: {a: 1, b: true, c: [x]}
spec:
  hostNetwork: "yes"
  priority: high
  terminationGracePeriodSeconds: 1.5
  nodeSelector:
    - a
  tolerations: {key: x}
  hostAliases: [{ip: 1.2.3.4, hostnames: x}]
  containers:
    - env:
        - name: A
          value: 8080
      livenessProbe: {httpGet: {port: [1]}}
      securityContext: {runAsUser: root}
      ports: [{containerPort: 99999999999}]`, []string{
			`t.yaml:6:21: metadata.labels.a: must be text, not the number 1; write it in quotes: "1"`,
			`t.yaml:6:27: metadata.labels.b: must be text, not the boolean true; write it in quotes: "true"`,
			`t.yaml:6:36: metadata.labels.c: must be text, not a list`,
			`t.yaml:8:22: spec.hostNetwork: must be true or false, not the text "yes"`,
			`t.yaml:9:19: spec.priority: must be a whole number, not the text "high"`,
			`t.yaml:10:40: spec.terminationGracePeriodSeconds: must be a whole number, not the number 1.5`,
			`t.yaml:11:9: spec.nodeSelector: must be a mapping, not a list`,
			`t.yaml:13:22: spec.tolerations: must be a list, not a mapping`,
			`t.yaml:14:48: spec.hostAliases[0].hostnames: must be a list, not the text "x"`,
			`t.yaml:18:24: spec.containers[0].env[0].value: must be text, not the number 8080; write it in quotes: "8080"`,
			`t.yaml:19:45: spec.containers[0].livenessProbe.httpGet.port: must be a number or a name, not a list`,
			`t.yaml:20:42: spec.containers[0].securityContext.runAsUser: must be a whole number, not the text "root"`,
			`t.yaml:21:37: spec.containers[0].ports[0].containerPort: 99999999999 is out of range`}},
		"other problems are reported with it": {`
spec:
  restartPolicy: Always
  containers:
    - tty: 7
      command: [sleep, inf]
      env:
        - {name: NODE_RANK, value: "1"}
        -
    - {name: helper, image: x, restartPolicy: Never}`, []string{
			`t.yaml:6:24: spec.restartPolicy: "Always" is not possible; a node of a task runs once (Never)`,
			`t.yaml:8:18: spec.containers[0].tty: must be true or false, not the number 7`,
			`t.yaml:9:13: spec.containers[0].command: the container that runs the task starts its setup and run: write the command there, or give the container another name to have it run beside the task`,
			`t.yaml:11:24: spec.containers[0].env[0].name: NODE_RANK is set by kubevast on every node and cannot be given; use another name`,
			`t.yaml:12:16: spec.containers[0].env[1]: is empty; remove it, or write what belongs there`,
			`t.yaml:13:53: spec.containers[1].restartPolicy: "Never" is not possible; a container beside the task's is restarted until the task has ended: remove it, or put a container that has to run once before the task into initContainers`}},
		"a whole Pod may be written": {`
apiVersion: v1
kind: Pod
spec: {nodeSelector: {a: b}}`, nil},
		"a field may be taken out": {`
spec: {affinity: null, containers: [{securityContext: null}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, problemsOf(t, podFile(tc.config))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// Whichever name of the task's container is used, its command is the launcher.
func TestTheCommandOfTheTaskIsItsScripts(t *testing.T) {
	const place = "t.yaml:6:"
	for name, tc := range map[string]struct {
		container string
		refused   string
	}{
		"without a name":             {"{command: [a]}", "command"},
		"by its name":                {"{name: task, args: [a]}", "args"},
		"by SkyPilot's name":         {"{name: ray-node, args: [a]}", "args"},
		"taken out":                  {"{command: null}", "command"},
		"an empty one":               {"{command: []}", "command"},
		"of a container beside":      {"{name: helper, image: x, command: [a], args: [b]}", ""},
		"a working directory may be": {"{workingDir: /data}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var want int
			if tc.refused != "" {
				want = 1
			}
			got := problemsOf(t, podFile("spec:\n  containers: ["+tc.container+"]"))
			if len(got) != want {
				t.Fatalf("%d problems, want %d: %q", len(got), want, got)
			}
			if want > 0 && (!strings.HasPrefix(got[0], place) || !strings.Contains(got[0], "spec.containers[0]."+tc.refused+": ")) {
				t.Errorf("%s", got[0])
			}
		})
	}
}

func TestAnAccountWithoutItsTokenIsReported(t *testing.T) {
	for spec, want := range map[string]bool{
		"{serviceAccountName: mine}":                                      true,
		"{serviceAccount: mine}":                                          true,
		"{serviceAccountName: mine, automountServiceAccountToken: true}":  false,
		"{serviceAccountName: mine, automountServiceAccountToken: false}": false,
		"{nodeSelector: {a: b}}":                                          false,
	} {
		t.Run(spec, func(t *testing.T) {
			objects, err := Build(input(t, "t.yaml", podFile("spec: "+spec)))
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Join(objects.Warnings, "\n")
			if got := strings.Contains(said, "automountServiceAccountToken: true") && strings.Contains(said, `"mine"`); got != want {
				t.Errorf("reported: %v, want %v: %q", got, want, said)
			}
		})
	}
}
