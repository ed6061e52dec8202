package volume

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/internal/access"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// world is a cluster as a user called alice sees it.
type world struct {
	*Client
	kube     *fake.Clientset
	warnings []string
}

func newWorld(t *testing.T, objects ...runtime.Object) *world {
	t.Helper()
	w := &world{kube: fake.NewClientset(objects...)}
	conn, err := access.Connect(&rest.Config{Host: "https://test"},
		access.Options{Namespace: "ns", User: "alice", Warn: func(n api.Notice) { w.warnings = append(w.warnings, n.Message) }})
	if err != nil {
		t.Fatal(err)
	}
	// The fake has no schema for this one.
	w.kube.PrependReactor("create", "selfsubjectreviews", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, &authenticationv1.SelfSubjectReview{}, nil
	})
	conn.Kube = w.kube
	w.Client = New(conn)
	return w
}

// lists counts the list requests for a resource.
func (w *world) lists(resource string) int {
	n := 0
	for _, a := range w.kube.Actions() {
		if a.GetVerb() == "list" && a.GetResource().Resource == resource {
			n++
		}
	}
	return n
}

func ours(claim, name, user string, modes ...corev1.PersistentVolumeAccessMode) *corev1.PersistentVolumeClaim {
	pvc := foreign(claim, modes...)
	pvc.Labels = map[string]string{kube.LabelKind: kube.KindVolume, kube.LabelVolume: kube.LabelValue(name), kube.LabelUser: kube.LabelValue(user)}
	pvc.Annotations = map[string]string{kube.AnnotationVolume: name, kube.AnnotationUser: user}
	return pvc
}

func foreign(claim string, modes ...corev1.PersistentVolumeAccessMode) *corev1.PersistentVolumeClaim {
	if len(modes) == 0 {
		modes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	}
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: claim, Namespace: "ns", UID: types.UID(claim)},
		Spec: corev1.PersistentVolumeClaimSpec{AccessModes: modes, Resources: corev1.VolumeResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}}},
		Status: corev1.PersistentVolumeClaimStatus{Phase: corev1.ClaimBound},
	}
}

func podSpec(claim string) corev1.PodSpec {
	return corev1.PodSpec{Volumes: []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}}}}
}

func task(name, claim string, change func(*batchv1.Job)) *batchv1.Job {
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", Labels: map[string]string{kube.LabelKind: kube.KindTask}, Annotations: map[string]string{}},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: podSpec(claim)}}}
	if change != nil {
		change(job)
	}
	return job
}

func want(size string) *spec.Volume {
	q := resource.MustParse(size)
	return &spec.Volume{Name: "My_Data", Type: "k8s-pvc", Size: &q, AccessModes: []string{"ReadWriteOnce"}, Source: spec.Source{File: "v.yaml", Line: 1}}
}

func TestCreate(t *testing.T) {
	standard := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{annotationDefaultClass: "true"}}}
	tests := map[string]struct {
		there  []runtime.Object
		change func(*spec.Volume)
		claim  string // the name it gets
		err    string // or part of the error
		warns  string
	}{
		"a free name":                           {claim: "my-data", there: []runtime.Object{standard}},
		"the same volume again":                 {there: []runtime.Object{ours("my-data", "My_Data", "alice")}, err: `you have a volume "My_Data"`},
		"the name is another user's":            {there: []runtime.Object{standard, ours("my-data", "My_Data", "bob")}, claim: secondName("My_Data", "alice")},
		"the name is that of another own":       {there: []runtime.Object{standard, ours("my-data", "my.data", "alice")}, claim: secondName("My_Data", "alice")},
		"the name is a foreign claim's":         {there: []runtime.Object{foreign("my-data")}, err: "use_existing: true"},
		"no default StorageClass":               {claim: "my-data", warns: "no default StorageClass"},
		"a StorageClass that is not there":      {there: []runtime.Object{standard}, change: func(v *spec.Volume) { v.StorageClass = "standart" }, err: `did you mean "standard"?`},
		"a label that is not one":               {change: func(v *spec.Volume) { v.Labels = map[string]string{"a b": "c", "x": "y/z"} }, err: "labels.a b"},
		"a label of ours":                       {change: func(v *spec.Volume) { v.Labels = map[string]string{"kubevast.io/user": "bob"} }, err: "set by kubevast itself"},
		"no size":                               {change: func(v *spec.Volume) { v.Size = nil }, err: "size: is missing"},
		"a folder of the node":                  {change: func(v *spec.Volume) { v.Type = hostPathType }, err: "k8s-hostpath"},
		"cleanup_on_deletion":                   {there: []runtime.Object{standard}, change: func(v *spec.Volume) { v.CleanupOnDeletion = new(bool) }, claim: "my-data", warns: "reclaim policy"},
		"an existing claim":                     {there: []runtime.Object{foreign("My_Data")}, change: func(v *spec.Volume) { v.UseExisting, v.Size = true, nil }, claim: "My_Data"},
		"an existing claim that is not there":   {there: []runtime.Object{foreign("my-date")}, change: func(v *spec.Volume) { v.UseExisting = true }, err: `did you mean "my-date"?`},
		"an existing claim of SkyPilot's label": {there: []runtime.Object{skyPilot("x", "My_Data")}, change: func(v *spec.Volume) { v.UseExisting = true }, claim: "x"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.there...)
			v := want("10Gi")
			if tc.change != nil {
				tc.change(v)
			}
			st, err := w.Create(t.Context(), v, api.VolumeCreateOptions{})
			switch {
			case tc.err != "":
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %q", err, tc.err)
				}
				return
			case err != nil:
				t.Fatal(err)
			case st.Name != tc.claim:
				t.Errorf("got claim %q, want %q", st.Name, tc.claim)
			}
			if tc.warns != "" && !strings.Contains(strings.Join(w.warnings, "\n"), tc.warns) {
				t.Errorf("warnings %q, want %q", w.warnings, tc.warns)
			}
		})
	}
}

