package layout

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/kubevast/vast/internal/text"
	"github.com/kubevast/vast/sdk/api"
)

// RecordVersion is the version of Record's format.
const RecordVersion = 1

// MaxRecord bounds what is read of a record, in bytes: a million configurations
// have some 60 MB of names.
const MaxRecord = 256 << 20

// What is stored beside a campaign's results.
const (
	RecordFile = "record.json"
	ConfigDir  = "_config/"
	// ConfigurationsFile holds the expanded configurations: what was drawn
	// at random is drawn once.
	ConfigurationsFile = ConfigDir + "configurations.yaml"
	// ExecutionFile holds how the runs are executed, with what the command
	// line added: a spec.Execution.
	ExecutionFile = ConfigDir + "execution.json"
)

// RecordKey is the key of a campaign's record in the store.
func RecordKey(campaign string) string { return CampaignPrefix(campaign) + RecordFile }

// Record describes a campaign: enough to finish making its Jobs, and to count
// its runs when their Jobs are gone. It is written before the first Job.
type Record struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	// Name is the first part of the id, as the user wrote it.
	Name      string    `json:"name"`
	User      string    `json:"user"`
	Context   string    `json:"context,omitempty"`
	Namespace string    `json:"namespace"`
	Created   time.Time `json:"created"`

	// File is the .vast file as the user named it. Its copy is
	// _config/<base name>, and Inputs the pack of what goes into /config.
	File       string `json:"file"`
	FileSHA256 string `json:"fileSHA256"`
	Inputs     string `json:"inputs,omitempty"`
	// Scenario is the name of the scenario that its file declares; the
	// parameters stand below it. Empty without a scenario.
	Scenario string `json:"scenario,omitempty"`

	Image string `json:"image"`
	// ImageID is the digest of the image that ran, recorded when the campaign's
	// state is read after a run has ended.
	ImageID    string `json:"imageID,omitempty"`
	AgentImage string `json:"agentImage,omitempty"`

	Queue string `json:"queue,omitempty"`
	// Priority is the WorkloadPriorityClass.
	Priority string `json:"priority,omitempty"`
	Profile  string `json:"profile,omitempty"`
	// KeepSeconds is how long an ended Job stays.
	KeepSeconds int64 `json:"keepSeconds"`

	// Configs are the names of the configurations, in their order. In the
	// cluster's copy they are left out when there are very many, and so is
	// Selected; ConfigCount and Total are always there.
	Configs     []string `json:"configs,omitempty"`
	ConfigCount int      `json:"configCount"`
	// Runs of each configuration, numbered from 0.
	Runs int `json:"runs"`
	// Selected are the only runs that there are; empty for all.
	Selected []RunRef `json:"selected,omitempty"`
	// Total counts the runs, Jobs the Jobs that they make.
	Total      int `json:"total"`
	Jobs       int `json:"jobs"`
	RunsPerJob int `json:"runsPerJob"`
	// RerunOf is the campaign whose failed runs these are.
	RerunOf string `json:"rerunOf,omitempty"`

	// Random drew the random values of the configurations: what Drawn
	// returns. Records that name nothing are older than the choice.
	Random api.Random `json:"random,omitempty"`

	// Versions of what made it: "kubevast", "kubernetes".
	Versions map[string]string `json:"versions,omitempty"`

	// Complete: all Jobs were made. Held and Stopped are what its user asked
	// for since.
	Complete bool `json:"complete"`
	Held     bool `json:"held,omitempty"`
	Stopped  bool `json:"stopped,omitempty"`
	// StoppedBy is who.
	StoppedBy string `json:"stoppedBy,omitempty"`

	// UID is that of the ConfigMap that it was read from, empty for the
	// store's copy. It is no part of the format.
	UID string `json:"-"`
}

// Belongs reports a record that is not that of this campaign in this namespace
// as *api.ConflictError. Users with the right to write ConfigMaps or objects of
// the store can forge a record; where names the copy.
func (r *Record) Belongs(campaign, namespace, where string) error {
	switch {
	case r.ID != campaign:
		return &api.ConflictError{Message: fmt.Sprintf("%s is a record of campaign %s, and not of %s, whose place it has: it was changed or copied there, and is not used", where, quote(r.ID), quote(campaign))}
	case r.Namespace != namespace:
		return &api.ConflictError{Message: fmt.Sprintf("%s is a record of campaign %s in namespace %s, and this is namespace %q", where, campaign, quote(r.Namespace), namespace),
			Remedies: []api.Remedy{{Options: []string{"Namespace=" + strings.Trim(quote(r.Namespace), `"`)}, Purpose: "look there if that is right"}}}
	}
	return nil
}

// quote is a text from a record for a message: of bounded length, and nothing in
// it that a terminal obeys.
func quote(s string) string {
	return strconv.Quote(text.Short(s, 80))
}

// Drawn is what drew the campaign's random values.
func (r *Record) Drawn() api.Random { return cmp.Or(r.Random, api.RandomLegacy) }

// RunRef names one run of a campaign.
type RunRef struct {
	Config string `json:"config"`
	Run    int    `json:"run"`
}

// String is "<config>/<run>".
func (r RunRef) String() string { return fmt.Sprintf("%s/%d", r.Config, r.Run) }

// All yields the campaign's runs in the order in which their Jobs are made:
// each configuration once, then each once more. Of the cluster's copy of a
// very big record it yields nothing.
func (r *Record) All() iter.Seq[RunRef] {
	return func(yield func(RunRef) bool) {
		for _, ref := range r.Selected {
			if !yield(ref) {
				return
			}
		}
		if len(r.Selected) > 0 {
			return
		}
		for run := range r.Runs {
			for _, config := range r.Configs {
				if !yield(RunRef{config, run}) {
					return
				}
			}
		}
	}
}

// Marshal writes the record in the form of the store.
func (r *Record) Marshal() []byte {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		panic("keep: a record must have a JSON form: " + err.Error())
	}
	return append(data, '\n')
}

// ParseRecord reads what Marshal wrote.
func ParseRecord(data []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("the record of a campaign cannot be read: %w", err)
	}
	if r.Version != RecordVersion || r.ID == "" {
		return nil, fmt.Errorf("the record of a campaign is of version %d; this program reads version %d", r.Version, RecordVersion)
	}
	return r, nil
}
