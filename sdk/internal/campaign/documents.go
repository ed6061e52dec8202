package campaign

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kubevast/vast/internal/layout"
)

// documents are the objects that the store keeps of a campaign, by their keys,
// but for the pack and the copies of its files.
func (d *draft) documents(ctx context.Context) (map[string][]byte, error) {
	execution, err := json.MarshalIndent(&d.spec.Execution, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the execution of a campaign: %w", err)
	}
	configurations, err := d.configs.marshal(ctx, maxConfigurations)
	if err != nil {
		return nil, err
	}
	prefix := layout.CampaignPrefix(d.record.ID)
	return map[string][]byte{
		prefix + layout.ExecutionFile:                       execution,
		prefix + layout.ConfigurationsFile:                  configurations,
		prefix + layout.ConfigDir + baseName(d.record.File): d.spec.Data,
		layout.RecordKey(d.record.ID):                       d.record.Marshal(),
	}, nil
}
