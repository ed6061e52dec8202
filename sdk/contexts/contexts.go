// Package contexts knows the kubeconfig's contexts and the values that a file
// gives for each of them.
package contexts
