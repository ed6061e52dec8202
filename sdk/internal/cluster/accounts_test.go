package cluster

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/store"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/cluster/desired"
)

var aStore = storeRecord{Kind: api.StoreBuiltIn, Endpoint: desired.StoreEndpoint("lab", true), Bucket: "vast", Region: "us-east-1"}

// secretsFor are what a setup at a time makes of what is there.
func secretsFor(t *testing.T, now *observed, at time.Time) storeSecrets {
	t.Helper()
	a, err := keptAccounts("lab", now).completed("lab", true, false, at)
	if err != nil {
		t.Fatal(err)
	}
	return builtInSecrets("lab", aStore, a, true)
}

func TestAccountsAreMadeOnceAndEachIsAnother(t *testing.T) {
	at := time.Now()
	made := secretsFor(t, &observed{}, at)
	again := secretsFor(t, &observed{secret: made.writer, reader: made.reader, root: made.root}, at)
	if diff := cmp.Diff(made, again, cmp.AllowUnexported(storeSecrets{})); diff != "" {
		t.Errorf("a second setup changes them (-first +second):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, s := range []*corev1.Secret{made.writer, made.reader, made.root} {
		c := credentialsOf(s)
		if !c.complete() || len(c.secret) < 40 || seen[string(c.access)] || seen[string(c.secret)] {
			t.Errorf("%s: credentials of %d and %d characters, or those of another", s.Name, len(c.access), len(c.secret))
		}
		seen[string(c.access)], seen[string(c.secret)] = true, true
	}
	for _, s := range []*corev1.Secret{made.writer, made.reader} {
		for key, value := range s.Data {
			for _, secret := range []string{string(credentialsOf(made.root).secret), "PRIVATE KEY"} {
				if strings.Contains(string(value), secret) {
					t.Errorf("%s of %s holds what only root has", key, s.Name)
				}
			}
		}
	}
	if writer := string(credentialsOf(made.writer).secret); strings.Contains(stringOf(made.reader), writer) {
		t.Error("the reader's Secret holds the writer's key")
	}
	if strings.Contains(stringOf(made.writer), string(credentialsOf(made.reader).secret)) {
		t.Error("the writer's Secret holds the reader's key")
	}
}

func stringOf(s *corev1.Secret) string {
	var all strings.Builder
	for _, value := range s.Data {
		all.Write(value)
	}
	return all.String()
}

func TestWhatBecomesOfCredentialsThatAreThere(t *testing.T) {
	at := time.Now()
	made := secretsFor(t, &observed{}, at)
	older := storeSecret(kube.StoreName, "lab", storeRecord{Endpoint: desired.StoreEndpoint("lab", false)}, credentialsOf(made.writer), nil)
	elsewhere := made.writer.DeepCopy()
	elsewhere.Data[kube.StoreEndpoint] = []byte("https://s3.example.com")
	type kept struct{ Root, Writer, Reader, Certificate bool }
	for name, tc := range map[string]struct {
		now  *observed
		at   time.Time
		want kept
	}{
		"all of them stay": {&observed{secret: made.writer, reader: made.reader, root: made.root}, at, kept{true, true, true, true}},
		"the one credential of an older version is not accepted any more": {&observed{secret: older}, at, kept{}},
		"those of an own S3 do not become the built-in store's":           {&observed{secret: elsewhere, reader: made.reader, root: made.root}, at, kept{Root: true, Reader: true}},
		"a Secret that was deleted has its key changed, and no other's":   {&observed{secret: made.writer, root: made.root}, at, kept{true, true, false, true}},
		"without root's Secret nothing of it can be used":                 {&observed{secret: made.writer, reader: made.reader}, at, kept{}},
		"a certificate is renewed in its last year": {&observed{secret: made.writer, reader: made.reader, root: made.root},
			at.Add(certificateLife - renewBefore + time.Hour), kept{true, true, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			got := secretsFor(t, tc.now, tc.at)
			same := func(a, b *corev1.Secret, key string) bool { return string(a.Data[key]) == string(b.Data[key]) }
			is := kept{same(got.root, made.root, kube.StoreSecretKey), same(got.writer, made.writer, kube.StoreSecretKey),
				same(got.reader, made.reader, kube.StoreSecretKey), same(got.root, made.root, desired.RootKey)}
			if diff := cmp.Diff(tc.want, is); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheStoreHasTheAccountsOfTheSecrets(t *testing.T) {
	for name, tc := range map[string]struct {
		volume bool
		writer string
	}{
		"with a volume the writer makes no bucket":             {true, "user"},
		"without one it makes the bucket that went with a pod": {false, "userplus"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := accounts{}.completed("lab", true, false, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			made := builtInSecrets("lab", aStore, a, tc.volume)
			var users struct {
				AccessAccounts map[string]struct{ Access, Secret, Role string }
			}
			if err := json.Unmarshal(made.root.Data[desired.RootUsers], &users); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for key, account := range users.AccessAccounts {
				got[key+" "+account.Access+" "+account.Secret] = account.Role
			}
			want := map[string]string{}
			for s, role := range map[*corev1.Secret]string{made.writer: tc.writer, made.reader: "user"} {
				access := string(s.Data[kube.StoreAccessKey])
				want[access+" "+access+" "+string(s.Data[kube.StoreSecretKey])] = role
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("roles (-want +got):\n%s", diff)
			}
		})
	}
}

// The client is the real one, and so is the handshake.
func TestOnlyWhoHasTheKeyIsTheStore(t *testing.T) {
	at := time.Now()
	mine, err := newCertificate("lab", at)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newCertificate("lab", at)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := newCertificate("elsewhere", at)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		shows   certificate
		ca      []byte
		refused string
	}{
		"the store itself":                                           {mine, mine.ca, ""},
		"a pod with a certificate of its own":                        {other, mine.ca, "is not trusted"},
		"the store of another namespace":                             {elsewhere, elsewhere.ca, "is not trusted"},
		"a store that the system's certificates would have to cover": {mine, nil, "is not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			pair, err := tls.X509KeyPair(tc.shows.cert, tc.shows.key)
			if err != nil {
				t.Fatal(err)
			}
			asked := false
			web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked = true
				w.WriteHeader(http.StatusOK)
			}))
			web.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
			web.StartTLS()
			defer web.Close()
			dial := web.Client().Transport.(*http.Transport).Clone().DialContext
			s, err := store.Connect(store.Config{Endpoint: "https://vast-store.lab.svc:7070", Bucket: "vast", AccessKey: "a", SecretKey: "b", CA: tc.ca},
				store.WithDialer(dialTo(web.Listener.Addr().String(), dial), nil))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.EnsureBucket(t.Context())
			var invalid *api.InvalidSpecError
			switch {
			case tc.refused == "" && err != nil:
				t.Error(err)
			case tc.refused != "" && (!errors.As(err, &invalid) || !strings.Contains(err.Error(), tc.refused)):
				t.Errorf("%T %v", err, err)
			case asked != (tc.refused == ""):
				t.Errorf("the server was asked something: %v", asked)
			}
		})
	}
	if end := mine.end("lab"); end.Before(at.Add(certificateLife - time.Minute)) {
		t.Errorf("it ends at %v", end)
	}
	if end := mine.end("elsewhere"); !end.IsZero() {
		t.Errorf("it is taken for another namespace's until %v", end)
	}
}

