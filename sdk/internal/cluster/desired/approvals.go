package desired

import (
	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
)

// Approvals returns the ValidatingAdmissionPolicy that binds the user and the groups of an
// approval (package record) to those of the request that creates it, and its binding. They
// cover all namespaces. The label selects an object that has it before or after an update, so
// that it can be neither added to an object of other content nor removed.
func Approvals() []runtime.Object {
	meta := metav1.ObjectMeta{Name: kube.ApprovalsName, Labels: Labels(ComponentShared)}
	version := admissionv1.SchemeGroupVersion.String()
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{kube.LabelKind: kube.KindApproval}}
	refused := ptr.To(metav1.StatusReasonForbidden)
	return []runtime.Object{
		&admissionv1.ValidatingAdmissionPolicy{
			TypeMeta: metav1.TypeMeta{APIVersion: version, Kind: "ValidatingAdmissionPolicy"}, ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicySpec{
				FailurePolicy: ptr.To(admissionv1.Fail),
				MatchConstraints: &admissionv1.MatchResources{
					ObjectSelector: selector, NamespaceSelector: &metav1.LabelSelector{}, MatchPolicy: ptr.To(admissionv1.Equivalent),
					ResourceRules: []admissionv1.NamedRuleWithOperations{{RuleWithOperations: admissionv1.RuleWithOperations{
						Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
						Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"},
							Scope: ptr.To(admissionv1.NamespacedScope)},
					}}},
				},
				Validations: []admissionv1.Validation{
					{
						Expression: "request.operation != 'CREATE' || (has(object.data) && 'user' in object.data && object.data['user'] == request.userInfo.username)",
						Message:    "the user of an approval must be the user who creates it", Reason: refused,
					},
					{
						Expression: "request.operation != 'CREATE' || (has(object.data) && 'groups' in object.data && (object.data['groups'] == '' || " +
							"(has(request.userInfo.groups) && object.data['groups'].split('\\n').all(g, g in request.userInfo.groups))))",
						Message: "the groups of an approval must be groups of the user who creates it", Reason: refused,
					},
					{
						Expression: "request.operation != 'CREATE' || (has(object.immutable) && object.immutable)",
						Message:    "an approval must be immutable", Reason: refused,
					},
					{
						Expression: "request.operation != 'UPDATE' || (has(object.metadata.labels) && has(oldObject.metadata.labels) && " +
							"object.metadata.labels == oldObject.metadata.labels && has(object.data) && has(oldObject.data) && object.data == oldObject.data)",
						Message: "an approval cannot be changed", Reason: refused,
					},
				},
			},
		},
		&admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta: metav1.TypeMeta{APIVersion: version, Kind: "ValidatingAdmissionPolicyBinding"}, ObjectMeta: meta,
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: kube.ApprovalsName,
				ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny}},
		},
	}
}
