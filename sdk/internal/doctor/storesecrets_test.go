package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// authority is a certificate, as PEM, until a time.
func authority(t *testing.T, end time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: end.AddDate(-1, 0, 0), NotAfter: end, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestTheSecretsOfTheStoreAreJudged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)
	const inside, outside = "https://vast-store.lab.svc:7070", "https://s3.example.com"
	secret := func(name, endpoint, key, ca string) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string][]byte{
			kube.StoreEndpoint: []byte(endpoint), kube.StoreAccessKey: []byte(key), kube.StoreSecretKey: []byte("hush-" + key)}}
		if ca != "" {
			s.Data[kube.StoreCA] = []byte(ca)
		}
		return s
	}
	writer := func(endpoint, ca string) *corev1.Secret { return secret(kube.StoreName, endpoint, "w", ca) }
	reader := func(endpoint, ca string) *corev1.Secret { return secret(kube.StoreReaderName, endpoint, "r", ca) }
	long, soon, over := authority(t, now.AddDate(9, 0, 0)), authority(t, now.AddDate(0, 3, 0)), authority(t, now.AddDate(0, 0, -1))
	fine := []string{"OK readers and writers have accounts of their own"}
	for name, c := range map[string]struct {
		writer, reader *corev1.Secret
		want           []string
	}{
		"no store has none":                          {nil, nil, nil},
		"as setup makes them":                        {writer(inside, long), reader(inside, long), fine},
		"as an older version has made them":          {writer("http://vast-store.lab.svc:7070", ""), nil, []string{"Warning there is no Secret vast-store-reader, so who reads results holds the key to change them", "Warning the store at vast-store.lab.svc:7070 is reached in the clear"}},
		"an S3 of one's own, with two accounts":      {writer(outside, ""), reader(outside, ""), fine},
		"an S3 of one's own, in the clear":           {writer("http://s3.example.com", ""), reader("http://s3.example.com", ""), fine},
		"an S3 of one's own, with one account":       {writer(outside, ""), secret(kube.StoreReaderName, outside, "w", ""), []string{"Warning the Secrets vast-store-reader and vast-store hold the same credentials, so who reads results can change them"}},
		"a certificate that ends soon":               {writer(inside, soon), reader(inside, soon), []string{"Warning the certificates in Secret vast-store end on 2027-03-01", "Warning the certificates in Secret vast-store-reader end on 2027-03-01"}},
		"a certificate that has ended":               {writer(inside, over), reader(inside, long), []string{"Warning the certificates in Secret vast-store have ended on 2026-11-28"}},
		"two certificates, of which one stays valid": {writer(inside, over+long), reader(inside, long), fine},
		"no certificate where one should be":         {writer(inside, "none"), reader(inside, long), []string{"Warning ca.crt in Secret vast-store holds no certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, check := range judgeSecrets("lab", c.writer, c.reader, now) {
				got = append(got, string(check.Outcome)+" "+check.Seen)
				if check.Outcome == api.CheckWarning && (check.Fix == "" || len(check.Remedies) == 0) {
					t.Errorf("%q has no fix", check.Seen)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("checks (-want +got):\n%s", diff)
			}
		})
	}
}
