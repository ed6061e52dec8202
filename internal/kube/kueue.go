package kube

// KueueVersion is the version of Kueue that setup installs: that of the client in
// go.mod, of the chart and of the image.
const KueueVersion = "0.16.1"
