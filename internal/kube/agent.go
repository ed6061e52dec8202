package kube

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// StoreEnv are the variables by which our own containers find the store: all
// of them from the Secret StoreName, none of them needed.
func StoreEnv() []corev1.EnvVar {
	var env []corev1.EnvVar
	for _, v := range []struct{ name, key string }{
		{EnvStoreEndpoint, StoreEndpoint}, {EnvStoreRegion, StoreRegion}, {EnvStoreBucket, StoreBucket},
		{EnvStoreAccessKey, StoreAccessKey}, {EnvStoreSecretKey, StoreSecretKey},
		{EnvStoreCA, StoreCA}, {EnvStorePolicy, StorePolicy},
	} {
		env = append(env, fromSecret(v.name, StoreName, v.key))
	}
	return env
}

// StoreReaderEnv are the variables by which our own containers that only read
// find the store: those of StoreEnv and the reader's credentials, which go before.
// A namespace that an older version set up has none of these.
func StoreReaderEnv() []corev1.EnvVar {
	return append(StoreEnv(), fromSecret(EnvStoreReaderKey, StoreReaderName, StoreAccessKey), fromSecret(EnvStoreReaderSecret, StoreReaderName, StoreSecretKey))
}

func fromSecret(variable, secret, key string) corev1.EnvVar {
	return corev1.EnvVar{Name: variable, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
		LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key, Optional: ptr.To(true)}}}
}

// The variables of StoreEnv and StoreReaderEnv.
const (
	EnvStoreEndpoint  = "VAST_STORE_ENDPOINT"
	EnvStoreRegion    = "VAST_STORE_REGION"
	EnvStoreBucket    = "VAST_STORE_BUCKET"
	EnvStoreAccessKey = "VAST_STORE_ACCESS_KEY_ID"
	EnvStoreSecretKey = "VAST_STORE_SECRET_ACCESS_KEY"
	EnvStoreCA        = "VAST_STORE_CA"
	EnvStorePolicy    = "VAST_STORE_BUCKET_POLICY"

	EnvStoreReaderKey    = "VAST_STORE_READER_ACCESS_KEY_ID"
	EnvStoreReaderSecret = "VAST_STORE_READER_SECRET_ACCESS_KEY" // a name
)

// IsAgentImage reports an image of our own repository, of whatever release.
func IsAgentImage(image string) bool {
	rest, ours := strings.CutPrefix(image, AgentImage)
	return ours && (rest == "" || rest[0] == ':' || rest[0] == '@')
}
