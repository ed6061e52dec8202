package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// env is the cluster and the programs that are measured on it.
type env struct {
	options
	config *rest.Config
	kube   *kubernetes.Clientset
	vast   string // our plugin
	self   string // this program, for its helpers
	start  time.Time
}

func newEnv(o options) (*env, error) {
	e := &env{options: o, start: time.Now()}
	var err error
	if e.vast, err = filepath.Abs(filepath.Join(o.bin, "kubectl-vast")); err != nil {
		return nil, err
	}
	if _, err = os.Stat(e.vast); err != nil {
		return nil, fmt.Errorf("kubectl-vast is not built (-bin): %w", err)
	}
	if e.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if e.config, e.kube, err = bareClient(o.kubeconfig); err != nil {
		return nil, err
	}
	return e, nil
}

// bareClient is client-go as fast as it gets: without its rate limit, and with
// protobuf instead of JSON.
func bareClient(kubeconfig string) (*rest.Config, *kubernetes.Clientset, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, nil, err
	}
	cfg.QPS = -1
	cfg.ContentType = runtime.ContentTypeProtobuf
	cfg.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	cfg.WarningHandler = rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(cfg)
	return cfg, client, err
}

func (e *env) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%4.0fs] %s\n", time.Since(e.start).Seconds(), fmt.Sprintf(format, args...))
}

// namespace makes a namespace. The function that is returned removes it and
// all that is in it, also after Ctrl-C, and waits until it is gone: what goes
// on being removed would disturb the next measurement.
func (e *env) namespace(ctx context.Context) (name string, remove func(), err error) {
	ns, err := e.kube.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "vast-bench-"}}, metav1.CreateOptions{})
	if err != nil {
		return "", nil, err
	}
	return ns.Name, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
		defer cancel()
		for {
			// Deleting again is harmless, and an API server that is away for
			// a moment is no reason to leave anything behind.
			err := e.kube.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{})
			if apierrors.IsNotFound(err) {
				return
			}
			if sleep(ctx, 500*time.Millisecond) != nil {
				e.progress("namespace %s could not be removed: %v", ns.Name, err)
				return
			}
		}
	}, nil
}

// clear removes the tasks and Jobs of a namespace and waits until their pods
// are gone, so that each side begins with an empty namespace.
func (e *env) clear(ctx context.Context, namespace string) error {
	background, now := metav1.DeletePropagationBackground, int64(0)
	err := e.kube.BatchV1().Jobs(namespace).DeleteCollection(ctx,
		metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{})
	for err == nil {
		err = e.kube.CoreV1().Pods(namespace).DeleteCollection(ctx,
			metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{})
		if err != nil {
			return err
		}
		jobs, err := e.kube.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			return err
		}
		pods, err := e.kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{Limit: 1})
		if err != nil {
			return err
		}
		if len(jobs.Items)+len(pods.Items) == 0 {
			return nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
	return err
}

// client is the SDK in a namespace.
func (e *env) client(namespace string) (*sdk.Client, error) {
	return sdk.NewForConfig(e.config, sdk.WithNamespace(namespace))
}

// task parses a task of the image that all measurements share.
func (e *env) task(text string) (*spec.Task, error) {
	file, err := spec.Parse("bench.yaml", e.taskText(text), spec.Inputs{})
	if err != nil {
		return nil, err
	}
	return file.Tasks[0], nil
}

func (e *env) taskText(text string) []byte {
	return fmt.Appendf(nil, "name: bench\nresources: {image_id: 'docker:%s'}\n%s", e.image, text)
}

// job is the Job that the SDK would create for a task.
func job(client *sdk.Client, t *spec.Task) (*batchv1.Job, error) {
	rendered, err := client.Tasks().Render(t, api.SubmitOptions{})
	if err != nil {
		return nil, err
	}
	return rendered.Objects[0].(*batchv1.Job), nil
}

// file writes a file for a program to read.
func file(dir, name string, data []byte) (string, error) {
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, data, 0o600)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// waitFor calls ask until it says yes.
func waitFor(ctx context.Context, what string, ask func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for {
		done, err := ask(ctx)
		if done || err != nil {
			return err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("waiting for %s: %w", what, err)
		}
	}
}

// lastLine is what a failed program said last.
func lastLine(text []byte) []byte {
	text = bytes.TrimSpace(text)
	return text[bytes.LastIndexByte(text, '\n')+1:]
}