func skyPilot(claim, name string) *corev1.PersistentVolumeClaim {
	pvc := foreign(claim)
	pvc.Labels = map[string]string{labelSkyPilot: name}
	return pvc
}

func TestListReportsTheUsersOfAVolumeAtAFixedPrice(t *testing.T) {
	ended := func(j *batchv1.Job) {
		j.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
	}
	stopped := func(j *batchv1.Job) { j.Annotations[kube.AnnotationStoppedBy] = "alice" }
	pod := func(name, claim string, phase corev1.PodPhase, labels map[string]string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", Labels: labels}, Spec: podSpec(claim), Status: corev1.PodStatus{Phase: phase}}
	}
	ofTask := func(job string) map[string]string {
		return map[string]string{kube.LabelKind: kube.KindTask, batchv1.JobNameLabel: job}
	}
	w := newWorld(t, ours("a", "a", "alice"), ours("b", "b", "alice"), ours("c", "c", "alice"), ours("d", "d", "bob"), foreign("e"),
		task("queued", "a", nil), task("over", "a", ended), task("stopped", "b", stopped),
		pod("queued-0", "a", corev1.PodRunning, ofTask("queued")), pod("stopped-0", "b", corev1.PodRunning, ofTask("stopped")),
		pod("nginx", "a", corev1.PodRunning, nil), pod("done", "a", corev1.PodSucceeded, nil))
	list, err := w.List(t.Context(), api.VolumeListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, v := range list.Items {
		got[v.VolumeName] = v.UsedBy
	}
	if diff := cmp.Diff(map[string][]string{"a": {"pod/nginx", "queued"}, "b": {"stopped"}, "c": nil}, got); diff != "" {
		t.Error(diff)
	}
	for _, resource := range []string{"persistentvolumeclaims", "jobs", "pods"} {
		if n := w.lists(resource); n != 1 {
			t.Errorf("%d lists of %s", n, resource)
		}
	}
	all, err := w.List(t.Context(), api.VolumeListOptions{AllUsers: true})
	if err != nil || len(all.Items) != 4 {
		t.Errorf("of all users: %d, %v", len(all.Items), err)
	}
}

func TestListWithoutTheRightToListPods(t *testing.T) {
	w := newWorld(t, ours("a", "a", "alice"), task("queued", "a", nil))
	w.kube.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no"))
	})
	st, err := w.Get(t.Context(), "a")
	if err != nil || len(w.warnings) != 1 || len(st.UsedBy) != 1 {
		t.Errorf("%v, %v, warnings %q", st, err, w.warnings)
	}
	var forbidden *api.ForbiddenError
	if _, err := w.Delete(t.Context(), "a", api.VolumeDeleteOptions{}); !errors.As(err, &forbidden) {
		t.Errorf("delete: %v", err)
	}
}

