package sdktest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/sdktest"
)

// A function under test takes sdk.Interface, and its test passes a double.
func ExampleClient() {
	firstFailed := func(ctx context.Context, c sdk.Interface) (string, error) {
		list, err := c.Tasks().List(ctx, api.TaskListOptions{States: []api.State{api.Failed}})
		if err != nil || len(list.Items) == 0 {
			return "", err
		}
		return list.Items[0].ID, nil
	}

	c := &sdktest.Client{Task: sdktest.Tasks{
		OnList: func(context.Context, api.TaskListOptions) (*api.TaskStatusList, error) {
			return &api.TaskStatusList{Items: []api.TaskStatus{{ID: "x7k2m9qa", ObjectMeta: metav1.ObjectMeta{Name: "train-x7k2m9qa"}}}}, nil
		},
	}}
	fmt.Println(firstFailed(context.Background(), c))
	// Output: x7k2m9qa <nil>
}

func TestAMethodWithoutItsFunctionReturnsAnErrorThatNamesIt(t *testing.T) {
	t.Parallel()
	accepts := map[string]bool{"Task.Check": true, "Volume.Render": true, "Cluster.Configs": true}
	c := &sdktest.Client{}
	for _, double := range []any{c.Tasks(), c.Volumes(), c.Queues(), c.Campaigns(), c.Results(), c.Schedules(), c.Cluster(), c.Doctor()} {
		v := reflect.ValueOf(double)
		for i := range v.NumMethod() {
			name := v.Type().Method(i).Name
			m := v.Method(i)
			in := make([]reflect.Value, m.Type().NumIn())
			for j := range in {
				in[j] = reflect.Zero(m.Type().In(j))
			}
			out := m.Call(in)
			var err error
			switch last := out[len(out)-1]; {
			case last.Kind() == reflect.Func: // of an iterator
				for _, e := range last.Seq2() {
					err, _ = e.Interface().(error)
				}
			default:
				err, _ = last.Interface().(error)
			}
			kind := strings.TrimSuffix(v.Type().Name(), "s")
			if accepts[kind+"."+name] {
				if err != nil {
					t.Errorf("%s.%s: %v", kind, name, err)
				}
				continue
			}
			if want := v.Type().Name() + ".On" + name; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s.%s: error %v, want one that names %s", kind, name, err, want)
			}
		}
	}
	_, errWho := c.WhoAmI(t.Context())
	_, errVersion := c.ServerVersion(t.Context())
	if err := errors.Join(errWho, errVersion); err == nil || c.Namespace() != "default" {
		t.Errorf("error %v, namespace %q", err, c.Namespace())
	}
}
