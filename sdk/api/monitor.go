package api

// CampaignListOptions choose campaigns. The zero value means the caller's own in
// the namespace: those that have not ended, and those of the last day.
type CampaignListOptions struct {
	// Refs are refs as sdk.Campaign has them. With them whose campaigns they
	// are and how old does not matter.
	Refs []string
	// Ended adds those that ended longer ago.
	Ended bool
	// AllUsers adds everybody's.
	AllUsers bool
	// AllNamespaces selects all namespaces that have campaigns, and excludes
	// Refs.
	AllNamespaces bool
	// Brief omits all but the content of the records: it is one listing, and
	// neither counts nor states.
	Brief bool
	// Progress fills in Campaign.Active, by one more listing.
	Progress bool
}

// RunProgress is the last progress of a run that has not ended.
type RunProgress struct {
	// Run is "<config>/<run>".
	Run      string `json:"run"`
	TaskID   string `json:"taskID,omitempty"`
	Progress `json:",inline"`
}
