// Package sdk runs batch work on any Kubernetes cluster that a kubeconfig reaches: tasks
// (SkyPilot task YAML) and campaigns (RoboVAST .vast files). The plugins kubectl-vast and
// kubectl-vastvol are made of it; they add flags and printing.
//
// # Client
//
// New returns a Client for kubectl's own configuration flags, NewForConfig one for a
// rest.Config. Neither sends a request. A Client works in one namespace of one cluster
// and has one interface per noun:
//
//   - Task: submit, list, watch, wait for, stop and delete tasks, and read their logs.
//   - Volume: create, list and delete the volumes that tasks mount.
//   - Campaign: run, resume, hold, stop, list, watch and clean up campaigns.
//   - Result: list, download and delete stored results.
//   - Workflow, Schedule: submit, watch, approve, rerun and delete runs of workflows, at
//     once or at the times of a cron expression.
//   - Queue: read, hold and resume Kueue's queues.
//   - Cluster: set up a cluster for many users, and remove the set-up.
//   - Doctor: check the prerequisites of the others.
//
// Objects are named by a ref: an id, a name, a unique prefix, or "@latest"; each
// interface documents its own. Methods that change something have an option DryRun with
// one meaning: api.DryRunClient reads only, and api.DryRunServer also sends the changes
// to the API server with dryRun=All, which persists nothing.
//
// # Files
//
// LoadTask and LoadCampaign read, check and expand a file; Task.Submit and Campaign.Run
// take what they return. Package spec has the parsed types, package variation the
// variation types of campaigns, package contexts the contexts of the kubeconfig and
// values per context.
//
// # Errors
//
// Every error is one of the types of package api, or wraps one; api.IsNotFound and its
// like test for them. api.Remedies returns what a caller can do about an error as data:
// an action, what it is done to, and options to set. Warnings are api.Notice values with
// remedies, too; see WithWarnings. The SDK never prints and never exits.
//
// # Set-up
//
// Cluster.Setup needs an installer to install Kueue. Package setup has one that uses
// Helm; it is a package of its own so that other programs do not link Helm. See
// WithInstaller.
//
// # Tests
//
// Functions that take Interface instead of *Client can be tested with the doubles of
// package sdktest.
package sdk
