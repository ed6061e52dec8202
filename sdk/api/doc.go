// Package api holds the values that cross the SDK's border: what a task or a
// volume is like now, what was asked for, and the errors that every call may
// return. The status types carry TypeMeta and ObjectMeta, so kubectl's
// printers (-o json, yaml, name, jsonpath ...) work on them although no custom
// resource is installed anywhere.
package api

import "k8s.io/apimachinery/pkg/runtime/schema"

// GroupVersion is what the status types carry as apiVersion.
var GroupVersion = schema.GroupVersion{Group: "kubevast.io", Version: "v1alpha1"}
