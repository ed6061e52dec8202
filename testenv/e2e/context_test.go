package e2e_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// labContext is what a name that a cloud gives looks like at its worst.
const labContext = "gke_proj/eu:vast@lab"

// contextsOf is a user whose kubeconfig has two contexts, "local" (the current
// one) and labContext: two users with rights in a namespace of their own each.
// The other two look at these namespaces with an administrator's rights.
func contextsOf(t *testing.T) (both, local, lab *person) {
	t.Helper()
	merged := clientcmdapi.NewConfig()
	add := func(context string) *person {
		admin := newPerson(t)
		worker := admin.with("worker", append(readRights, jobRights, helperRights, volumeRights)...)
		worker.waitFor("the account has its rights", func() (bool, any) {
			r := worker.vast("list")
			return r.code == 0, r.stderr
		})
		c, err := clientcmd.LoadFromFile(worker.kubeconfig)
		if err != nil {
			t.Fatal(err)
		}
		now := c.Contexts[c.CurrentContext]
		merged.Clusters[context], merged.AuthInfos[context] = c.Clusters[now.Cluster], c.AuthInfos[now.AuthInfo]
		merged.Contexts[context] = &clientcmdapi.Context{Cluster: context, AuthInfo: context, Namespace: admin.namespace}
		return admin
	}
	local, lab = add("local"), add(labContext)
	merged.CurrentContext = "local"
	both = &person{TB: t, dir: t.TempDir(), kubeconfig: writeKubeconfig(t, merged)}
	return both, local, lab
}

var volumeRights = rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"create", "delete"}}

// requests are those of a task's pods.
func (p *person) requests(id string) corev1.ResourceList {
	p.Helper()
	return p.job(id).Spec.Template.Spec.Containers[0].Resources.Requests
}

const perCluster = `name: sized
resources:
  cpus:
    - gke_proj/eu:vast@lab: 50m
    - local: 20m
  memory: 32Mi
  any_of:
    - labels:
        - local: {size: small}
        - gke_proj/eu:vast@lab: {size: large}
run: echo ran
`

func TestOneFileHasItsOwnValuesInEachContext(t *testing.T) {
	t.Parallel()
	p, local, lab := contextsOf(t)
	file := p.file("task.yaml", perCluster)
	for _, c := range []struct {
		admin              *person
		context, cpu, size string
	}{{local, "local", "20m", "small"}, {lab, labContext, "50m", "large"}} {
		r := p.vast("submit", file, "--context", c.context).exits(0).shows("ran\n")
		r.prints("context " + c.context + ", namespace " + c.admin.namespace + "\n")
		requests := c.admin.requests(r.id())
		if cpu, memory := requests.Cpu().String(), requests.Memory().String(); cpu != c.cpu || memory != "32Mi" {
			t.Errorf("context %s: the pods request %s CPU and %s", c.context, cpu, memory)
		}
		if size := c.admin.job(r.id()).Spec.Template.Labels["size"]; size != c.size {
			t.Errorf("context %s: the pods are %q", c.context, size)
		}
		// The other commands use that context too, and print it.
		p.vast("status", r.id(), "--context", c.context).exits(0)
		p.vast("logs", r.id(), "--context", c.context).exits(0).shows("ran\n")
		p.vast("wait", r.id(), "--context", c.context).exits(0)
		p.vast("stop", r.id(), "--context", c.context).exits(0).prints("context " + c.context + ", namespace " + c.admin.namespace)
		p.vast("delete", r.id(), "--context", c.context).exits(0).prints("context " + c.context + ", namespace " + c.admin.namespace)
	}
}

func TestInfraChoosesTheContext(t *testing.T) {
	t.Parallel()
	p, local, lab := contextsOf(t)
	before := local.objects()
	task := p.file("task.yaml", "name: there\nresources:\n  infra: k8s/"+labContext+"\n  cpus: [{local: 20m}, {"+labContext+": 50m}]\nrun: echo ran\n")

	r := p.vast("submit", task, "-d").exits(0)
	r.prints("context "+labContext+", namespace "+lab.namespace+"\n", "kubectl vast logs "+r.id()+" -f --context="+labContext)
	if cpu := lab.requests(r.id())[corev1.ResourceCPU]; cpu.String() != "50m" {
		t.Errorf("the pods request %s CPU", cpu.String())
	}
	again := p.vast("submit", task, "--context", labContext, "--dry-run=server").exits(0)
	again.prints("context " + labContext)
	rendered := p.vast("submit", task, "--dry-run=client", "-o", "yaml").exits(0)
	rendered.shows("namespace: "+lab.namespace, "cpu: 50m")

	choice := p.file("choice.yaml", "name: either\nresources: {any_of: [{infra: k8s/local, cpus: 20m}, {infra: k8s/"+labContext+", cpus: 50m}]}\nrun: echo\n")
	r = p.vast("submit", choice, "--context", labContext, "-d").exits(0)
	if cpu := lab.requests(r.id())[corev1.ResourceCPU]; cpu.String() != "50m" {
		t.Errorf("the candidate of another cluster was taken: %s CPU", cpu.String())
	}
	volume := p.file("volume.yaml", "name: data\ntype: k8s-pvc\ninfra: k8s/"+labContext+"\nsize: 16Mi\n")
	p.vol("create", "-f", volume).exits(0).prints("context " + labContext + ", namespace " + lab.namespace + "\n").shows("volume.kubevast.io/data created\n")
	p.vol("get", "data", "--context", labContext).exits(0)
	p.vol("delete", "data", "--yes", "--context", labContext).exits(0).prints("context " + labContext)
	local.leftNothing(before)
}

