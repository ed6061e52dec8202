// Package helm is the one place that knows Helm's SDK.
package helm

import _ "helm.sh/helm/v3/pkg/action"
