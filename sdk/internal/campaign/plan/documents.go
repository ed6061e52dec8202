package plan

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/kubevast/vast/internal/layout"
	"github.com/kubevast/vast/sdk/internal/campaign/record"
)

// Documents are the objects that the store keeps of a campaign, by their keys,
// but for the pack and the copies of its files.
func (d *Draft) Documents(ctx context.Context) (map[string][]byte, error) {
	execution, err := json.MarshalIndent(&d.Spec.Execution, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the execution of a campaign: %w", err)
	}
	configurations, err := d.Configs.marshal(ctx, record.MaxConfigurations)
	if err != nil {
		return nil, err
	}
	prefix := layout.CampaignPrefix(d.Record.ID)
	return map[string][]byte{
		prefix + layout.ExecutionFile:                              execution,
		prefix + layout.ConfigurationsFile:                         configurations,
		prefix + layout.ConfigDir + record.FileName(d.Record.File): d.Spec.Data,
		layout.RecordKey(d.Record.ID):                              d.Record.Marshal(),
	}, nil
}