func TestDelete(t *testing.T) {
	tests := map[string]struct {
		there []runtime.Object
		name  string
		err   string
	}{
		"one's own":                {there: []runtime.Object{ours("my-data", "My_Data", "alice")}, name: "My_Data"},
		"by the claim's name":      {there: []runtime.Object{ours("my-data", "My_Data", "alice")}, name: "my-data"},
		"in use by a queued task":  {there: []runtime.Object{ours("d", "d", "alice"), task("train-1", "d", nil)}, name: "d", err: `in use by train-1`},
		"another user's":           {there: []runtime.Object{ours("d", "d", "bob")}, name: "d", err: "belongs to bob"},
		"a claim of another make":  {there: []runtime.Object{foreign("d")}, name: "d", err: "was not created by kubevast"},
		"one that is not there":    {there: []runtime.Object{ours("data", "data", "alice")}, name: "dta", err: `did you mean "data"?`},
		"another user's, by name":  {there: []runtime.Object{ours("d-1", "d", "bob")}, name: "d", err: `bob has a volume of that name`},
		"two claims of one volume": {there: []runtime.Object{ours("d-1", "d", "alice"), ours("d-2", "d", "alice")}, name: "d", err: "several claims"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tc.there...)
			_, err := w.Delete(t.Context(), tc.name, api.VolumeDeleteOptions{Wait: true})
			left, _ := w.kube.CoreV1().PersistentVolumeClaims("ns").List(context.Background(), metav1.ListOptions{})
			switch {
			case tc.err == "" && (err != nil || len(left.Items) != 0):
				t.Errorf("got %v, %d claims left", err, len(left.Items))
			case tc.err != "" && (err == nil || !strings.Contains(err.Error(), tc.err) || len(left.Items) == 0):
				t.Errorf("got %v, want %q", err, tc.err)
			}
		})
	}
}

