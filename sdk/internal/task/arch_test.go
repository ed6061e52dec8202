package task

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func archNode(name, arch string) corev1.Node {
	return corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelArchStable: arch}}}
}

func TestAnArchitectureThatNoNodeHasIsReported(t *testing.T) {
	amd, arm, s390 := archNode("a", "amd64"), archNode("b", "arm64"), archNode("c", "s390x")
	unlabelled := corev1.Node{Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{Architecture: "arm64"}}}
	for name, tt := range map[string]struct {
		nodes []corev1.Node
		arch  []string
		want  string
	}{
		"none is required":           {[]corev1.Node{amd}, nil, ""},
		"a node has it":              {[]corev1.Node{amd, arm}, []string{"arm64"}, ""},
		"a node has one of them":     {[]corev1.Node{amd}, []string{"arm64", "amd64"}, ""},
		"a node without the label":   {[]corev1.Node{amd, unlabelled}, []string{"arm64"}, ""},
		"no node has it":             {[]corev1.Node{amd, amd}, []string{"arm64"}, "no node of the cluster has the architecture arm64; they have amd64"},
		"no node has any of them":    {[]corev1.Node{s390, amd}, []string{"arm64", "ppc64le"}, "no node of the cluster has the architecture arm64 or ppc64le; they have amd64 and s390x"},
		"the nodes may not be read":  {nil, []string{"arm64"}, ""},
		"the other node is the last": {[]corev1.Node{s390, amd, arm}, []string{"arm64"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, lacksArch(tt.nodes, tt.arch)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheArchitectureOfATaskIsThatOfItsPodsNodes(t *testing.T) {
	pod := func(job, node string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{batchv1.JobNameLabel: job}}, Spec: corev1.PodSpec{NodeName: node}}
	}
	nodes := []corev1.Node{archNode("a", "amd64"), archNode("b", "arm64")}
	pods := []corev1.Pod{pod("one", "a"), pod("both", "b"), pod("both", "a"), pod("both", "b"), pod("pending", ""), pod("lost", "gone")}
	if diff := cmp.Diff(map[string]string{"one": "amd64", "both": "amd64,arm64"}, archOfJobs(pods, nodes)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
