package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/kubevast/vast/internal/kube"
)

const (
	// certificateLife is long, since a new certificate takes a new pod, and
	// nobody but the store's own clients trusts its authority.
	certificateLife = 10 * 365 * 24 * time.Hour
	// renewBefore is how long before its end a setup makes a new one.
	renewBefore = 365 * 24 * time.Hour
)

// certificate is what the built-in store proves itself with: its key and
// certificate, and the authority that signed it, all as PEM. The authority's own
// key is not kept, so that nobody can sign with it.
type certificate struct{ ca, cert, key []byte }

// newCertificate makes an authority and a certificate by it for the names that the
// store has in its namespace.
func newCertificate(namespace string, now time.Time) (certificate, error) {
	begin, end := now.Add(-time.Hour), now.Add(certificateLife) // clocks differ
	authority := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: kube.StoreName + " authority"}, NotBefore: begin, NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: kube.StoreName}, NotBefore: begin, NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: storeNames(namespace),
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, caKey.Public(), caKey)
	if err != nil {
		return certificate{}, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return certificate{}, err
	}
	cert, err := x509.CreateCertificate(rand.Reader, server, authority, key.Public(), caKey)
	if err != nil {
		return certificate{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return certificate{}, err
	}
	return certificate{ca: asPEM("CERTIFICATE", ca), cert: asPEM("CERTIFICATE", cert), key: asPEM("PRIVATE KEY", private)}, nil
}

// storeNames are those by which the store is reached.
func storeNames(namespace string) []string {
	service := fmt.Sprintf("%s.%s.svc", kube.StoreName, namespace)
	return []string{kube.StoreName, kube.StoreName + "." + namespace, service, service + ".cluster.local"}
}

func asPEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func serial() *big.Int {
	n := make([]byte, 16)
	rand.Read(n) // never fails: it ends the program instead
	return new(big.Int).SetBytes(n)
}

// end is when the certificate ends; the zero time for one that cannot be used as
// that of the namespace's store.
func (c certificate) end(namespace string) time.Time {
	block, _ := pem.Decode(c.cert)
	roots := x509.NewCertPool()
	if block == nil || len(c.key) == 0 || !roots.AppendCertsFromPEM(c.ca) {
		return time.Time{}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}
	}
	for _, name := range storeNames(namespace) {
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: cert.NotBefore.Add(time.Minute)}); err != nil {
			return time.Time{}
		}
	}
	return cert.NotAfter
}
