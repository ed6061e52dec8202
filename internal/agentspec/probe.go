package agentspec

// ProbeResult is what our own image finds out inside the cluster; it prints it
// as one line of JSON. What was not tried is nil.
type ProbeResult struct {
	DNS   *ProbeFinding `json:"dns,omitempty"`
	Store *ProbeFinding `json:"store,omitempty"`
}

// ProbeFinding is one thing that was tried, and what came of it in words.
type ProbeFinding struct {
	OK   bool   `json:"ok"`
	Seen string `json:"seen"`
}
