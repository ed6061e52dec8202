package manifest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/sdk/api"
)

// keptInput is a task whose pod has containers of ours.
func keptInput(t *testing.T, text string) Input {
	t.Helper()
	in := input(t, "task.yaml", text)
	in.AgentImage, in.OutputDir, in.Results = agent, TaskOutputDir, kept()
	in.Files = []Files{{Path: "/config", Sources: []agentspec.Item{{Text: "x"}}}}
	return in
}

// refusals are the problems as "<line>:<column> <path below pod_config>".
func refusals(t *testing.T, err error) []string {
	t.Helper()
	var invalid *api.InvalidSpecError
	if err != nil && !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var out []string
	if invalid != nil {
		for _, p := range invalid.Problems {
			out = append(out, fmt.Sprintf("%d:%d %s", p.Line, p.Column, strings.TrimPrefix(p.Path, podConfigPath+".")))
		}
	}
	return out
}

func TestPodConfigReachesNothingOfOurs(t *testing.T) {
	const at = len("config: {kubernetes: {pod_config: {spec: {") + 1
	for name, tc := range map[string]struct {
		spec    string
		refused []string // paths
		// plain are those that are refused in a pod without containers of ours, too.
		plain bool
		// allowed: the profile privileged allows it.
		allowed bool
	}{
		"a shared process namespace":    {spec: "shareProcessNamespace: true", refused: []string{"spec.shareProcessNamespace"}},
		"the node's processes":          {spec: "hostPID: true", refused: []string{"spec.hostPID"}},
		"neither, said so":              {spec: "hostPID: false, shareProcessNamespace: false"},
		"the token's volume":            {spec: "containers: [{volumeMounts: [{name: vast-token, mountPath: /t}]}]", refused: []string{"spec.containers[0].volumeMounts[0].name"}},
		"the token's volume by another": {spec: "containers: [{name: x, image: x, volumeMounts: [{name: vast-token, mountPath: /t}]}]", refused: []string{"spec.containers[0].volumeMounts[0].name"}},
		"the volume of what is fetched, whole": {spec: "initContainers: [{name: x, image: x, volumeMounts: [{name: a, mountPath: /a}, {name: vast-files, mountPath: /t}]}], volumes: [{name: a, emptyDir: {}}]",
			refused: []string{"spec.initContainers[0].volumeMounts[1].name"}},
		"the sidecar's volume as a device":    {spec: "containers: [{volumeDevices: [{name: vast-keep, devicePath: /t}]}]", refused: []string{"spec.containers[0].volumeDevices[0].name"}},
		"another volume in the token's place": {spec: "volumes: [{name: vast-token, emptyDir: {}}]", refused: []string{"spec.volumes[0].name"}},
		"the task's outputs":                  {spec: "containers: [{name: x, image: x, volumeMounts: [{name: vast-out, mountPath: /out}]}]"},
		"a limit of the task's outputs":       {spec: "volumes: [{name: vast-out, emptyDir: {sizeLimit: 1Gi}}]"},
		"our sidecar's name":                  {spec: "containers: [{name: vast-keep, image: x}]", refused: []string{"spec.containers[0].name"}},
		"our init container's name":           {spec: "initContainers: [{name: vast-fetch, env: [{name: A, value: b}]}]", refused: []string{"spec.initContainers[0].name"}},
		"a name that ours may have tomorrow":  {spec: "initContainers: [{name: vast-more, image: x}]", refused: []string{"spec.initContainers[0].name"}},
		"an ephemeral container":              {spec: "ephemeralContainers: [{name: x, targetContainerName: vast-keep}]", refused: []string{"spec.ephemeralContainers"}},
		"the store's name":                    {spec: "hostAliases: [{ip: 1.2.3.4, hostnames: [x, vast-store.lab.svc]}]", refused: []string{"spec.hostAliases[0].hostnames[1]"}},
		"a folder of the node":                {spec: "volumes: [{name: h, hostPath: {path: /data}}]", refused: []string{"spec.volumes[0].hostPath"}, allowed: true},
		"a privileged container":              {spec: "containers: [{securityContext: {privileged: true}}]", refused: []string{"spec.containers[0].securityContext.privileged"}, allowed: true},
		"a capability that reaches others":    {spec: "containers: [{securityContext: {capabilities: {add: [NET_ADMIN, CAP_SYS_PTRACE]}}}]", refused: []string{"spec.containers[0].securityContext.capabilities.add[1]"}, allowed: true},
		"the node's network":                  {spec: "hostNetwork: true"},
		"the token of our account":            {spec: "automountServiceAccountToken: true", refused: []string{"spec.automountServiceAccountToken"}},
		"the token, by saying nothing of it":  {spec: "automountServiceAccountToken: null", refused: []string{"spec.automountServiceAccountToken"}},
		"the token of our account, named":     {spec: "serviceAccountName: vast-agent, automountServiceAccountToken: true", refused: []string{"spec.automountServiceAccountToken"}},
		"the same by the older field":         {spec: "serviceAccount: vast-agent, automountServiceAccountToken: true", refused: []string{"spec.automountServiceAccountToken"}},
		"the token of another account":        {spec: "serviceAccountName: mine, automountServiceAccountToken: true"},
		"the token of another, older field":   {spec: "serviceAccount: mine, automountServiceAccountToken: true"},
		"a token in a volume of one's own":    {spec: "volumes: [{name: a, emptyDir: {}}, {name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]", refused: []string{"spec.volumes[1]"}},
		"the same of another account":         {spec: "serviceAccountName: mine, volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]"},
		"the store's Secret in a variable":    {plain: true, spec: "containers: [{env: [{name: A, valueFrom: {secretKeyRef: {name: vast-store, key: secret-access-key}}}]}]", refused: []string{"spec.containers[0].env[0].valueFrom.secretKeyRef.name"}},
		"the reader's in all variables":       {plain: true, spec: "containers: [{envFrom: [{secretRef: {name: vast-store-reader}}]}]", refused: []string{"spec.containers[0].envFrom[0].secretRef.name"}},
		"the root's as a volume":              {plain: true, spec: "volumes: [{name: s, secret: {secretName: vast-store-root}}]", refused: []string{"spec.volumes[0].secret.secretName"}},
		"one in a volume of several":          {plain: true, spec: "volumes: [{name: s, projected: {sources: [{secret: {name: mine}}, {secret: {name: vast-store}}]}}]", refused: []string{"spec.volumes[0].projected.sources[1].secret.name"}},
		"one given to a driver":               {plain: true, spec: "volumes: [{name: s, csi: {driver: d, nodePublishSecretRef: {name: vast-store}}}]", refused: []string{"spec.volumes[0].csi.nodePublishSecretRef.name"}},
		"the store's own volume":              {plain: true, spec: "volumes: [{name: s, persistentVolumeClaim: {claimName: vast-store}}]", refused: []string{"spec.volumes[0].persistentVolumeClaim.claimName"}},
		"a copy of it": {plain: true, spec: "volumes: [{name: s, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, dataSource: {kind: PersistentVolumeClaim, name: vast-store}}}}}]",
			refused: []string{"spec.volumes[0].ephemeral.volumeClaimTemplate.spec.dataSource.name"}},
		"Secrets and claims of one's own":               {spec: "volumes: [{name: s, secret: {secretName: mine}}, {name: c, persistentVolumeClaim: {claimName: mine}}]"},
		"what only looks like one":                      {spec: "containers: [{env: [{name: SECRET, value: vast-store}], envFrom: [{configMapRef: {name: vast-store}}]}]"},
		"one of two entries that the other would cover": {spec: "containers: [{name: x, image: x, volumeMounts: [{name: vast-token, mountPath: /t}]}, {name: x, volumeMounts: []}]", refused: []string{"spec.containers[0].volumeMounts[0].name"}},
		"all at once": {spec: "hostPID: true, shareProcessNamespace: true, containers: [{name: vast-keep, image: x}]",
			refused: []string{"spec.hostPID", "spec.shareProcessNamespace", "spec.containers[0].name"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := "run: x\nconfig: {kubernetes: {pod_config: {spec: {" + tc.spec + "}}}}"
			for _, kind := range []struct {
				name    string
				in      Input
				profile Profile
				refused bool
			}{
				{"with containers of ours", keptInput(t, text), Baseline, true},
				{"without", input(t, "task.yaml", text), Baseline, tc.plain},
				{"as privileged", keptInput(t, text), Privileged, !tc.allowed},
			} {
				kind.in.Profile = kind.profile
				objects, err := Build(kind.in)
				var want []string
				if kind.refused {
					want = tc.refused
				}
				var got []string
				for _, r := range refusals(t, err) {
					place, path, _ := strings.Cut(r, " ")
					got = append(got, path)
					var line, column int
					if _, err := fmt.Sscanf(place, "%d:%d", &line, &column); err != nil || line != 2 || column <= at {
						t.Errorf("%s: no place of its own: %s", kind.name, r)
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s\n%v", kind.name, diff, err)
				}
				if tc.allowed && kind.profile == Privileged && (objects == nil || !strings.Contains(strings.Join(objects.Warnings, "\n"), "credentials of the store")) {
					t.Errorf("%s: there is no warning", kind.name)
				}
			}
		})
	}
}

func TestLabelsThatAreReadAsOursAreRefused(t *testing.T) {
	text := `run: x
resources:
  labels:
    app.kubernetes.io/name: vast-store
config:
  kubernetes:
    pod_config:
      metadata:
        labels:
          kubevast.io/store-client: "true"
          app.kubernetes.io/managed-by: kubevast
          app.kubernetes.io/name: mine
          team: a
        annotations:
          batch.kubernetes.io/job-completion-index: "7"
          kueue.x-k8s.io/podset-required-topology: rack
          kueue.x-k8s.io/workload: other
          x.kubevast.io/y: z
`
	want := []string{
		"1:1 resources.labels.app.kubernetes.io/name",
		"10:37 metadata.labels[kubevast.io/store-client]",
		"11:41 metadata.labels[app.kubernetes.io/managed-by]",
		"15:53 metadata.annotations[batch.kubernetes.io/job-completion-index]",
		"17:36 metadata.annotations[kueue.x-k8s.io/workload]",
		"18:28 metadata.annotations[x.kubevast.io/y]",
	}
	_, err := Build(input(t, "task.yaml", text))
	if diff := cmp.Diff(want, refusals(t, err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A value that cannot be hides nothing of the others, nor does an entry that covers it.
func TestPodConfigThatIsNoPodByItselfIsRefused(t *testing.T) {
	_, err := Build(keptInput(t, withPod("containers: [{name: x, image: x, tty: 7, volumeMounts: [{name: vast-token, mountPath: /t}]}, {name: x, tty: true}]")))
	if diff := cmp.Diff([]string{"2:81 spec.containers[0].tty", "2:106 spec.containers[0].volumeMounts[0].name"}, refusals(t, err)); diff != "" {
		t.Errorf("-want +got:\n%s\n%v", diff, err)
	}
}

func TestTheStoresVolumeIsNoTasks(t *testing.T) {
	_, err := Build(input(t, "task.yaml", "run: x\nvolumes:\n  /d: vast-store\n"))
	if diff := cmp.Diff([]string{"3:3 volumes./d"}, refusals(t, err)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPodConfigThatWeakensTheProfileIsWarnedOf(t *testing.T) {
	for name, tc := range map[string]struct {
		profile Profile
		spec    string
		says    []string
	}{
		"nothing weaker":                       {Baseline, "nodeSelector: {a: b}", nil},
		"the node's network":                   {Baseline, "hostNetwork: true", []string{"profile baseline: host namespaces (hostNetwork=true)"}},
		"more than one":                        {Baseline, "hostIPC: true, containers: [{securityContext: {capabilities: {add: [IPC_LOCK]}}}]", []string{"non-default capabilities", "host namespaces (hostIPC=true)"}},
		"what only the strictest forbids":      {Baseline, "containers: [{securityContext: {runAsUser: 0}}]", nil},
		"root under the strictest":             {Restricted, "containers: [{securityContext: {runAsUser: 0}}]", []string{"profile restricted: runAsUser=0"}},
		"a sidecar without a security context": {Restricted, "containers: [{name: x, image: x}]", []string{"allowPrivilegeEscalation != false", "unrestricted capabilities"}},
		"no profile":                           {Privileged, "hostNetwork: true", nil},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "task.yaml", withPod(tc.spec))
			in.Profile = tc.profile
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			if len(objects.Warnings) != len(tc.says) {
				t.Fatalf("%q, want %q", objects.Warnings, tc.says)
			}
			for i, says := range tc.says {
				if !strings.Contains(objects.Warnings[i], says) {
					t.Errorf("%q lacks %q", objects.Warnings[i], says)
				}
			}
		})
	}
}
