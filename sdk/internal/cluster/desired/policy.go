package desired

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/internal/store"
)

// sharedPrefix is for what people put into the bucket by hand, to name it as s3://
// in their tasks.
const sharedPrefix = "shared/"

// written are the prefixes of the bucket that the writer may write below.
var written = []string{layout.Inputs, layout.Tasks, layout.Dropped, layout.Runs, layout.Campaigns, layout.Index, layout.Archives, store.Probes, sharedPrefix}

type statement struct {
	Sid       string
	Effect    string
	Principal map[string][]string
	Action    []string
	Resource  []string
}

// BucketPolicy is the policy of the built-in store's bucket, as JSON. Readers list
// and get; the writer also puts and deletes, below our own prefixes. Neither may
// change the policy or remove the bucket.
func BucketPolicy(bucket string, writer, reader []byte) string {
	arn := "arn:aws:s3:::" + bucket
	both := map[string][]string{"AWS": {string(writer), string(reader)}}
	alone := map[string][]string{"AWS": {string(writer)}}
	var below []string
	for _, prefix := range written {
		below = append(below, arn+"/"+prefix+"*")
	}
	text, err := json.Marshal(struct {
		Version   string
		Statement []statement
	}{"2012-10-17", []statement{
		{"List", "Allow", both, []string{"s3:ListBucket", "s3:GetBucketLocation"}, []string{arn}},
		{"Get", "Allow", both, []string{"s3:GetObject"}, []string{arn + "/*"}},
		{"ListUploads", "Allow", alone, []string{"s3:ListBucketMultipartUploads"}, []string{arn}},
		{"Put", "Allow", alone, []string{"s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}, below},
	}})
	if err != nil {
		panic("desired: a policy has a JSON form: " + err.Error())
	}
	return string(text)
}

// storePolicy admits, of all pods, only those in which one of our containers
// uses the store. A port-forward of the API server ends in the pod itself, and
// the kubelet's probes come from its node: neither needs a rule.
func storePolicy(namespace string) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: StoreMeta(namespace),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: storeSelector(false)},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From:  []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{kube.LabelStoreClient: "true"}}}},
				Ports: []networkingv1.NetworkPolicyPort{{Protocol: ptr.To(corev1.ProtocolTCP), Port: ptr.To(intstr.FromInt32(storePort))}},
			}},
		},
	}
}
