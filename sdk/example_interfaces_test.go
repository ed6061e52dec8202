package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/sdktest"
)

// The examples use a double instead of sdk.New, so that they need no cluster.

// Stop the tasks that have not started yet.
func ExampleTask() {
	var client sdk.Interface = &sdktest.Client{Task: sdktest.Tasks{
		OnList: func(context.Context, api.TaskListOptions) (*api.TaskStatusList, error) {
			return &api.TaskStatusList{Items: []api.TaskStatus{{ID: "x7k2m9qa", State: api.Queued}}}, nil
		},
		OnStop: func(_ context.Context, ref string, _ api.TaskStopOptions) (*api.TaskStatus, error) {
			return &api.TaskStatus{ID: ref, State: api.Stopped}, nil
		},
	}}
	ctx := context.Background()

	list, err := client.Tasks().List(ctx, api.TaskListOptions{States: []api.State{api.Queued, api.Pending}})
	if err != nil {
		log.Fatal(err)
	}
	for i := range list.Items {
		stopped, err := client.Tasks().Stop(ctx, list.Items[i].ID, api.TaskStopOptions{})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(stopped.ID, stopped.State)
	}
	// Output: x7k2m9qa Stopped
}

// Delete a volume unless a task uses it.
func ExampleVolume() {
	var client sdk.Interface = &sdktest.Client{Volume: sdktest.Volumes{
		OnDelete: func(context.Context, string, api.VolumeDeleteOptions) (*api.VolumeStatus, error) {
			return nil, &api.ConflictError{Message: `volume "data" is in use by train-x7k2m9qa`}
		},
	}}

	_, err := client.Volumes().Delete(context.Background(), "data", api.VolumeDeleteOptions{Wait: true})
	switch {
	case api.IsConflict(err):
		fmt.Println("kept:", err)
	case err != nil:
		log.Fatal(err)
	}
	// Output: kept: volume "data" is in use by train-x7k2m9qa
}

// Print the queues that do not admit work.
func ExampleQueue() {
	var client sdk.Interface = &sdktest.Client{Queue: sdktest.Queues{
		OnList: func(context.Context, api.QueueListOptions) (*api.QueueStatusList, error) {
			return &api.QueueStatusList{Items: []api.QueueStatus{
				{ObjectMeta: metav1.ObjectMeta{Name: "vast"}, State: api.QueueActive},
				{ObjectMeta: metav1.ObjectMeta{Name: "night"}, State: api.QueueHeld, Reason: "it is on hold"},
			}}, nil
		},
	}}

	list, err := client.Queues().List(context.Background(), api.QueueListOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for i := range list.Items {
		if q := &list.Items[i]; q.State != api.QueueActive {
			fmt.Printf("%s: %s\n", q.Name, q.Reason)
		}
	}
	// Output: night: it is on hold
}

// Follow a campaign until it has ended.
func ExampleCampaign() {
	var client sdk.Interface = &sdktest.Client{Campaign: sdktest.Campaigns{
		OnWatch: func(context.Context, api.CampaignListOptions) iter.Seq2[*api.CampaignList, error] {
			return func(yield func(*api.CampaignList, error) bool) {
				for done, state := range []api.CampaignState{api.CampaignRunning, api.CampaignRunning, api.CampaignSucceeded} {
					one := api.Campaign{ID: "sweep-2026-11-21-101500", State: state, Runs: api.RunCounts{Total: 2, Succeeded: done}}
					if !yield(&api.CampaignList{Items: []api.Campaign{one}}, nil) {
						return
					}
				}
			}
		},
	}}

	for list, err := range client.Campaigns().Watch(context.Background(), api.CampaignListOptions{Refs: []string{"@latest"}}) {
		if err != nil {
			log.Fatal(err)
		}
		ended := true
		for _, c := range list.Items {
			fmt.Printf("%s: %d of %d runs\n", c.State, c.Runs.Done(), c.Runs.Total)
			ended = ended && c.State.Ended()
		}
		if ended {
			break
		}
	}
	// Output:
	// Running: 0 of 2 runs
	// Running: 1 of 2 runs
	// Succeeded: 2 of 2 runs
}

// Download the failed runs of a campaign.
func ExampleResult() {
	var client sdk.Interface = &sdktest.Client{Result: sdktest.Results{
		OnDownload: func(_ context.Context, _ string, o api.DownloadOptions) (*api.DownloadReport, error) {
			return &api.DownloadReport{Path: o.Dir, Results: 3, Files: 12}, nil
		},
	}}

	report, err := client.Results().Download(context.Background(), "sweep-2026-11-21-101500", api.DownloadOptions{
		ResultSelector: api.ResultSelector{Failed: true},
		Dir:            "out",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d results with %d files in %s\n", report.Results, report.Files, report.Path)
	// Output: 3 results with 12 files in out
}

// Report whether a namespace is set up, and what to do if it is not.
func ExampleCluster() {
	var client sdk.Interface = &sdktest.Client{Clusters: sdktest.Clusters{
		OnGet: func(context.Context) (*api.ClusterStatus, error) {
			return nil, &api.NotInstalledError{Message: "nothing is set up", Remedies: []api.Remedy{{Action: api.ClusterSetup}}}
		},
	}}

	_, err := client.Cluster().Get(context.Background())
	var missing *api.NotInstalledError
	if errors.As(err, &missing) {
		fmt.Println(missing)
		for _, r := range api.Remedies(err) {
			fmt.Println("remedy:", r.Action)
		}
	}
	// Output:
	// nothing is set up
	// remedy: Cluster.Setup
}

// The Role that a user of a namespace needs. Nothing is contacted, so that a client
// for any address will do.
func ExampleDoctor() {
	client, err := sdk.NewForConfig(&rest.Config{Host: "https://192.0.2.1"}, sdk.WithNamespace("lab"))
	if err != nil {
		log.Fatal(err)
	}
	var role *rbacv1.Role
	role, _, err = client.Doctor().Role(api.RoleReader)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(role.Namespace, len(role.Rules) > 0)
	// Output: lab true
}
