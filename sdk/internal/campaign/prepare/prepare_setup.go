package prepare

import (
	"bytes"
	"embed"
	"fmt"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/kubevast/vast/internal/gotemplate"
	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

//go:embed prepared/*.tmpl
var readmeFiles embed.FS

const kueueGroup = "kueue.x-k8s.io/"

// writeSetup writes what a namespace needs: Kueue's objects into a file of their
// own, and the store's Secret not at all, for it has credentials.
func (w *preparation) writeSetup() error {
	var queue, other []runtime.Object
	for _, o := range w.setup {
		switch u := asUnstructured(o); {
		case u.GetKind() == "Secret":
		case strings.HasPrefix(u.GetAPIVersion(), kueueGroup):
			queue = append(queue, o)
		default:
			other = append(other, o)
		}
	}
	if len(other) > 0 {
		if err := w.objects("cluster/namespace.yaml", "What campaigns need in a namespace: the store and an account for our own containers.", other...); err != nil {
			return err
		}
	}
	if w.draft.Record.Queue == "" || len(queue) == 0 {
		return nil
	}
	return w.objects("cluster/kueue-queue-setup.yaml", "The queue. The quota is a guess: see README_kueue.md.", queue...)
}

// readmeFacts are the values in the READMEs.
type readmeFacts struct {
	Record                         *layout.Record
	VastFile, Store, Upload, Label string
	Kueue, Queue, Quota, Ask       string
	// Secret are the keys and values of the store's Secrets that are no secret,
	// Policy the policy of its bucket, for these accounts.
	Secret               [][2]string
	Policy               string
	Root, Writer, Reader string
	// Values is the Secret of the campaign's secrets, and Names what it has.
	Values  string
	Names   []string
	Carried bool
}

func (w *preparation) writeReadmes() error {
	r := w.draft.Record
	facts := readmeFacts{Record: r, VastFile: w.vastFile(), Store: kube.StoreName, Upload: w.objectName("upload"),
		Label: kube.LabelCampaign + "=" + kube.LabelValue(r.ID), Kueue: "v" + kube.KueueVersion, Queue: r.Queue, Carried: w.carried, Ask: w.plan.Requests(),
		Values: record.SecretName(r.ID), Names: w.plan.Execution.Secrets,
		Root: kube.PlaceholderRoot, Writer: kube.PlaceholderWriter, Reader: kube.PlaceholderReader}
	for _, o := range w.setup {
		switch u := asUnstructured(o); u.GetKind() {
		case "Secret":
			if u.GetName() == kube.StoreName {
				facts.Secret, facts.Policy = secretValues(u)
			}
		case "ClusterQueue":
			groups, _, err := unstructured.NestedSlice(u.Object, "spec", "resourceGroups")
			if err != nil {
				return err
			}
			text, err := yaml.Marshal(map[string]any{"resourceGroups": groups})
			if err != nil {
				return err
			}
			facts.Quota = strings.TrimSpace(string(text))
		}
	}
	if err := w.readme("README.md", facts); err != nil {
		return err
	}
	if facts.Policy != "" {
		if err := w.readme("cluster/secrets.sh", facts); err != nil {
			return err
		}
	}
	if r.Queue == "" || facts.Quota == "" {
		return nil
	}
	return w.readme("cluster/README_kueue.md", facts)
}

func (w *preparation) readme(name string, facts readmeFacts) error {
	text, err := readmeFiles.ReadFile("prepared/" + path.Base(name) + ".tmpl")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	template, err := gotemplate.Parse(name, string(text), nil)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := template.Execute(&b, facts); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return w.file(name, b.Bytes())
}

// secretValues are the parts of the store's Secret that are no secret.
func secretValues(u *unstructured.Unstructured) (known [][2]string, policy string) {
	values, _, _ := unstructured.NestedStringMap(u.Object, "stringData") // it is a map, or it is not there
	for _, key := range []string{kube.StoreEndpoint, kube.StoreRegion, kube.StoreBucket} {
		known = append(known, [2]string{key, values[key]})
	}
	return known, values[kube.StorePolicy]
}

// asUnstructured gives any object its generic form.
func asUnstructured(o runtime.Object) *unstructured.Unstructured {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return u
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		panic("campaign: objects have a generic form: " + err.Error())
	}
	return &unstructured.Unstructured{Object: content}
}
