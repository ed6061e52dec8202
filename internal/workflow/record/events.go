package record

import (
	"encoding/json"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/internal/workflow"
)

const (
	// keptEvents is how many delivered events a run's ConfigMap has, and maxEvents how many
	// events at most.
	keptEvents = 1000
	maxEvents  = 20_000
	// maxRecord is how many bytes of a ConfigMap's 1 MiB the state and the events have.
	maxRecord = 1000 << 10
)

// Delivery is how far the events of a run were delivered, by receiver: the store, the Events
// of Kubernetes, the callbacks and the webhooks.
type Delivery struct {
	// Sent are the sequence numbers of the last events that were delivered, or given up.
	Sent map[string]int64 `json:"sent,omitempty"`
	// Missed are how many events each receiver did not get.
	Missed map[string]int64 `json:"missed,omitempty"`
	// Redelivered is the last request to deliver again that was carried out.
	Redelivered string `json:"redelivered,omitempty"`
}

// SetEvents adds the events of a run and their delivery to the fields of a state. Events that
// every receiver got are omitted but for the last ones, and so are the oldest ones if there are
// too many for an object. It returns the events that were set.
func SetEvents(fields map[string]any, events []workflow.Event, d Delivery) ([]workflow.Event, error) {
	done := int64(-1)
	for _, n := range d.Sent {
		if done < 0 || n < done {
			done = n
		}
	}
	keep := keptEvents
	for keep < len(events) && events[len(events)-1-keep].Sequence > done {
		keep++
	}
	if done < 0 { // there is no receiver
		keep = keptEvents
	}
	events = events[max(0, len(events)-min(keep, maxEvents)):]
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	data := fields["binaryData"].(map[string]any)
	room := maxRecord - len(data[stateKey].([]byte))
	for {
		packed, err := Pack(events)
		if err != nil {
			return nil, err
		}
		if len(packed) <= room || len(events) == 0 {
			data[eventsKey] = packed
			break
		}
		events = events[(len(events)+1)/2:]
	}
	fields["metadata"].(map[string]any)["annotations"].(map[string]any)[kube.AnnotationDelivery] = string(text)
	return events, nil
}

// DeliveryFields returns a merge patch that sets the delivery of a run's events alone.
func DeliveryFields(r *Run, d Delivery) (map[string]any, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return map[string]any{"metadata": map[string]any{"uid": r.UID, "annotations": map[string]any{kube.AnnotationDelivery: string(text)}}}, nil
}
