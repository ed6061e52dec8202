package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/agentspec"
	"github.com/kubevast/vast/internal/kube"
)

// served is a Job as the API server returns it after a while: with defaults,
// with what the Job controller has added, and admitted by Kueue.
func served(want *batchv1.Job) *batchv1.Job {
	job := want.DeepCopy()
	job.UID, job.ResourceVersion = "1234", "7"
	job.Labels[kube.LabelQueue] = "other"
	job.Spec.PodReplacementPolicy = ptr.To(batchv1.TerminatingOrFailed)
	job.Spec.Suspend, job.Spec.Parallelism = ptr.To(false), ptr.To[int32](1)
	job.Spec.Template.Labels["batch.kubernetes.io/controller-uid"] = "1234"
	job.Spec.Template.Annotations["kueue.x-k8s.io/podset"] = "main"
	pod := &job.Spec.Template.Spec
	pod.NodeSelector = map[string]string{"pool": "spot"}
	pod.Tolerations = append(pod.Tolerations, corev1.Toleration{Key: "spot", Operator: corev1.TolerationOpExists})
	pod.DNSPolicy, pod.SchedulerName, pod.DeprecatedServiceAccount = corev1.DNSClusterFirst, "default-scheduler", pod.ServiceAccountName
	if pod.SecurityContext == nil {
		pod.SecurityContext = &corev1.PodSecurityContext{}
	}
	for _, list := range [][]corev1.Container{pod.Containers, pod.InitContainers} {
		for i := range list {
			c := &list[i]
			c.TerminationMessagePath = "/dev/termination-log"
			if c.TerminationMessagePolicy == "" {
				c.TerminationMessagePolicy = corev1.TerminationMessageReadFile
			}
			if c.ImagePullPolicy == "" {
				c.ImagePullPolicy = corev1.PullIfNotPresent
			}
			for name, q := range c.Resources.Limits {
				if _, ok := c.Resources.Requests[name]; !ok {
					if c.Resources.Requests == nil {
						c.Resources.Requests = corev1.ResourceList{}
					}
					c.Resources.Requests[name] = q
				}
			}
		}
	}
	return job
}

