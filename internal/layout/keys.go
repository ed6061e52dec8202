// Package layout is the format of the objects in the store: their keys, the
// inventory of a result, and the lines by which a process reports its progress.
// It is pure; the agent writes by it and the clients read by it.
package layout

import (
	"fmt"
	"strconv"
	"strings"
)

// The layout of the store. Below a result's prefix lie the files as the process
// wrote them, see FileKey, and what we add under "_vast/".
//
//	inputs/<sha256>                               packs of workdir, file mounts, campaign files
//	tasks/<task id>/<rank>/...                    result of one node
//	tasks/<task id>/refs/<run id>                 empty: a run of a workflow that uses these results
//	dropped/<task id or campaign>/<run id>        empty: a run that used them and was deleted
//	runs/<run id>/events/<number>.jsonl           events of a run from that number on, in 12 digits
//	campaigns/<campaign>/record.json              what the campaign is; see package campaign
//	campaigns/<campaign>/_config/...              its file and what belongs to it
//	campaigns/<campaign>/<config>/<run>/...       result of one run
//	campaigns/<campaign>/_jobs/<job>/...          logs of packed runs
//	index/<campaign>/_refs/<run id>               empty: a run of a workflow that uses its results
//	index/<campaign>/<config>/<run>/<outcome>     empty: the outcome, for who lists only
//	index/runs/<namespace>/...                    runs of workflows that have ended; see package history
//	archives/<campaign>.tar.gz
const (
	Inputs    = "inputs/"
	Tasks     = "tasks/"
	Dropped   = "dropped/"
	Runs      = "runs/"
	Campaigns = "campaigns/"
	Index     = "index/"
	Archives  = "archives/"

	// Own is the folder below a result's prefix that is ours.
	Own           = "_vast/"
	InventoryFile = Own + "manifest.json"
	LogDir        = Own + "logs/"
)

// InputKey is the key of a pack: sum is the SHA-256 of its content, in hex.
func InputKey(sum string) string { return Inputs + sum }

// TaskPrefix is where the results of a task's nodes lie.
func TaskPrefix(taskID string) string { return Tasks + taskID + "/" }

// NodePrefix is the prefix of the result of one node.
func NodePrefix(taskID string, rank int) string {
	return fmt.Sprintf("%s%d/", TaskPrefix(taskID), rank)
}

// RefsPrefix is the prefix of the references to the results of a task of a workflow.
func RefsPrefix(taskID string) string { return TaskPrefix(taskID) + "refs/" }

// RefKey is the key of the empty object by which a run refers to the results of a task.
func RefKey(taskID, run string) string { return RefsPrefix(taskID) + run }

// CampaignRefsPrefix is the prefix of the references to the results of a campaign that is a
// task of a workflow.
func CampaignRefsPrefix(campaign string) string { return CampaignIndex(campaign) + "_refs/" }

// CampaignRefKey is the key of the empty object by which a run refers to the results of a
// campaign.
func CampaignRefKey(campaign, run string) string { return CampaignRefsPrefix(campaign) + run }

// DroppedPrefix is the prefix of the references to a task's results that were dropped.
func DroppedPrefix(taskID string) string { return Dropped + taskID + "/" }

// DroppedKey is the key of the empty object that records a reference that was dropped. The
// results of a task with such an object and without references are garbage.
func DroppedKey(taskID, run string) string { return DroppedPrefix(taskID) + run }

// EventsPrefix is the prefix of the recorded events of a workflow's run.
func EventsPrefix(run string) string { return Runs + run + "/events/" }

// EventsKey is the key of the events of a run from a sequence number on. Keys sort as the
// numbers do.
func EventsKey(run string, first int64) string {
	return fmt.Sprintf("%s%012d.jsonl", EventsPrefix(run), first)
}

// EventsFirst returns the sequence number in a key of EventsKey, and whether it is one.
func EventsFirst(run, key string) (int64, bool) {
	number, isPart := strings.CutSuffix(strings.TrimPrefix(key, EventsPrefix(run)), ".jsonl")
	first, err := strconv.ParseInt(number, 10, 64)
	return first, isPart && err == nil && first > 0
}

// CampaignPrefix is the prefix of all objects of a campaign.
func CampaignPrefix(campaign string) string { return Campaigns + campaign + "/" }

// RunPrefix is the prefix of the result of one run. Runs count from 0.
func RunPrefix(campaign, config string, run int) string {
	return fmt.Sprintf("%s%s/%d/", CampaignPrefix(campaign), config, run)
}

// JobsPrefix is where the logs of a campaign's packed runs lie, by their Jobs.
func JobsPrefix(campaign string) string { return CampaignPrefix(campaign) + "_jobs/" }

// JobPrefix is where the logs of one Job of packed runs lie.
func JobPrefix(campaign, job string) string { return JobsPrefix(campaign) + job + "/" }

// CampaignIndex is the prefix of a campaign's index.
func CampaignIndex(campaign string) string { return Index + campaign + "/" }

// RunIndex is the prefix of the one index entry that a run gets.
func RunIndex(campaign, config string, run int) string {
	return fmt.Sprintf("%s%s/%d/", CampaignIndex(campaign), config, run)
}

// RunsPrefix is the prefix of the history of the runs of workflows of a namespace. No campaign
// has the id "runs": an id ends with a time.
func RunsPrefix(namespace string) string { return Index + "runs/" + namespace + "/" }

// IndexKey is the key of the empty object that records an outcome.
func IndexKey(index string, o Outcome) string { return index + o.Word() }

// ParseRunIndex takes an index key of a campaign apart.
func ParseRunIndex(campaign, key string) (config string, run int, outcome Outcome, ok bool) {
	parts := strings.Split(strings.TrimPrefix(key, CampaignIndex(campaign)), "/")
	if len(parts) != 3 {
		return "", 0, Outcome{}, false
	}
	if _, err := fmt.Sscanf(parts[1], "%d", &run); err != nil {
		return "", 0, Outcome{}, false
	}
	outcome, ok = ParseWord(parts[2])
	return parts[0], run, outcome, ok
}
