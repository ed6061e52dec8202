package volume

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/kubevast/vast/sdk/api"
)

func TestWatchYieldsTheVolumesAndEveryChangeOfAClaim(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := newWorld(t)
	for _, name := range []string{"data", "logs"} {
		v := want("1Gi")
		v.Name = name
		if _, err := w.Create(ctx, v, api.VolumeCreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	claims := w.kube.CoreV1().PersistentVolumeClaims("ns")
	steps := []func() error{
		func() error { return nil },
		func() error { // the claim is bound
			pvc, err := claims.Get(ctx, "data", metav1.GetOptions{})
			if err == nil {
				pvc.Status.Phase = corev1.ClaimBound
				_, err = claims.Update(ctx, pvc, metav1.UpdateOptions{})
			}
			return err
		},
		func() error { return claims.Delete(ctx, "logs", metav1.DeleteOptions{}) },
	}
	var got []string
	for st, err := range w.Watch(ctx, api.VolumeListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		line := st.VolumeName + " " + st.Phase
		if !st.DeletionTimestamp.IsZero() {
			line += " deleted"
		}
		if got = append(got, line); len(got) == 4 {
			break
		}
		if len(got)-1 < len(steps) {
			if err := steps[len(got)-1](); err != nil {
				t.Fatal(err)
			}
		}
	}
	expected := []string{"data Pending", "logs Pending", "data Bound", "logs Pending deleted"}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWatchOfARefIsThatVolumeAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, err := range w.Watch(t.Context(), api.VolumeListOptions{Ref: "none"}) {
		if !api.IsNotFound(err) {
			t.Errorf("an unknown one: %v", err)
		}
	}
	for _, err := range w.Watch(t.Context(), api.VolumeListOptions{Ref: "data", AllUsers: true}) {
		if !api.IsInvalidSpec(err) {
			t.Errorf("beside another option: %v", err)
		}
	}
}

func TestAWatchThatIsForbiddenEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.kube.PrependReactor("list", "persistentvolumeclaims", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "persistentvolumeclaims"}, "", errors.New("no"))
	})
	n := 0
	for st, err := range w.Watch(t.Context(), api.VolumeListOptions{}) {
		if n++; st != nil || !api.IsForbidden(err) {
			t.Errorf("%v, %v", st, err)
		}
	}
	if n != 1 {
		t.Errorf("it yields %d times", n)
	}
}
