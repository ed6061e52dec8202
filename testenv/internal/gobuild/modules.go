package gobuild

import "github.com/kubevast/vast/internal/kube"

// Versions that names and manifests repeat; the go.mod of each module pins them.
const (
	KubernetesVersion = "v1.36.3"
	ContainerdVersion = "v2.1.4"
	KueueVersion      = "v" + kube.KueueVersion
	VersityVersion    = "v1.8.0"
	MinIOVersion      = "2026-02-12" // its last; no tag has a module
	SeaweedFSVersion  = "4.53"
	RcloneVersion     = "v1.76.0"
	FakeGCSVersion    = "v1.56.1"
)

const (
	kubeVersion       = "k8s.io/component-base/version"
	containerdModule  = "github.com/containerd/containerd/v2"
	containerdProgram = containerdModule + "/cmd/"
)

// The modules, with the time a cold build takes on two cores.
var (
	Kubernetes = Module{
		Name:     "kubernetes",
		Programs: map[string]string{"kubernetes": "."},
		LDFlags: "-X " + kubeVersion + ".gitVersion=" + KubernetesVersion +
			" -X " + kubeVersion + ".gitMajor=1 -X " + kubeVersion + ".gitMinor=36",
		Why: "Kubernetes " + KubernetesVersion + ", all components; about 6 minutes",
	}
	Etcd = Module{
		Name:     "etcd",
		Programs: map[string]string{"etcd": "."},
		Why:      "the API server's database; half a minute",
	}
	CoreDNS = Module{
		Name:     "coredns",
		Programs: map[string]string{"coredns": "."},
		Why:      "the cluster's DNS; about a minute",
	}
	Containerd = Module{
		Name: "containerd",
		Programs: map[string]string{
			"containerd":              containerdProgram + "containerd",
			"containerd-shim-runc-v2": containerdProgram + "containerd-shim-runc-v2",
			"ctr":                     containerdProgram + "ctr",
		},
		Tags:    "no_btrfs no_devmapper no_zfs no_aufs",
		LDFlags: "-X " + containerdModule + "/version.Version=" + ContainerdVersion,
		Why:     "the nodes' container runtime; about a minute",
	}
	Provisioner = Module{
		Name:     "provisioner",
		Programs: map[string]string{"provisioner": "."},
		Why:      "volumes for the default StorageClass; about 1.5 minutes",
	}
	Kueue = Module{
		Name:     "kueue",
		Programs: map[string]string{"manager": "sigs.k8s.io/kueue/cmd/kueue"},
		Why:      "Kueue " + KueueVersion + ", the queue; about 3 minutes",
	}
	NetworkPolicy = Module{
		Name:     "networkpolicy",
		Programs: map[string]string{"networkpolicy": "."},
		Why:      "what enforces NetworkPolicies; half a minute",
	}
	VersityGW = Module{
		Name:     "versitygw",
		Programs: map[string]string{"versitygw": "github.com/versity/versitygw/cmd/versitygw"},
		LDFlags:  "-X main.Version=" + VersityVersion,
		Why:      "the S3 server that cluster setup installs; about 1.5 minutes",
	}
	MinIO = Module{
		Name:     "minio",
		Programs: map[string]string{"minio": "github.com/minio/minio"},
		Why:      "MinIO of " + MinIOVersion + ", for the test of the stores; about 3 minutes",
	}
	SeaweedFS = Module{
		Name:     "seaweedfs",
		Programs: map[string]string{"weed": "github.com/seaweedfs/seaweedfs/weed"},
		Why:      "SeaweedFS " + SeaweedFSVersion + ", for the test of the stores; about 5 minutes",
	}
	Rclone = Module{
		Name:     "rclone",
		Programs: map[string]string{"rclone": "."},
		LDFlags:  "-X github.com/rclone/rclone/fs.Version=" + RcloneVersion,
		Why:      "rclone " + RcloneVersion + " with serve s3, sftp and webdav, for the tests of the stores and of the shares; half a minute",
	}
	FakeGCS = Module{
		Name:     "fakegcs",
		Programs: map[string]string{"fake-gcs-server": "github.com/fsouza/fake-gcs-server"},
		Why:      "fake-gcs-server " + FakeGCSVersion + ", for the tests of the shares; about a minute",
	}
	Krew = Module{
		Name: "krew",
		Programs: map[string]string{
			"kubectl-krew":           "sigs.k8s.io/krew/cmd/krew",
			"validate-krew-manifest": "sigs.k8s.io/krew/cmd/validate-krew-manifest",
		},
		Why: "krew, for the test of the installation; half a minute",
	}
	RuntimeWrapper = Module{
		Name:     "runtimewrapper",
		Sources:  []string{"cmd/runtimewrapper", "internal/ociwrap"},
		Programs: map[string]string{"runtimewrapper": "./cmd/runtimewrapper"},
		Why:      "lets Docker run on a host without CAP_SYS_RESOURCE; a second",
	}
)
