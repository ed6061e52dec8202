package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// helpers are the bare sides of measurements that need a process of their own.
// Their arguments are a kubeconfig, a namespace and more.
var helpers = map[string]func(ctx context.Context, client kubernetes.Interface, namespace string, more []string) error{
	"rawlist": func(ctx context.Context, client kubernetes.Interface, namespace string, _ []string) error {
		out := bufio.NewWriter(os.Stdout)
		return errors.Join(rawList(ctx, client, namespace, out), out.Flush())
	},
	"rawqueue": func(ctx context.Context, _ kubernetes.Interface, namespace string, _ []string) error {
		cfg, _, err := bareClient(os.Args[2])
		if err != nil {
			return err
		}
		client, err := bareKueue(cfg)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(os.Stdout)
		return errors.Join(rawQueue(ctx, client, namespace, out), out.Flush())
	},
	"archive": func(ctx context.Context, _ kubernetes.Interface, _ string, more []string) error {
		return archiveHelper(ctx, more)
	},
	"barejob": func(ctx context.Context, client kubernetes.Interface, namespace string, more []string) error {
		return bareJob(ctx, client, namespace, more[0])
	},
	"expand": expandJobs,
}

func helper(ctx context.Context) error {
	_, client, err := bareClient(os.Args[2])
	if err != nil {
		return err
	}
	return helpers[os.Args[1]](ctx, client, os.Args[3], os.Args[4:])
}

// bareJob creates a Job and follows its log as soon as there is one.
func bareJob(ctx context.Context, client kubernetes.Interface, namespace, image string) error {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{GenerateName: "bare-"}}
	job.Spec.Template.Spec = corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever,
		Containers:    []corev1.Container{{Name: "bare", Image: image, Command: []string{"sh", "-c", "echo " + greeting}}},
	}
	job, err := client.BatchV1().Jobs(namespace).Create(ctx, job, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	pod, err := startedPod(ctx, client, namespace, job.Name)
	if err != nil {
		return err
	}
	log, err := client.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		return err
	}
	defer log.Close()
	_, err = io.Copy(os.Stdout, log)
	return err
}

// startedPod watches until the Job's pod has started.
func startedPod(ctx context.Context, client kubernetes.Interface, namespace, job string) (string, error) {
	watch, err := client.CoreV1().Pods(namespace).Watch(ctx, metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=" + job})
	if err != nil {
		return "", err
	}
	defer watch.Stop()
	for event := range watch.ResultChan() {
		pod, ok := event.Object.(*corev1.Pod)
		if ok && pod.Status.Phase != corev1.PodPending {
			return pod.Name, nil
		}
	}
	return "", errors.New("the watch was closed before the pod had started")
}
