package queue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	kueue "sigs.k8s.io/kueue/apis/kueue/v1beta2"
)

func TestOnlyWhatTheQuotaCanNeverGiveIsRefused(t *testing.T) {
	twoFlavors := clusterQueue(t, eight)
	flavor := *twoFlavors.Spec.ResourceGroups[0].Flavors[0].DeepCopy()
	flavor.Name, flavor.Resources[0].NominalQuota, flavor.Resources[1].NominalQuota = "g", resource.MustParse("64"), resource.MustParse("1Gi")
	twoFlavors.Spec.ResourceGroups[0].Flavors = append(twoFlavors.Spec.ResourceGroups[0].Flavors, flavor)
	cohort := clusterQueue(t, eight)
	cohort.Spec.CohortName = "all"
	limited := cohort.DeepCopy()
	limited.Spec.ResourceGroups[0].Flavors[0].Resources[0].BorrowingLimit = ptr.To(resource.MustParse("4"))
	pods := clusterQueue(t, `{metadata: {name: small}, spec: {resourceGroups: [{coveredResources: [cpu, pods],
		flavors: [{name: f, resources: [{name: cpu, nominalQuota: 8}, {name: pods, nominalQuota: 3}]}]}]}}`)
	for name, c := range map[string]struct {
		cq   *kueue.ClusterQueue
		pods int
		per  corev1.ResourceList
		want []string
	}{
		"all of it fits, whatever runs": {clusterQueue(t, eight), 4, needs("cpu", "2", "memory", "4Gi"), nil},
		"too much in all": {clusterQueue(t, eight), 4, needs("cpu", "4"),
			[]string{"needs 16 CPU in all (4 nodes x 4), the quota of big is 8"}},
		"every resource is reported": {clusterQueue(t, eight), 1, needs("memory", "17Gi", "cpu", "8500m", "nvidia.com/gpu", "1"), []string{
			"needs 8.5 CPU in all, the quota of big is 8", "needs 17Gi memory in all, the quota of big is 16Gi",
			"needs 1 nvidia.com/gpu, ClusterQueue big has no quota for it"}},
		"a little too much":                      {clusterQueue(t, eight), 1, needs("memory", "16777217Ki"), []string{"needs 16777217Ki memory in all, the quota of big is 16Gi"}},
		"another flavor has room":                {twoFlavors, 1, needs("cpu", "64", "memory", "1Gi"), nil},
		"no flavor has room for all at once":     {twoFlavors, 1, needs("cpu", "64", "memory", "2Gi"), []string{"needs 2Gi memory in all, the quota of big is 1Gi"}},
		"of a cohort that cannot be seen":        {cohort, 1, needs("cpu", "64"), nil},
		"a cohort lends up to a limit":           {limited, 1, needs("cpu", "12"), nil},
		"a cohort does not lend beyond it":       {limited, 1, needs("cpu", "13"), []string{"needs 13 CPU in all, the quota of big with all that it may borrow in cohort all is 12"}},
		"a quota for pods counts":                {pods, 4, needs("cpu", "1"), []string{"needs 4 pods in all, the quota of small is 3"}},
		"nothing of a resource is no need of it": {clusterQueue(t, eight), 1, needs("nvidia.com/gpu", "0"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, quotaProblems(c.cq, nil, &Demand{Pods: c.pods, PerPod: c.per})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnlyWhatNoNodeHoldsIsRefused(t *testing.T) {
	machine := func(change func(*corev1.Node), has ...string) corev1.Node {
		n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"disk": "ssd"}}}
		n.Status.Allocatable = needs(has...)
		if change != nil {
			change(&n)
		}
		return n
	}
	cordoned := machine(func(n *corev1.Node) { n.Spec.Unschedulable = true }, "cpu", "64", "memory", "512Gi")
	master := machine(func(n *corev1.Node) {
		n.Spec.Taints = []corev1.Taint{{Key: "node-role.kubernetes.io/control-plane", Effect: corev1.TaintEffectNoSchedule}}
	}, "cpu", "64", "memory", "512Gi")
	tainted := machine(func(n *corev1.Node) {
		n.Spec.Taints = []corev1.Taint{{Key: "nvidia.com/gpu", Effect: corev1.TaintEffectNoSchedule}, {Key: "node.kubernetes.io/not-ready", Effect: corev1.TaintEffectNoExecute}}
	}, "cpu", "8", "memory", "30Gi", "nvidia.com/gpu", "8")
	broad, tall := machine(nil, "cpu", "16", "memory", "8Gi"), machine(nil, "cpu", "4", "memory", "30Gi")
	for name, c := range map[string]struct {
		machines []corev1.Node
		pods     int
		per      corev1.ResourceList
		selector map[string]string
		want     []string
	}{
		"it fits":                    {[]corev1.Node{broad, tall}, 1, needs("cpu", "16", "memory", "8Gi"), nil, nil},
		"too much for each node":     {[]corev1.Node{broad, tall}, 2, needs("memory", "64Gi"), nil, []string{"each node needs 64Gi memory, the largest machine has 30Gi"}},
		"a device that is nowhere":   {[]corev1.Node{broad}, 1, needs("nvidia.com/gpu", "1"), nil, []string{"the node needs 1 nvidia.com/gpu, the largest machine has none"}},
		"no node has both":           {[]corev1.Node{broad, tall}, 1, needs("cpu", "16", "memory", "30Gi"), nil, []string{"the node needs 16 CPU and 30Gi memory, and no machine has all of that"}},
		"a cordoned one is no help":  {[]corev1.Node{broad, cordoned}, 1, needs("cpu", "32"), nil, []string{"the node needs 32 CPU, the largest machine has 16"}},
		"the cluster's own is none":  {[]corev1.Node{broad, master}, 1, needs("cpu", "32"), nil, []string{"the node needs 32 CPU, the largest machine has 16"}},
		"taints of devices may pass": {[]corev1.Node{broad, tainted}, 1, needs("nvidia.com/gpu", "8"), nil, nil},
		"none match, one may come":   {[]corev1.Node{broad}, 1, needs("cpu", "64"), map[string]string{"disk": "nvme"}, nil},
		"none are seen":              {nil, 1, needs("cpu", "64"), nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := machineProblems(c.machines, &Demand{Pods: c.pods, PerPod: c.per, Pod: &corev1.PodSpec{NodeSelector: c.selector}})
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
