package cli

import (
	"errors"
	"strings"

	"github.com/kubevast/vast/internal/kube"
	"github.com/kubevast/vast/sdk/api"
)

// OrCampaign is err, what came of looking for a task, unless that is the id of a
// campaign: then it names the command that does to campaigns what was asked for.
// "ID" in its words is the id.
func OrCampaign(f *Factory, ref string, err error, words ...string) error {
	id, isCampaign := ref, kube.CampaignName(ref) != ""
	if typed, e := kube.ParseRef(ref, kube.RefCampaign); e == nil && typed.Kind == kube.RefCampaign {
		id, isCampaign = typed.Name, true
	}
	missing, refused := errors.As(err, new(*api.NotFoundError)), errors.As(err, new(*api.InvalidSpecError))
	if !isCampaign || strings.Contains(id, "/") || !missing && !(refused && id != ref) {
		return err
	}
	line := make([]string, len(words))
	for i, word := range words {
		line[i] = strings.ReplaceAll(word, "ID", id)
	}
	return &api.NotFoundError{Kind: "task", Name: id, Hint: "that is a campaign's id; for campaigns it is: " + f.Hint().Vast(line...)}
}
