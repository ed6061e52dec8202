// Package provider has the configs of the types of clusters: how their nodes are
// recognized, and the options and the StorageClass of the store. It uses no cluster.
package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// Config is the config of one type of cluster. To add one, write a file with a value
// of it and add that to configs.
type Config struct {
	Name        string
	Description string
	// Recognized says in words what Matches looks at.
	Recognized string
	Matches    func(*corev1.Node) bool
	Options    []Option
	// Small: its nodes are on a single computer, so Kueue requests few
	// resources.
	Small bool
	// StorageClass names the class of the store's claim; empty is the
	// cluster's default one.
	StorageClass string
	// NewStorageClass, if set, makes that class.
	NewStorageClass func(values map[string]string) *storagev1.StorageClass
}

// Option is one option of a config. A value must be among Allowed, if there
// are any, and please Check, if there is one.
type Option struct {
	Name, Default, Description string
	Allowed                    []string
	Check                      func(value string) error
	// Parameter, if set, is the parameter of NewStorageClass that it becomes.
	// The class belongs to the whole cluster, so it determines the option, and
	// no record does.
	Parameter string
}

// configs are in the order in which nodes are tried.
var configs = []*Config{&GCP, &Azure, &Kind, &Minikube, &RKE2}

// List returns the configs, sorted by name.
func List() *api.ClusterConfigList {
	list := &api.ClusterConfigList{TypeMeta: api.TypeMeta[api.ClusterConfigList]()}
	for _, config := range configs {
		item := api.ClusterConfig{
			TypeMeta: api.TypeMeta[api.ClusterConfig](), ObjectMeta: metav1.ObjectMeta{Name: config.Name},
			Description: config.Description, Recognized: config.Recognized, Options: []api.ClusterOption{},
		}
		for _, o := range config.Options {
			item.Options = append(item.Options, api.ClusterOption{
				Name: o.Name, Default: o.Default, Description: o.Description, Allowed: o.Allowed})
		}
		list.Items = append(list.Items, item)
	}
	slices.SortFunc(list.Items, func(a, b api.ClusterConfig) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func Names() string {
	names := make([]string, len(configs))
	for i, c := range configs {
		names[i] = c.Name
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Find returns the config of a name.
func Find(name string) (*Config, error) {
	ref, err := kube.ParseRef(name, kube.RefConfig)
	if err != nil {
		return nil, err
	}
	name = ref.Name
	for _, c := range configs {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, api.Invalid("", "there is no config %q; choose one of %s", name, Names())
}

// Recognize returns the config that every node, or failing that most nodes,
// belong to.
func Recognize(nodes []corev1.Node) (*Config, error) {
	var best *Config
	most := 0
	for _, c := range configs {
		n := 0
		for i := range nodes {
			if c.Matches(&nodes[i]) {
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	if best == nil {
		return nil, api.Invalid("", "the nodes do not show which config this cluster needs; name one of %s "+
			"(rke2 also does for any other cluster with nodes of its own)", Names())
	}
	return best, nil
}

// Values gives what was given precedence over what was recorded, and that over
// the defaults. What was recorded is checked like what was given: users of the
// namespace can write it. All problems are reported at once.
func (c *Config) Values(given, recorded map[string]string) (map[string]string, error) {
	var problems []api.Problem
	out := map[string]string{}
	for _, o := range c.Options {
		out[o.Name] = o.Default
		old, ok := recorded[o.Name]
		if _, again := given[o.Name]; !ok || again {
			continue
		}
		if err := o.check(old); err != nil {
			problems = append(problems, api.Problem{Option: "Options", Path: o.Name, Message: fmt.Sprintf(
				"the record of the setup says %v; give the option", err)})
			continue
		}
		out[o.Name] = old
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		i := slices.IndexFunc(c.Options, func(o Option) bool { return o.Name == name })
		if i < 0 {
			problems = append(problems, api.Problem{Option: "Options", Path: name, Message: fmt.Sprintf(
				"config %s has no such option; %s", c.Name, c.optionList())})
			continue
		}
		if err := c.Options[i].check(value); err != nil {
			problems = append(problems, api.Problem{Option: "Options", Path: name, Message: err.Error()})
		}
		out[name] = value
	}
	if len(problems) > 0 {
		return nil, &api.InvalidSpecError{Problems: problems}
	}
	return out, nil
}

// Confirm sets in kept, which is of a record, the options that the StorageClass
// of the cluster has as parameters. Where there is no class yet, a record alone
// does not decide on one: that is a ConflictError, unless it is the default or
// the option is given.
func (c *Config) Confirm(kept, given map[string]string, class *storagev1.StorageClass, namespace string) error {
	for _, o := range c.Options {
		if o.Parameter == "" {
			continue
		}
		said := kept[o.Name]
		delete(kept, o.Name)
		if _, again := given[o.Name]; again {
			continue
		}
		switch {
		case class != nil:
			if is := class.Parameters[o.Parameter]; o.check(is) == nil {
				kept[o.Name] = is
			}
		case said != "" && said != o.Default && o.check(said) == nil:
			return &api.ConflictError{Message: fmt.Sprintf(
				"the record of the setup (ConfigMap %q in namespace %q), which users of the namespace can write, says %s=%s for the StorageClass of the whole cluster, which is not there yet; nothing was changed",
				kube.SetupName, namespace, o.Name, said),
				Remedies: []api.Remedy{{Options: []string{"Options=" + o.Name + "=" + said}}, {Options: []string{"Options=" + o.Name + "=" + o.Default}}}}
		case said != "":
			kept[o.Name] = said // its problems are reported with all others
		}
	}
	return nil
}

// IsShared reports that choosing it decides about the whole cluster: about a
// StorageClass or, when Kueue is to be installed, about Kueue's requests.
func (c *Config) IsShared(install bool) bool {
	return c.NewStorageClass != nil || c.Small && install
}

func (c *Config) optionList() string {
	if len(c.Options) == 0 {
		return "it has none"
	}
	names := make([]string, len(c.Options))
	for i, o := range c.Options {
		names[i] = o.Name
	}
	return "it has " + strings.Join(names, ", ")
}

func (o Option) check(value string) error {
	if len(o.Allowed) > 0 && !slices.Contains(o.Allowed, value) {
		return fmt.Errorf("%q is not one of %s", text.Short(value, 300), strings.Join(o.Allowed, ", "))
	}
	if o.Check != nil {
		return o.Check(value)
	}
	return nil
}

// OptionStorageSize is the same for every config but for its default.
const OptionStorageSize = "storage_size"

func storageSize(byDefault string) Option {
	o := Option{Name: OptionStorageSize, Default: byDefault, Check: checkSize,
		Description: "size of the store's volume, as in 10Gi"}
	if byDefault == "" {
		o.Description += "; without it the store keeps its data only as long as its pod lives"
	}
	return o
}

func checkSize(value string) error {
	if value == "" {
		return nil // no volume
	}
	q, err := resource.ParseQuantity(value)
	if err != nil || q.Sign() <= 0 {
		return fmt.Errorf("%q is not a size: write it as 10Gi or 500Gi", text.Short(value, 300))
	}
	return nil
}