func TestAJobIsTakenForTheOneThatIsToBeByWhatItRuns(t *testing.T) {
	task := func(j *batchv1.Job) *corev1.Container { return &j.Spec.Template.Spec.Containers[0] }
	ours := func(j *batchv1.Job, name string) *corev1.Container {
		list := j.Spec.Template.Spec.InitContainers
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
		panic("there is no " + name)
	}
	const pod = "spec.template.spec."
	for name, tt := range map[string]struct {
		change func(*batchv1.Job)
		any    []string
		want   string
	}{
		"as the cluster has it": {change: func(*batchv1.Job) {}},
		"stopped while it waited": {change: func(j *batchv1.Job) {
			j.Annotations[kube.AnnotationStoppedBy] = "ann"
			j.Spec.Completions, j.Spec.Parallelism = ptr.To[int32](0), ptr.To[int32](0)
		}},
		"kept for another time":          {change: func(j *batchv1.Job) { j.Spec.TTLSecondsAfterFinished = ptr.To[int32](1) }},
		"half submitted":                 {change: func(j *batchv1.Job) { j.Annotations[kube.AnnotationSubmitting] = "true" }},
		"another release of our image":   {change: func(j *batchv1.Job) { ours(j, kube.ContainerKeep).Image = kube.AgentImage + ":v9" }},
		"another image in our container": {change: func(j *batchv1.Job) { ours(j, kube.ContainerKeep).Image = "evil.example.com/keep" }, want: pod + "initContainers[vast-keep].image"},
		"what our container asked for in an older release": {change: func(j *batchv1.Job) {
			ours(j, kube.ContainerKeep).Resources = corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("10m"), "memory": resource.MustParse("32Mi")},
				Limits: corev1.ResourceList{"memory": resource.MustParse("256Mi")}}
		}},
		"our image in the user's": {change: func(j *batchv1.Job) { task(j).Image = kube.AgentImage + ":v9" }, want: pod + "containers[task].image"},
		"another image":           {change: func(j *batchv1.Job) { task(j).Image = "other" }, want: pod + "containers[task].image"},
		"another command":         {change: func(j *batchv1.Job) { task(j).Command = []string{"sh", "-c", "evil"} }, want: pod + "containers[task].command"},
		"another variable":        {change: func(j *batchv1.Job) { task(j).Env[0].Value += "x" }, want: pod + "containers[task].env[" + "FIRST" + "].value"},
		"more variables":          {change: func(j *batchv1.Job) { task(j).Env = append(task(j).Env, corev1.EnvVar{Name: "LD_PRELOAD"}) }, want: pod + "containers[task].env"},
		"variables of a Secret":   {change: func(j *batchv1.Job) { task(j).EnvFrom = []corev1.EnvFromSource{{Prefix: "a"}} }, want: pod + "containers[task].envFrom"},
		"root by a number":        {change: func(j *batchv1.Job) { j.Spec.Template.Spec.SecurityContext.RunAsUser = ptr.To[int64](0) }, want: pod + "securityContext"},
		"a hook":                  {change: func(j *batchv1.Job) { task(j).Lifecycle = &corev1.Lifecycle{StopSignal: ptr.To(corev1.SIGTERM)} }, want: pod + "containers[task].lifecycle"},
		"less memory":             {change: func(j *batchv1.Job) { task(j).Resources.Limits["memory"] = resource.MustParse("1Mi") }, want: pod + "containers[task].resources.limits.memory"},
		"one more container": {change: func(j *batchv1.Job) {
			j.Spec.Template.Spec.Containers = append(j.Spec.Template.Spec.Containers, corev1.Container{Name: "more"})
		}, want: pod + "containers"},
		"one more volume": {change: func(j *batchv1.Job) {
			j.Spec.Template.Spec.Volumes = append(j.Spec.Template.Spec.Volumes, corev1.Volume{Name: "more"})
		}, want: pod + "volumes"},
		"a folder of the node": {change: func(j *batchv1.Job) {
			j.Spec.Template.Spec.Volumes[0].VolumeSource = corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/"}}
		}, want: pod + "volumes[*]"},
		"another account": {change: func(j *batchv1.Job) {
			p := &j.Spec.Template.Spec
			p.ServiceAccountName, p.DeprecatedServiceAccount = "admin", "admin"
		}, want: pod + "serviceAccountName"},
		"the processes of the node":        {change: func(j *batchv1.Job) { j.Spec.Template.Spec.HostPID = true }, want: pod + "hostPID"},
		"the host's names":                 {change: func(j *batchv1.Job) { j.Spec.Template.Spec.HostAliases = []corev1.HostAlias{{IP: "1.2.3.4"}} }, want: pod + "hostAliases"},
		"more completions":                 {change: func(j *batchv1.Job) { j.Spec.Completions = ptr.To[int32](9) }, want: "spec.completions"},
		"more attempts":                    {change: func(j *batchv1.Job) { j.Spec.BackoffLimit = ptr.To[int32](9) }, want: "spec.backoffLimit"},
		"another user":                     {change: func(j *batchv1.Job) { j.Labels[kube.LabelUser] = "eve" }, want: "metadata.labels[kubevast.io/user]"},
		"a label that lets into the store": {change: func(j *batchv1.Job) { j.Spec.Template.Labels[kube.LabelStore] = "true" }, want: "spec.template.metadata.labels[kubevast.io/store]"},
		"other orders to keep":             {change: func(j *batchv1.Job) { setOrders(ours(j, kube.ContainerKeep)) }, want: pod + "initContainers[vast-keep].env[" + agentspec.EnvKeep + "].value"},
		"other orders, which may be":       {change: func(j *batchv1.Job) { setOrders(ours(j, kube.ContainerKeep)) }, any: []string{agentspec.EnvKeep}},
	} {
		t.Run(name, func(t *testing.T) {
			in := input(t, "same.yaml", "name: same\nenvs: {FIRST: a}\nresources: {cpus: 1, memory: 64Mi}\nrun: echo hello\n")
			in.AgentImage, in.OutputDir = kube.AgentImage+":v1", TaskOutputDir
			in.Results = &agentspec.Keep{Results: []agentspec.Result{{Prefix: "tasks/a/", Dirs: []agentspec.Dir{{Path: TaskOutputDir}}}}}
			objects, err := Build(in)
			if err != nil {
				t.Fatal(err)
			}
			live := served(objects.Job)
			tt.change(live)
			got := Difference(objects.Job, live, tt.any...)
			if tt.want == pod+"volumes[*]" {
				if len(got) <= len(pod+"volumes[") || got[:len(pod+"volumes[")] != pod+"volumes[" {
					t.Errorf("it differs in %q, not in a volume", got)
				}
				return
			}
			if tt.want == pod+"securityContext" && got == tt.want+".runAsUser" {
				return
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func setOrders(c *corev1.Container) {
	for i := range c.Env {
		if c.Env[i].Name == agentspec.EnvKeep {
			c.Env[i].Value += " "
		}
	}
}
