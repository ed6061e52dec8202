package kube

// KueueVersion is the version of Kueue that setup installs: that of the client in
// go.mod, of the chart and of the image.
const KueueVersion = "0.16.1"

// ChartEmbedded names the chart in this program, as the source of Kueue's chart.
const ChartEmbedded = "embedded"

// The label and its value of the Helm releases that setup made.
const (
	LabelRelease      = Prefix + "made-by"
	LabelReleaseSetup = "cluster-setup"
)