func TestReason(t *testing.T) {
	late := storagev1.VolumeBindingWaitForFirstConsumer
	class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "late", Annotations: map[string]string{annotationDefaultClass: "true"}}, VolumeBindingMode: &late}
	event := func(reason, kind, message string) *corev1.Event {
		return &corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: reason, Namespace: "ns"}, Reason: reason, Type: kind, Message: message,
			InvolvedObject: corev1.ObjectReference{Kind: "PersistentVolumeClaim", Name: "d", UID: "d"}}
	}
	tests := map[string]struct {
		there  []runtime.Object
		change func(*corev1.PersistentVolumeClaim)
		want   string
	}{
		"waits for its first user":      {there: []runtime.Object{class}, want: onFirstUse},
		"the provisioner fails":         {there: []runtime.Object{class, event("ProvisioningFailed", "Warning", "quota\n exceeded")}, want: "quota exceeded"},
		"no default StorageClass":       {want: "no StorageClass is named, and the cluster has no default one"},
		"a StorageClass that is gone":   {change: func(p *corev1.PersistentVolumeClaim) { s := "fast"; p.Spec.StorageClassName = &s }, want: `the cluster has no StorageClass "fast"`},
		"bound":                         {change: func(p *corev1.PersistentVolumeClaim) { p.Status.Phase = corev1.ClaimBound }},
		"lost":                          {change: func(p *corev1.PersistentVolumeClaim) { p.Status.Phase, p.Spec.VolumeName = corev1.ClaimLost, "pv" }, want: `its PersistentVolume "pv" is gone, and the data with it`},
		"a volume that has been chosen": {there: []runtime.Object{class}, change: func(p *corev1.PersistentVolumeClaim) { p.Annotations["volume.kubernetes.io/selected-node"] = "n" }, want: "being created"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			pvc := ours("d", "d", "alice")
			pvc.Status.Phase = corev1.ClaimPending
			if tc.change != nil {
				tc.change(pvc)
			}
			st, err := newWorld(t, append(tc.there, pvc)...).Get(t.Context(), "d")
			if err != nil {
				t.Fatal(err)
			}
			if st.Reason != tc.want {
				t.Errorf("got %q, want %q", st.Reason, tc.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	size := resource.MustParse("1Gi")
	lost, going := ours("l", "lost", "alice"), ours("g", "going", "alice")
	lost.Status.Phase = corev1.ClaimLost
	now := metav1.Now()
	going.DeletionTimestamp, going.Finalizers = &now, []string{"kubernetes.io/pvc-protection"}
	there := []runtime.Object{ours("data-1", "data", "alice"), ours("shared", "shared", "alice", corev1.ReadWriteMany),
		ours("data", "data", "bob"), foreign("plain"), ours("ro", "ro", "alice", corev1.ReadOnlyMany),
		ours("t-1", "twice", "alice"), ours("t-2", "twice", "alice"), lost, going}
	tests := map[string]struct {
		nodes  int
		mounts []spec.VolumeMount
		want   []Mount
		errs   []string
		lists  int
	}{
		"no volumes": {nodes: 1},
		"one's own goes before another's claim of that name": {nodes: 1, mounts: []spec.VolumeMount{{Path: "/d", Volume: "data", SubPath: "x"}},
			want: []Mount{{Path: "/d", Claim: "data-1", SubPath: "x"}}, lists: 1},
		"a plain claim": {nodes: 1, mounts: []spec.VolumeMount{{Path: "/d", Volume: "plain"}}, want: []Mount{{Path: "/d", Claim: "plain"}}, lists: 1},
		"a shared one":  {nodes: 4, mounts: []spec.VolumeMount{{Path: "/d", Volume: "shared"}}, want: []Mount{{Path: "/d", Claim: "shared"}}, lists: 1},
		"one that can only be read": {nodes: 4, mounts: []spec.VolumeMount{{Path: "/d", Volume: "ro"}},
			want: []Mount{{Path: "/d", Claim: "ro", ReadOnly: true, Warning: `volume "ro" is mounted read-only at /d: it is ReadOnlyMany`}}, lists: 1},
		"an ephemeral one is each node's own": {nodes: 2, mounts: []spec.VolumeMount{{Path: "/e", Ephemeral: &spec.Volume{Size: &size}}},
			want: []Mount{{Path: "/e", Ephemeral: &spec.Volume{Size: &size}}}},
		"an ephemeral one without a size": {nodes: 1, mounts: []spec.VolumeMount{{Path: "/e", Ephemeral: &spec.Volume{}}}, errs: []string{"needs a size"}},
		"a folder of the node":            {nodes: 1, mounts: []spec.VolumeMount{{Path: "/e", Ephemeral: &spec.Volume{Type: hostPathType}}}, errs: []string{"k8s-hostpath"}},
		"all problems at once": {nodes: 2, lists: 1, mounts: []spec.VolumeMount{{Path: "/a", Volume: "dato", Line: 3, Column: 5}, {Path: "/b", Volume: "data", Line: 4, Column: 5},
			{Path: "/c", Volume: "twice"}, {Path: "/d", Volume: "lost"}, {Path: "/e", Volume: "going"}},
			errs: []string{`f.yaml:3:5: volumes./a: volume "dato" not found in namespace "ns": did you mean "data"?`,
				`f.yaml:4:5: volumes./b: volume "data" cannot be shared by 2 nodes: it is ReadWriteOnce, and they need ReadWriteMany`,
				"several claims: t-1, t-2", `volume "lost" is lost`, `volume "going" is being deleted`}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, there...)
			task := &spec.Task{NumNodes: tc.nodes, Volumes: tc.mounts, Source: spec.Source{File: "f.yaml"}}
			got, err := w.Resolve(t.Context(), task, "alice")
			for _, part := range tc.errs {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want %q", err, part)
				}
			}
			if len(tc.errs) == 0 && err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if n := w.lists("persistentvolumeclaims"); n != tc.lists && len(tc.errs) != 1 {
				t.Errorf("%d lists of claims, want %d", n, tc.lists)
			}
		})
	}
}

func TestRenderNeedsNoCluster(t *testing.T) {
	w := newWorld(t)
	v := want("10Gi")
	v.Labels, v.StorageClass = map[string]string{"team": "a"}, "fast"
	obj, err := w.Render(v)
	if err != nil {
		t.Fatal(err)
	}
	pvc, ok := obj.(*corev1.PersistentVolumeClaim)
	if !ok || pvc.Labels["team"] != "a" || pvc.Annotations[kube.AnnotationVolume] != "My_Data" || *pvc.Spec.StorageClassName != "fast" {
		t.Errorf("got %+v", obj)
	}
	if n := len(w.kube.Actions()); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestAVolumeOfAnotherContextIsRefused(t *testing.T) {
	size := resource.MustParse("1Gi")
	for context, refused := range map[string]bool{"": false, "here": false, "there": true} {
		w := newWorld(t)
		w.conn.Context = "here"
		v := &spec.Volume{Name: "data", Type: "k8s-pvc", Size: &size, AccessModes: []string{"ReadWriteOnce"}, Context: context}
		_, err := w.Create(t.Context(), v, api.VolumeCreateOptions{})
		_, rendered := w.Render(v)
		var invalid *api.InvalidSpecError
		for _, err := range []error{err, rendered} {
			if refused != errors.As(err, &invalid) || !refused && err != nil {
				t.Errorf("context %q: error %v", context, err)
			}
		}
	}
}
