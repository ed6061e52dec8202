// Command provisioner makes the volumes of the test cluster's default StorageClass:
// a directory on the node that the scheduler chose, as kind's stock cluster does
// through local-path-provisioner. It runs on every node and looks after the volumes
// of its own one, so that nothing has to be started elsewhere to make a directory.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

func main() {
	name := flag.String("name", "kubevast.io/host-path", "name of the provisioner in the StorageClass")
	root := flag.String("root", "/var/local-path-provisioner", "directory that holds the volumes, on the node and in the container")
	node := flag.String("node", os.Getenv("NODE_NAME"), "node whose volumes to look after")
	klog.InitFlags(nil)
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config, err := rest.InClusterConfig()
	if err != nil {
		klog.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		klog.Fatal(err)
	}
	controller.NewProvisionController(ctx, client, *name, &hostPath{root: *root, node: *node},
		controller.LeaderElection(false), // each node has its own share of the work
	).Run(ctx)
}
