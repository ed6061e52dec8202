package cluster

import (
	"errors"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/provider"
)

const (
	mirrored = "mirror.example.com/kueue:v0.16.1"
	forgedAs = "registry.example.com/canary-7f3a:v1"
)

// What users of a namespace write into its record decides only about the
// namespace: else the default, the administrators' setting, or a ConflictError
// with its fix applies.
func TestARecordOfANamespaceIsNoDecisionOfAnAdministrator(t *testing.T) {
	builtIn := storeRecord{Kind: api.StoreBuiltIn}
	forgedStore := storeRecord{Kind: api.StoreBuiltIn, Image: forgedAs}
	approved := func(more ...string) shared {
		s := shared{data: map[string]string{sharedNamespace + "lab": "uid-1"}}
		for i := 0; i < len(more); i += 2 {
			s.data[more[i]] = more[i+1]
		}
		return s
	}
	for name, tc := range map[string]struct {
		record     record
		shared     shared
		class      *storagev1.StorageClass
		recognized *provider.Config
		install    bool
		o          api.SetupOptions

		kueue, store, disk string // what the plan has
		conflict           []string
	}{
		"Kueue's image of a record, where Kueue is installed": {record: record{Config: "rke2", Store: builtIn, Kueue: kueueRecord{Image: forgedAs}}, install: true,
			conflict: []string{forgedAs, kueueImage, "use KueueImage=" + forgedAs, "use KueueImage=" + kueueImage}},
		"where it is not, it has no effect":        {record: record{Config: "rke2", Store: builtIn, Kueue: kueueRecord{Image: forgedAs}}},
		"the option settles it":                    {record: record{Config: "rke2", Store: builtIn, Kueue: kueueRecord{Image: forgedAs}}, install: true, o: api.SetupOptions{KueueImage: mirrored}, kueue: mirrored},
		"the same image as administrators have":    {record: record{Config: "rke2", Store: builtIn, Kueue: kueueRecord{Image: mirrored}}, shared: approved(sharedKueue, mirrored), install: true, kueue: mirrored},
		"another one than that":                    {record: record{Config: "rke2", Store: builtIn, Kueue: kueueRecord{Image: forgedAs}}, shared: approved(sharedKueue, mirrored), install: true, conflict: []string{forgedAs, mirrored}},
		"an invalid image is quoted and cut":       {record: record{Config: "rke2", Store: builtIn, Kueue: kueueRecord{Image: "\x1b[2J" + strings.Repeat("x", 1000)}}, install: true, conflict: []string{`"\x1b[2Jxxx`, `..." for Kueue`, "use KueueImage=" + kueueImage}},
		"the store's image of a record":            {record: record{Config: "rke2", Store: forgedStore}, conflict: []string{forgedAs, storeImage, "use StoreImage=" + forgedAs, "use StoreImage=" + storeImage}},
		"one that administrators have approved":    {record: record{Config: "rke2", Store: forgedStore}, shared: approved(sharedStore+"lab", forgedAs), store: forgedAs},
		"approved for another namespace":           {record: record{Config: "rke2", Store: forgedStore}, shared: approved(sharedNamespace+"x", "uid-2", sharedStore+"x", forgedAs), conflict: []string{forgedAs}},
		"approved for an older one of this name":   {record: record{Config: "rke2", Store: forgedStore}, shared: shared{data: map[string]string{sharedNamespace + "lab": "uid-0", sharedStore + "lab": forgedAs}}, conflict: []string{forgedAs}},
		"a record that forgets an approved image":  {record: record{Config: "rke2", Store: builtIn}, shared: approved(sharedStore+"lab", forgedAs), store: forgedAs},
		"back to the default, said":                {record: record{Config: "rke2", Store: forgedStore}, o: api.SetupOptions{Store: api.StoreOptions{Image: storeImage}}},
		"a config that makes a StorageClass":       {record: record{Config: "gcp", Store: builtIn}, recognized: &provider.Kind, conflict: []string{"names the config gcp, but the nodes are those of kind", "do Cluster.Setup kind"}},
		"a config that makes Kueue small":          {record: record{Config: "kind", Store: builtIn}, recognized: &provider.GCP, install: true, conflict: []string{"names the config kind, but the nodes are those of gcp"}},
		"the disk_type of a StorageClass to come":  {record: record{Config: "gcp", Store: builtIn, Options: map[string]string{"disk_type": "pd-ssd"}}, recognized: &provider.GCP, conflict: []string{"use Options=disk_type=pd-ssd", "use Options=disk_type=pd-standard"}},
		"the disk_type of one that is there":       {record: record{Config: "gcp", Store: builtIn, Options: map[string]string{"disk_type": "pd-balanced"}}, recognized: &provider.GCP, class: &storagev1.StorageClass{Parameters: map[string]string{"type": "pd-ssd"}}, disk: "pd-ssd"},
		"a StorageClass gives another namespace's": {record: record{Config: "gcp", Store: builtIn}, recognized: &provider.GCP, class: &storagev1.StorageClass{Parameters: map[string]string{"type": "pd-ssd"}}, disk: "pd-ssd"},
	} {
		t.Run(name, func(t *testing.T) {
			now := &observed{record: &tc.record, shared: tc.shared, uid: "uid-1", class: tc.class}
			p, err := decide(tc.o, now, tc.recognized, "lab")
			if err == nil {
				p.install = tc.install
				err = p.checkRecord(tc.o, now, tc.recognized)
			}
			if len(tc.conflict) > 0 {
				if !errors.As(err, new(*api.ConflictError)) {
					t.Fatalf("error is %v, not a ConflictError", err)
				}
				message := err.Error()
				for _, r := range api.Remedies(err) {
					if r.Action == "" {
						message += "\nuse " + strings.Join(r.Options, " ")
						continue
					}
					message += "\ndo " + string(r.Action) + " " + r.Ref
				}
				for _, words := range append(tc.conflict, "nothing was changed") {
					if !strings.Contains(message, words) {
						t.Errorf("%q is missing in: %s", words, message)
					}
				}
				if strings.ContainsRune(message, '\x1b') {
					t.Errorf("the error holds a control character: %q", message)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.kueueImage != tc.kueue || p.storeImage != tc.store || p.record.Store.Image != tc.store || p.values["disk_type"] != tc.disk {
				t.Errorf("Kueue's image %q, the store's %q and %q, disk %q", p.kueueImage, p.storeImage, p.record.Store.Image, p.values["disk_type"])
			}
		})
	}
}

// What a record says is checked as if it had been typed, all of it at once.
func TestARecordIsCheckedAsWhatIsTyped(t *testing.T) {
	r := record{Config: "gcp", Options: map[string]string{"storage_size": "-1", "disk_type": "floppy\x1b[2J"},
		Store: storeRecord{Kind: api.StoreExternal, Endpoint: "ftp://x", Secret: "A_B", Bucket: "B", Region: "a b"}}
	_, err := decide(api.SetupOptions{}, &observed{record: &r}, nil, "lab")
	says(t, err, `Options disk_type: the record of the setup says "floppy\x1b[2J" is not one of`, `Options storage_size: the record of the setup says "-1" is not a size`,
		"StoreEndpoint: must be the URL", `StoreSecret: "A_B" cannot be`, `StoreBucket: "B" cannot be`, `StoreRegion: "a b" cannot be`)
	_, err = decide(api.SetupOptions{}, &observed{record: &record{Config: "canary", Store: storeRecord{Kind: api.StoreBuiltIn}}}, nil, "lab")
	says(t, err, `there is no config "canary"`)
}

// A namespace that an older version set up with an image of a mirror keeps it:
// only administrators can write the Helm release.
func TestKueuesImageIsThatOfTheRelease(t *testing.T) {
	for name, tc := range map[string]struct{ repository, tag, want string }{
		"a mirror's":                    {"mirror.example.com/kueue", "v0.16.1", mirrored},
		"a mirror's, by its digest":     {"mirror.example.com/kueue@sha256", "0123", "mirror.example.com/kueue@sha256:0123"},
		"the default of an older setup": {kueueRepository, "v0.16.0", ""},
		"the default of now":            {kueueRepository + ":v0.16.1@sha256", "87bd", ""},
		"none":                          {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &release{Name: "kueue", Ours: true, values: map[string]any{"controllerManager": map[string]any{"manager": map[string]any{
				"image": map[string]any{"repository": tc.repository, "tag": tc.tag}}}}}
			if got := releasedImage(r); got != tc.want {
				t.Errorf("image %q, want %q", got, tc.want)
			}
			r.Ours = false
			if got := releasedImage(r); got != "" {
				t.Errorf("image %q of another release", got)
			}
		})
	}
}

func TestWhatIsRecordedForANamespaceOnly(t *testing.T) {
	s := shared{home: "kueue-system", data: map[string]string{sharedInstalled: "0.16.1", sharedKueue: mirrored,
		sharedNamespace + "lab": "uid-1", sharedConfig + "lab": "rke2", sharedStore + "lab": "x:1", sharedNamespace + "lab.b": "uid-2"}}
	if changes := s.differs(without("lab")); len(changes) != 3 {
		t.Errorf("what is removed with lab: %v", changes)
	}
	p := &plan{namespace: "lab", record: record{Config: "rke2"}, storeImage: "x:1", kueueImage: mirrored}
	now := &observed{uid: "uid-1", release: &release{Ours: true, Version: "0.16.1"},
		kueue: foundKueue{deployment: &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "batch"}}}}
	if changes := s.differs(p.wantedShared(now)); len(changes) != 0 {
		t.Errorf("the same setup again changes %v", changes)
	}
	if now.kueue.home() != "batch" || (foundKueue{}).home() != "kueue-system" {
		t.Error("it does not lie beside Kueue")
	}
}
