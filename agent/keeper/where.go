package keeper

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevast/vast/internal/agentspec"
)

// Where is the pod that the sidecar is in.
type Where struct {
	Pod, Namespace, Machine string
	PodUID, JobUID          types.UID
	Rank                    int
	// Scratch is the sidecar's own folder.
	Scratch string
	// Patience is how long a store is waited for in the end; 0 for the default.
	Patience time.Duration
}

// envPatience is for tests of a store that stays away.
const envPatience = "VAST_KEEP_PATIENCE"

// FromEnv reads the orders and the location of the sidecar; see package
// agentspec. All that is missing is reported at once.
func FromEnv() (agentspec.Keep, Where, error) {
	w := Where{
		Pod: os.Getenv(agentspec.EnvPodName), Namespace: os.Getenv(agentspec.EnvPodNamespace), Machine: os.Getenv(agentspec.EnvNodeName),
		PodUID: types.UID(os.Getenv(agentspec.EnvPodUID)), JobUID: types.UID(os.Getenv(agentspec.EnvJobUID)),
		Scratch: Scratch(),
	}
	var o agentspec.Keep
	var problems []error
	for _, name := range []string{agentspec.EnvPodName, agentspec.EnvPodNamespace, agentspec.EnvPodUID} {
		if os.Getenv(name) == "" {
			problems = append(problems, fmt.Errorf("%s is not set", name))
		}
	}
	if err := json.Unmarshal([]byte(os.Getenv(agentspec.EnvKeep)), &o); err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", agentspec.EnvKeep, err))
	}
	rank, err := strconv.Atoi(cmp.Or(os.Getenv(agentspec.EnvNodeRank), "0"))
	if err != nil {
		problems = append(problems, fmt.Errorf("%s: %w", agentspec.EnvNodeRank, err))
	}
	w.Rank = rank
	if text := os.Getenv(envPatience); text != "" {
		if w.Patience, err = time.ParseDuration(text); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", envPatience, err))
		}
	}
	return ranked(o, rank), w, errors.Join(problems...)
}

// Scratch is the sidecar's own folder.
func Scratch() string { return cmp.Or(os.Getenv(agentspec.EnvScratch), agentspec.ScratchDir) }

// ranked puts the rank in where the orders leave room for it.
func ranked(o agentspec.Keep, rank int) agentspec.Keep {
	fill := strings.NewReplacer(agentspec.RankPlaceholder, strconv.Itoa(rank))
	o.LogPrefix = fill.Replace(o.LogPrefix)
	for i := range o.Results {
		r := &o.Results[i]
		r.Prefix, r.Index, r.Identity.Rank = fill.Replace(r.Prefix), fill.Replace(r.Index), rank
	}
	return o
}
