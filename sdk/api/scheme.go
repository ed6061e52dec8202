package api

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The kinds of this package, as they stand in TypeMeta.
const (
	KindTask       = "Task"
	KindTaskList   = "TaskList"
	KindVolume     = "Volume"
	KindVolumeList = "VolumeList"

	KindQueue          = "Queue"
	KindQueueList      = "QueueList"
	KindQueuedTask     = "QueuedTask"
	KindQueuedTaskList = "QueuedTaskList"

	KindResult          = "Result"
	KindResultList      = "ResultList"
	KindDownloadReport  = "DownloadReport"
	KindCampaign        = "Campaign"
	KindCampaignList    = "CampaignList"
	KindCampaignCleanup = "CampaignCleanup"
	KindPrepareReport   = "PrepareReport"

	KindShareUpload = "ShareUpload"

	KindDoctorReport = "DoctorReport"

	KindCluster           = "Cluster"
	KindClusterConfig     = "ClusterConfig"
	KindClusterConfigList = "ClusterConfigList"
	KindClusterResize     = "ClusterResize"
	KindClusterCleanup    = "ClusterCleanup"
)

// TypeMeta returns the TypeMeta of one of this package's kinds.
func TypeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: GroupVersion.String(), Kind: kind}
}
