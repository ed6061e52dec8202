package record

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/internal/workflow"
	"github.com/kubevast/vast/sdk/api"
)

const (
	// maxProblems and maxProblemText limit what is recorded of a file that is wrong.
	maxProblems    = 1000
	maxProblemText = 512
	// maxReason is how much of the first problem a list shows.
	maxReason = 200
)

// SetupError returns the ConfigMap of a run that failed its checks, an immutable one. Its
// phase is setuperror from the start, and it has no tasks.
func (n New) SetupError(problems []api.Problem, now time.Time) (*corev1.ConfigMap, error) {
	cm, err := n.Object()
	if err != nil {
		return nil, err
	}
	state, err := Pack(workflow.State{Version: workflow.StateVersion, Phase: workflow.PhaseSetupError, Sequence: 1, Ended: now.Unix()})
	if err != nil {
		return nil, err
	}
	kept := make([]api.Problem, 0, min(len(problems), maxProblems+1))
	for i, p := range problems {
		if i == maxProblems {
			kept = append(kept, api.Problem{Message: fmt.Sprintf("%d other problems are not recorded", len(problems)-i)})
			break
		}
		p.Message, p.Remedies = text.Short(p.Message, maxProblemText), nil
		p.Path = text.Short(p.Path, maxProblemText)
		kept = append(kept, p)
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	summary, err := json.Marshal(Summary{Ended: now.Unix()})
	if err != nil {
		return nil, err
	}
	reason := text.Short(kept[0].String(), maxReason)
	if more := len(problems) - 1; more > 0 {
		reason += " (and " + strconv.Itoa(more) + " more)"
	}
	cm.Immutable = ptr.To(true)
	cm.BinaryData = map[string][]byte{stateKey: state}
	cm.Data = map[string]string{problemsKey: string(data)}
	cm.Labels[kube.LabelPhase] = workflow.PhaseSetupError.String()
	cm.Annotations[kube.AnnotationRunSummary], cm.Annotations[kube.AnnotationReason] = string(summary), reason
	return cm, nil
}
