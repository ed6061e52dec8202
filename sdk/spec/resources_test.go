package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
)

func cpus(s string, atLeast bool) *Amount {
	return &Amount{Quantity: resource.MustParse(s), AtLeast: atLeast}
}

func acc(name string, count float64) *Accelerator { return &Accelerator{Name: name, Count: count} }

func TestResourcesBecomeCandidates(t *testing.T) {
	prio := int32(-5)
	tests := map[string]struct {
		file string
		in   Inputs
		want []Resources
	}{
		"an amount is a limit, with a plus only a request": {
			file: "{cpus: 4, memory: 16+}",
			want: []Resources{{CPUs: cpus("4", false), Memory: cpus("16Gi", true)}},
		},
		"k8s-cli's forms": {
			file: `{cpus: "500m", memory: "512Mi", accelerators: "1"}`,
			want: []Resources{{CPUs: cpus("500m", false), Memory: cpus("512Mi", false), Accelerator: acc("", 1)}},
		},
		"numbers as YAML writes them": {
			file: `{cpus: 1.5, memory: 1e1, accelerators: 2}`,
			want: []Resources{{CPUs: cpus("1500m", false), Memory: cpus("10Gi", false), Accelerator: acc("", 2)}},
		},
		"memory per CPU": {
			file: `{cpus: 4, memory: 2x+}`,
			want: []Resources{{CPUs: cpus("4", false), Memory: cpus("8Gi", true)}},
		},
		"everything that one candidate can have": {
			file: `{infra: k8s/gke_a/b, ephemeral_storage: 10, image_id: "docker:ubuntu:22.04", ports: [8080, 8000-8010, "22"], labels: {a: b}, priority: -5}`,
			want: []Resources{{
				Context: "gke_a/b", EphemeralStorage: cpus("10Gi", false), Image: "ubuntu:22.04", Priority: &prio,
				Ports: []Port{{8080, 8080}, {8000, 8010}, {22, 22}}, Labels: map[string]string{"a": "b"},
			}},
		},
		"the old spelling of a context": {
			file: `{cloud: Kubernetes, region: ctx}`,
			want: []Resources{{Context: "ctx"}},
		},
		"a mapping of one accelerator": {
			file: `{gpus: {H100: 8}}`,
			want: []Resources{{Accelerator: acc("H100", 8)}},
		},
		"a set of accelerators, each a candidate": {
			file: `{accelerators: {"A100:1", V100}}`,
			want: []Resources{{Accelerator: acc("A100", 1)}, {Accelerator: acc("V100", 1)}},
		},
		"a list of accelerators, the best first": {
			file: `{accelerators: [H100, "A100:8"], priority_class: high}`,
			want: []Resources{
				{Accelerator: acc("H100", 1), PriorityClass: "high"},
				{Accelerator: acc("A100", 8), PriorityClass: "high"},
			},
		},
		"any_of overrides what is outside, labels are merged": {
			file: `{cpus: 2, infra: k8s/a, labels: {x: "1", y: "1"}, any_of: [{accelerators: H100}, {cpus: 8+, infra: k8s/b, labels: {y: "2"}}]}`,
			want: []Resources{
				{CPUs: cpus("2", false), Context: "a", Labels: map[string]string{"x": "1", "y": "1"}, Accelerator: acc("H100", 1)},
				{CPUs: cpus("8", true), Context: "b", Labels: map[string]string{"x": "1", "y": "2"}},
			},
		},
		"a set outside and any_of inside multiply": {
			file: `{accelerators: {A, B}, any_of: [{cpus: 1}, {cpus: 2, accelerators: C}]}`,
			want: []Resources{
				{CPUs: cpus("1", false), Accelerator: acc("A", 1)},
				{CPUs: cpus("1", false), Accelerator: acc("B", 1)},
				{CPUs: cpus("2", false), Accelerator: acc("C", 1)},
			},
		},
		"candidates that differ in the cloud only are one": {
			file: `{cpus: 1, ordered: [{infra: aws}, {infra: gcp}]}`,
			want: []Resources{{CPUs: cpus("1", false)}},
		},
		"the command line overrides every candidate": {
			file: `{cpus: 1, any_of: [{accelerators: A}, {accelerators: B}]}`,
			in:   Inputs{CPUs: "2+", Memory: "1g", GPUs: "H100:2", Image: "docker:alpine"},
			want: []Resources{{CPUs: cpus("2", true), Memory: cpus("1Gi", false), Accelerator: acc("H100", 2), Image: "alpine"}},
		},
		"of images by region the one for no region": {
			file: `{image_id: {us-east-1: "docker:a", null: "docker:b"}}`,
			want: []Resources{{Image: "b"}},
		},
		"of images by region the only container image": {
			file: `{image_id: {us-west-2: "skypilot:gpu-ubuntu-2004", docker: "ubuntu:22.04"}}`,
			want: []Resources{{Image: "ubuntu:22.04"}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := mustTask(t, "run: x\nresources: "+tt.file+"\n", tt.in).Resources
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("candidates (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestImagesOfCloudsAreIgnored(t *testing.T) {
	for _, image := range []string{
		"ami-0868a20f5a3bf9702", "skypilot:gpu-ubuntu-2204", "projects/deeplearning-platform/global/images/x",
		"ocid1.image.oc1.iad.aaaa", "microsoft-dsvm:ubuntu-hpc:2204:latest", "{us-east-1: ami-00a, us-east-2: ami-00b}",
	} {
		task := mustTask(t, "run: x\nresources:\n  image_id: "+image+"\n", Inputs{})
		if task.Resources[0].Image != "" || len(task.Ignored) == 0 {
			t.Errorf("%s: image %q, ignored %q", image, task.Resources[0].Image, task.Ignored)
		}
	}
}

func TestWrongResourcesAreRefused(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"accelerators and gpus": {
			"{accelerators: A, gpus: A}",
			"task.yaml:2:30: resources.gpus: means the same as accelerators; give one of them",
		},
		"any_of and ordered": {
			"{any_of: [{cpus: 1}], ordered: [{cpus: 1}]}",
			"task.yaml:2:34: resources.ordered: any_of and ordered cannot both be given",
		},
		"any_of inside any_of": {
			"{any_of: [{any_of: []}]}",
			"task.yaml:2:23: resources.any_of[0].any_of: cannot stand inside any_of or ordered",
		},
		"an empty any_of": {
			"{any_of: []}",
			"task.yaml:2:21: resources.any_of: is empty; give at least one candidate, or leave it out",
		},
		"a list of accelerators with any_of": {
			"{accelerators: [A, B], any_of: [{cpus: 1}]}",
			"task.yaml:2:27: resources.accelerators: a list of accelerators cannot be combined with any_of; put one into each entry",
		},
		"several accelerators with ordered": {
			"{accelerators: {A, B}, ordered: [{cpus: 1}]}",
			"task.yaml:2:27: resources.accelerators: several accelerators cannot be combined with ordered; put one into each entry",
		},
		"several accelerators in an entry": {
			"{any_of: [{accelerators: {A, B}}]}",
			"task.yaml:2:37: resources.any_of[0].accelerators: an entry has one kind of accelerator; write an entry for each",
		},
		"priority and priority_class": {
			"{priority: 1, priority_class: a}",
			"task.yaml:2:26: resources.priority_class: excludes priority; give one of them",
		},
		"priority outside and priority_class inside": {
			"{priority: 1, any_of: [{priority_class: a}]}",
			"task.yaml:2:36: resources.any_of[0].priority_class: excludes priority (line 2); give one of them",
		},
		"infra and its old parts": {
			"{infra: k8s, cloud: kubernetes, region: a}",
			lines("task.yaml:2:25: resources.cloud: is a part of infra, which is given too; give one of them",
				"task.yaml:2:44: resources.region: is a part of infra, which is given too; give one of them"),
		},
		"no cloud": {
			"{infra: kubernets/a}",
			`task.yaml:2:20: resources.infra: "kubernets/a" is no infrastructure; write "k8s" or "k8s/<context>"; did you mean "kubernetes"?`,
		},
		"a cloud with too many parts": {
			"{infra: aws/a/b/c}",
			`task.yaml:2:20: resources.infra: "aws/a/b/c" is no infrastructure: behind the cloud there can be a region and a zone`,
		},
		"an image in upper case": {
			"{image_id: 'docker:Ubuntu'}",
			`task.yaml:2:23: resources.image_id: "docker:Ubuntu" is not a container image: the repository must be in lower case`,
		},
		"no image": {
			"{image_id: 'a b'}",
			`task.yaml:2:23: resources.image_id: "a b" is not a container image; write [registry/]repository[:tag][@digest], for example "python:3.13-slim"`,
		},
		"a number of accelerators that is none": {
			"{accelerators: {A: x, 'B:1': 2, C: 0}}",
			lines("task.yaml:2:31: resources.accelerators.A: must be the number of accelerators, not the text \"x\"",
				"task.yaml:2:34: resources.accelerators[B:1]: two numbers of accelerators; write {B: 2}",
				"task.yaml:2:47: resources.accelerators.C: the number of accelerators must be above 0, not 0"),
		},
		"labels that Kubernetes would refuse": {
			"{labels: {'a b': x, ok: 'a b', kubevast.io/user: me, n: 1}}",
			lines(`task.yaml:2:22: resources.labels[a b]: not the name of a label: at most 63 letters, digits, "-", "_" and ".", which begin and end with a letter or digit, behind an optional "domain/"`,
				`task.yaml:2:36: resources.labels.ok: "a b" is not the value of a label: at most 63 letters, digits, "-", "_" and ".", which begin and end with a letter or digit`,
				`task.yaml:2:43: resources.labels[kubevast.io/user]: labels of kubevast.io/ are set by kubevast and cannot be given`,
				`task.yaml:2:68: resources.labels.n: must be text, not the number 1; write it in quotes: "1"`),
		},
		"ports": {
			"{ports: [0, 70000, 9-8, x, [1]]}",
			lines(`task.yaml:2:21: resources.ports[0]: a port is a number from 1 to 65535, not 0`,
				`task.yaml:2:24: resources.ports[1]: a port is a number from 1 to 65535, not 70000`,
				`task.yaml:2:31: resources.ports[2]: the range 9-8 ends before it begins`,
				`task.yaml:2:36: resources.ports[3]: "x" is not a port; write 8080 or a range, "8000-8010"`,
				`task.yaml:2:39: resources.ports[4]: must be a port, a range ("8000-8010") or a list of them, not a list`),
		},
		"memory per CPU without CPUs": {
			"{memory: 4x}",
			`task.yaml:2:21: resources.memory: "4x" is memory per CPU, but no cpus are given`,
		},
		"bytes where GB are meant": {
			"{memory: 4294967296}",
			`task.yaml:2:21: resources.memory: "4294967296" without a unit is in GB, and that is more than any node has; write 16 (GB), "512Mi", "2g", or "16+" for at least 16 GB`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, problems(t, "run: x\nresources: "+tt.file+"\n", Inputs{})); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}
