package cmd

import (
	"slices"
	"strings"

	"github.com/kubevast/vast/internal/cli"
	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/spec"
)

// claim makes a volume of what the command line says. Its name is checked by
// the SDK.
func (s *createFlags) claim(name, size string) (*spec.Volume, error) {
	amount, err := spec.ParseSize(size)
	if err != nil {
		return nil, api.Invalid("SIZE", "%v", err)
	}
	modes, err := accessModes(s.accessModes)
	if err != nil {
		return nil, err
	}
	return &spec.Volume{
		Name: name, Type: "k8s-pvc", Size: &amount,
		StorageClass: s.storageClass, AccessModes: modes,
	}, nil
}

// short are kubectl's abbreviations of the access modes.
var short = map[string]string{
	"ReadWriteOnce":    "RWO",
	"ReadOnlyMany":     "ROX",
	"ReadWriteMany":    "RWX",
	"ReadWriteOncePod": "RWOP",
}

// accessModes reads long and short names in any case.
func accessModes(given []string) ([]string, error) {
	if len(given) == 0 {
		return []string{"ReadWriteOnce"}, nil
	}
	var modes []string
	for _, text := range given {
		mode := ""
		for long, abbreviation := range short {
			if strings.EqualFold(text, long) || strings.EqualFold(text, abbreviation) {
				mode = long
			}
		}
		if mode == "" {
			return nil, cli.Usagef("--access-modes: unknown mode %q: one of ReadWriteOnce (RWO), ReadOnlyMany (ROX), ReadWriteMany (RWX), ReadWriteOncePod (RWOP)", text)
		}
		if !slices.Contains(modes, mode) {
			modes = append(modes, mode)
		}
	}
	return modes, nil
}
