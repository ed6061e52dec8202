package api

import (
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TypeMeta returns the TypeMeta of T, a type of this package that is printed
// as an object: TypeMeta[CampaignList](). The kind is the name of T without
// "Status": a TaskStatus is a Task, a TaskStatusList a TaskList.
func TypeMeta[T any, P interface {
	*T
	runtime.Object
}]() metav1.TypeMeta {
	kind := strings.Replace(reflect.TypeFor[T]().Name(), "Status", "", 1)
	return metav1.TypeMeta{APIVersion: GroupVersion.String(), Kind: kind}
}
