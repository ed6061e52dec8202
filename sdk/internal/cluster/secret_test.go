package cluster

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

func TestWhatCannotBeDoneToAVolume(t *testing.T) {
	claim := func(size, class string) *corev1.PersistentVolumeClaim {
		c := desired.StoreClaim("lab", &provider.Kind, size)
		if class != "" {
			c.Spec.StorageClassName = &class
		}
		return c
	}
	for name, tc := range map[string]struct {
		config *provider.Config
		size   string
		there  *corev1.PersistentVolumeClaim
		want   string
	}{
		"there is none":                  {&provider.Kind, "", nil, ""},
		"the same size":                  {&provider.Kind, "10Gi", claim("10240Mi", "standard"), ""},
		"a larger size is for its class": {&provider.Kind, "20Gi", claim("10Gi", "standard"), ""},
		"a smaller size":                 {&provider.Kind, "5Gi", claim("10Gi", ""), "the store's volume has 10Gi, and a volume cannot shrink to 5Gi"},
		"no volume any more":             {&provider.Kind, "", claim("10Gi", ""), "the store has a volume of 10Gi, and without storage_size its data would go"},
		"another class":                  {&provider.Azure, "10Gi", claim("10Gi", "standard"), `the store's volume is of StorageClass "standard", config azure requires "managed-csi"`},
	} {
		t.Run(name, func(t *testing.T) {
			p := &plan{config: tc.config, values: map[string]string{provider.OptionStorageSize: tc.size}}
			p.record.Store.Kind = api.StoreBuiltIn
			err := p.checkClaim(tc.there)
			var conflict *api.ConflictError
			if tc.want == "" && err != nil || tc.want != "" && (!errors.As(err, &conflict) || !strings.HasPrefix(err.Error(), tc.want)) {
				t.Errorf("error is %v, want %q", err, tc.want)
			}
		})
	}
}

// A claim that a cleanup kept is taken again with the size that it has.
func TestAClaimThatIsThereIsTaken(t *testing.T) {
	claim := desired.StoreClaim("lab", &provider.Kind, "50Gi")
	for name, tc := range map[string]struct {
		o      api.SetupOptions
		labels map[string]string
		want   string
	}{
		"with its size":                    {api.SetupOptions{Config: "azure"}, claim.Labels, "50Gi"},
		"with a larger one":                {api.SetupOptions{Config: "azure", Options: map[string]string{"storage_size": "60Gi"}}, claim.Labels, "60Gi"},
		"but not when it is a foreign one": {api.SetupOptions{Config: "azure"}, nil, "10Gi"},
		"even where none would be made":    {api.SetupOptions{Config: "kind"}, claim.Labels, "50Gi"},
		"an own S3 does not forget it":     {api.SetupOptions{Config: "kind", Store: api.StoreOptions{Kind: api.StoreNone}}, claim.Labels, "50Gi"},
		"but for no volume on request":     {api.SetupOptions{Config: "kind", Options: map[string]string{"storage_size": ""}}, claim.Labels, ""},
	} {
		t.Run(name, func(t *testing.T) {
			there := claim.DeepCopy()
			there.Labels = tc.labels
			p, err := decide(tc.o, &observed{claim: there}, nil, "lab")
			if err != nil {
				t.Fatal(err)
			}
			if got := p.values[provider.OptionStorageSize]; got != tc.want {
				t.Errorf("size %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTheRecordIsReadBack(t *testing.T) {
	r := record{Config: "gcp", Options: map[string]string{"disk_type": "pd-ssd"}, Kueue: kueueRecord{Image: "mirror/kueue:v0.16.1"},
		Store: storeRecord{Kind: api.StoreExternal, Endpoint: "https://s3.example.com", Secret: "s3", Bucket: "b", Region: "r"}}
	m := r.object("lab")
	back, err := parseRecord(m)
	if err != nil || back.object("lab").Data[recordKey] != m.Data[recordKey] {
		t.Errorf("read back: %+v, %v", back, err)
	}
	m.Data[recordKey] = "{"
	if _, err := parseRecord(m); err == nil || !strings.Contains(err.Error(), "cannot be read") ||
		!reflect.DeepEqual(api.Remedies(err), []api.Remedy{
			{Action: api.KubectlAction("delete configmap"), Ref: m.Name, Namespace: "lab"},
			{Action: api.ClusterSetup, Namespace: "lab", Then: true}}) {
		t.Errorf("error: %v", err)
	}
	m.ObjectMeta = metav1.ObjectMeta{Name: "vast-setup", Namespace: "lab"}
	if _, err := parseRecord(m); err == nil || !strings.Contains(err.Error(), "was not made by kubevast") {
		t.Errorf("error: %v", err)
	}
}

func TestWordsForBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1 << 10: "1.0 KiB", 3 << 29: "1.5 GiB"} {
		if got := layout.Bytes(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
