package access

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	kueueclient "sigs.k8s.io/kueue/client-go/clientset/versioned"

	"github.com/kubevast/vast/sdk/api"
)

// Kueue returns a client of Kueue's API. It is made when it is first asked for.
func (c *Conn) Kueue() (kueueclient.Interface, error) {
	return c.kueue()
}

func newKueue(cfg *rest.Config) (kueueclient.Interface, error) {
	cfg = rest.CopyConfig(cfg)
	// Custom resources have no protobuf form.
	cfg.ContentType, cfg.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	set, err := kueueclient.NewForConfig(cfg)
	if err != nil {
		return nil, api.Invalid("kubeconfig", "%v", err)
	}
	return set, nil
}