func TestAContextThatIsNotClearIsAskedForAndNothingIsMade(t *testing.T) {
	t.Parallel()
	p, local, lab := contextsOf(t)
	inLocal, inLab := local.objects(), lab.objects()
	const names = `"` + labContext + `", "local"`
	forLab := "resources: {infra: k8s/" + labContext + "}\nrun: echo\n"
	volume := "name: data\ntype: k8s-pvc\ninfra: k8s/" + labContext + "\nsize: 16Mi\n"
	for name, c := range map[string]struct {
		files []string
		args  []string
		says  []string
		lines int
	}{
		"values per cluster, no context": {[]string{perCluster}, nil,
			[]string{"0.yaml:4:5: resources.cpus:", "use --context to choose one", names}, 1},
		"values for other clusters": {[]string{strings.ReplaceAll(perCluster, "local", "far")}, []string{"--context", "local"},
			[]string{"0.yaml:4:5: resources.cpus:", `no value for context "local"`, `"far"`, "0.yaml:9:9: resources.any_of[0].labels:"}, 2},
		"an unknown context": {[]string{perCluster}, []string{"--context", "gone"},
			[]string{"gone", labContext, "local"}, 1},
		"an unknown context in the file": {[]string{"resources: {infra: k8s/gone}\nrun: echo\n"}, nil,
			[]string{"0.yaml:1:20: resources.infra:", `no context "gone"`, names}, 1},
		"another context than the file's": {[]string{forLab}, []string{"--context", "local"},
			[]string{"0.yaml:1:20: resources.infra:", `"` + labContext + `"`, `context "local" is given`}, 1},
		"another server than the file's": {[]string{forLab}, []string{"--server", "https://localhost:1"},
			[]string{"resources.infra:", labContext, "--server"}, 1},
		"files for two contexts": {[]string{forLab, "resources: {infra: k8s/local}\nrun: echo\n"}, nil,
			[]string{"one call goes to one cluster", names, "submit the files of each context separately"}, 1},
		"one for another context and one for any": {[]string{minimal, forLab}, nil,
			[]string{"0.yaml: this names no context", "1.yaml is for", "--context"}, 1},
		"one file for either": {[]string{"resources: {any_of: [{infra: k8s/local}, {infra: k8s/" + labContext + "}]}\nrun: echo\n"}, nil,
			[]string{"use --context to choose one of them"}, 1},
		"one wrong file of two": {[]string{minimal, perCluster}, nil, []string{"1.yaml:4:5: resources.cpus:"}, 1},
		"a list that is malformed": {[]string{"resources:\n  cpus:\n  - local: 1\n  - 2\n  - local: 3\nrun: echo\n"}, []string{"--context", "local"},
			[]string{"0.yaml:4:5: resources.cpus[1]:", "{context: value}", "0.yaml:5:5: resources.cpus[2]:", "already"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			args := append([]string{"submit", "-d"}, c.args...)
			for i, text := range c.files {
				args = append(args, p.file(string(rune('0'+i))+".yaml", text))
			}
			p.answersIn(p.vast(args...).exits(2).prints(c.says...), c.lines)
			if name != "another server than the file's" {
				p.answersIn(p.vast(append(args, "--dry-run=client")...).exits(2).prints(c.says...), c.lines)
			}
		})
	}
	t.Run("a volume of another context", func(t *testing.T) {
		p := p.in(t)
		r := p.vol("create", "-f", p.file("volume.yaml", volume), "--context", "local").exits(2)
		p.answersIn(r.prints("volume.yaml:3:8: infra:", labContext, `context "local" is given`), 1)
	})
	local.leftNothing(inLocal)
	lab.leftNothing(inLab)
}

func TestEveryCommandTakesAContext(t *testing.T) {
	t.Parallel()
	p := &person{TB: t, dir: t.TempDir(), kubeconfig: cluster.Kubeconfig()}
	for _, args := range [][]string{
		{"list"}, {"status", "x"}, {"logs", "x"}, {"wait", "x"}, {"stop", "x"}, {"delete", "x"},
		{"submit", p.file("task.yaml", minimal)}, {"auth", "whoami"}, {"version"},
	} {
		p.vast(append(args, "--context", "gone")...).prints(`context "gone" does not exist`)
	}
	for _, args := range [][]string{{"list"}, {"get", "x"}, {"status", "x"}, {"create", "x", "1Gi"}, {"delete", "x", "--yes"}} {
		p.vol(append(args, "--context", "gone")...).exits(2).prints(`context "gone" does not exist`)
	}
}

func TestContextsAreCompleted(t *testing.T) {
	t.Parallel()
	c := clientcmdapi.NewConfig()
	for _, name := range []string{labContext, "local", "my own cluster"} {
		c.Contexts[name] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u"}
	}
	p := &person{TB: t, dir: t.TempDir(), kubeconfig: writeKubeconfig(t, c)}
	const want = labContext + "\nlocal\nmy own cluster\n"
	for _, args := range [][]string{{"submit", "--context", ""}, {"list", "--context", ""}} {
		if got := p.vast(append([]string{"__complete"}, args...)...).exits(0).stdout; !strings.HasPrefix(got, want) {
			t.Errorf("%v: completes %q", args, got)
		}
	}
	if got := p.vol("__complete", "create", "--context=").exits(0).stdout; !strings.HasPrefix(got, want) {
		t.Errorf("kubectl vastvol completes %q", got)
	}
}
