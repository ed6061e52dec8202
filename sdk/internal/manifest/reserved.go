package manifest

import (
	"fmt"

	"github.com/kubevast/vast/sdk/spec"
)

// reservedEnv finds variables that pod_config gives to the main container and
// nobody may give it. It looks at pod_config as it is written: in the merged
// pod they would be taken for ours.
func (v *problems) reservedEnv(task *spec.Task) {
	pod, _ := task.PodConfig["spec"].(map[string]any)
	containers, _ := pod["containers"].([]any)
	for i, c := range containers {
		container, _ := c.(map[string]any)
		if name, named := container["name"]; named && name != skyContainer && name != Container {
			continue
		}
		env, _ := container["env"].([]any)
		for j, e := range env {
			entry, _ := e.(map[string]any)
			name, _ := entry["name"].(string)
			if msg := spec.ReservedEnv(name); msg != "" {
				path := fmt.Sprintf("spec.containers[%d].env[%d].name", i, j)
				v.addAt(task.PodConfigPlace(path), podConfigPath+"."+path, "%s %s", name, msg)
			}
		}
	}
}