func TestCredentialsOfAnOwnS3(t *testing.T) {
	s := storeRecord{Kind: api.StoreExternal, Secret: "s3"}
	own := func(access, secret string) *corev1.Secret {
		return &corev1.Secret{Data: map[string][]byte{kube.StoreAccessKey: []byte(access), kube.StoreSecretKey: []byte(secret), kube.StoreCA: []byte("ca")}}
	}
	got, err := externalSecrets("lab", s, own("me", "hush"), nil)
	if err != nil || string(got.writer.Data[kube.StoreAccessKey]) != "me" || string(got.reader.Data[kube.StoreSecretKey]) != "hush" ||
		string(got.writer.Data[kube.StoreCA]) != "ca" || string(got.reader.Data[kube.StoreCA]) != "ca" || got.root != nil {
		t.Errorf("one account: %+v, %v", got, err)
	}
	s.ReaderSecret = "s3-reader"
	got, err = externalSecrets("lab", s, own("me", "hush"), own("you", "see"))
	if err != nil || string(got.writer.Data[kube.StoreAccessKey]) != "me" || string(got.reader.Data[kube.StoreAccessKey]) != "you" {
		t.Errorf("two accounts: %+v, %v", got, err)
	}
	_, err = externalSecrets("lab", s, own("me", ""), own("you", ""))
	says(t, err, `StoreSecret: the Secret "s3" lacks the keys access-key-id and secret-access-key`,
		`StoreReaderSecret: the Secret "s3-reader" lacks the keys access-key-id and secret-access-key`)
	var missing *api.NotFoundError
	if _, err := externalSecrets("lab", s, nil, own("you", "see")); !errors.As(err, &missing) || len(missing.Remedies) != 1 {
		t.Errorf("error: %v", err)
	}
}

// The pod of a store in the cluster is found by a label that tasks cannot have, and
// what older versions made is known by its lack.
func TestTheStoresPodIsFoundByALabelOfOurs(t *testing.T) {
	for name, old := range map[string]bool{"as it is made now": false, "as older versions made it": true} {
		t.Run(name, func(t *testing.T) {
			s := desired.StorePod{Namespace: "lab", Old: old}
			d, service := desired.StoreDeployment(s, corev1.VolumeSource{}), desired.StoreService(s)
			if isOldStore(d) != old {
				t.Errorf("old is %v", !old)
			}
			if diff := cmp.Diff(service.Spec.Selector, d.Spec.Selector.MatchLabels); diff != "" {
				t.Errorf("Service and Deployment select other pods:\n%s", diff)
			}
			if got := service.Spec.Selector[kube.LabelStore]; (got == "true") == old {
				t.Errorf("%s is %q", kube.LabelStore, got)
			}
		})
	}
	if isOldStore(nil) || isOldStore(&appsv1.Deployment{}) {
		t.Error("what is not there, or not ours, is an old store")
	}
}

func dialTo(address string, dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, address) }
}
