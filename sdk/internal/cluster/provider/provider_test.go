package provider

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
)

// says checks that an error is an InvalidSpecError of exactly these problems, each
// by its beginning.
func says(t *testing.T, err error, problems ...string) {
	t.Helper()
	var invalid *api.InvalidSpecError
	if !errors.As(err, &invalid) {
		t.Fatalf("error is %v, not InvalidSpec", err)
	}
	if len(invalid.Problems) != len(problems) {
		t.Errorf("%d problems, want %d:\n%v", len(invalid.Problems), len(problems), err)
	}
	for _, p := range problems {
		if !strings.Contains("\n"+err.Error(), "\n"+p) {
			t.Errorf("no problem begins with %q:\n%v", p, err)
		}
	}
}

func TestRecognise(t *testing.T) {
	withProvider := func(id string) corev1.Node { return corev1.Node{Spec: corev1.NodeSpec{ProviderID: id}} }
	withLabel := func(key, value string) corev1.Node {
		return corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{key: value}}}
	}
	rke2Kubelet := corev1.Node{Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.33.4+rke2r1"}}}
	for name, tc := range map[string]struct {
		nodes []corev1.Node
		want  string
	}{
		"kind":                           {[]corev1.Node{withProvider("kind://docker/vast/vast-worker")}, "kind"},
		"GKE by its provider":            {[]corev1.Node{withProvider("gce://project/europe-west4-a/node")}, "gcp"},
		"GKE by its pool":                {[]corev1.Node{withLabel("cloud.google.com/gke-nodepool", "main")}, "gcp"},
		"AKS":                            {[]corev1.Node{withProvider("azure:///subscriptions/x")}, "azure"},
		"minikube":                       {[]corev1.Node{withLabel("minikube.k8s.io/name", "minikube")}, "minikube"},
		"RKE2 by its instance type":      {[]corev1.Node{withLabel("node.kubernetes.io/instance-type", "rke2")}, "rke2"},
		"RKE2 by its kubelet":            {[]corev1.Node{rke2Kubelet}, "rke2"},
		"the most nodes decide":          {[]corev1.Node{withProvider("kind://a"), rke2Kubelet, rke2Kubelet}, "rke2"},
		"one node of many is recognised": {[]corev1.Node{{}, {}, withProvider("azure://x")}, "azure"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Recognize(tc.nodes)
			if err != nil || c.Name != tc.want {
				t.Errorf("recognised as %v, %v; want %s", c, err, tc.want)
			}
		})
	}
	_, err := Recognize([]corev1.Node{{}, withProvider("aws:///eu-central-1a/i-1")})
	says(t, err, "the nodes do not show which config this cluster needs; name one of azure, gcp, kind, minikube, rke2")
}

func TestOptionsOfAConfig(t *testing.T) {
	for name, tc := range map[string]struct {
		config          *Config
		given, recorded map[string]string
		want            map[string]string
		problems        []string
	}{
		"the defaults": {config: &GCP, want: map[string]string{"storage_size": "10Gi", "disk_type": "pd-standard"}},
		"what is recorded stays, what is given goes before": {config: &GCP,
			recorded: map[string]string{"storage_size": "50Gi", "disk_type": "pd-ssd"}, given: map[string]string{"storage_size": "60Gi"},
			want: map[string]string{"storage_size": "60Gi", "disk_type": "pd-ssd"}},
		"an option of another config's record is forgotten": {config: &Kind, recorded: map[string]string{"disk_type": "pd-ssd"},
			want: map[string]string{"storage_size": ""}},
		"every problem at once": {config: &GCP, given: map[string]string{"disk_type": "floppy", "storage_size": "big", "color": "red"},
			problems: []string{`Options color: config gcp has no such option; it has storage_size, disk_type`,
				`Options disk_type: "floppy" is not one of pd-standard, pd-ssd, pd-balanced`,
				`Options storage_size: "big" is not a size`}},
		"a size of nothing": {config: &RKE2, given: map[string]string{"storage_size": "0"},
			problems: []string{`Options storage_size: "0" is not a size`}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tc.config.Values(tc.given, tc.recorded)
			if len(tc.problems) > 0 {
				says(t, err, tc.problems...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

// A default must be a value that its own option takes.
func TestEveryConfigIsComplete(t *testing.T) {
	for _, c := range configs {
		if c.Name == "" || c.Description == "" || c.Recognized == "" || c.Matches == nil {
			t.Errorf("config %+v lacks something", c)
		}
		for _, o := range c.Options {
			if err := o.check(o.Default); err != nil {
				t.Errorf("config %s: the default of %s: %v", c.Name, o.Name, err)
			}
		}
	}
}
