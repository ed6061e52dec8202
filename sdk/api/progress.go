package api

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Progress is the last progress that a process reported: a line of JSON in
// $OUTPUT_DIR/progress.jsonl. Keys that it lacks stay empty.
type Progress struct {
	// Fraction is 0 to 1.
	Fraction *float64 `json:"fraction,omitempty"`
	// Step is what it is at, a word or a number: "epoch 3".
	Step    string `json:"step,omitempty"`
	Message string `json:"message,omitempty"`
	// Status is a word of the process's own. The last one being "rejected"
	// is an outcome: the input was judged, nothing failed.
	Status string `json:"status,omitempty"`
	// Time is when the line was seen.
	Time metav1.Time `json:"time,omitzero"`
	// BrokenLines counts the lines that could not be read.
	BrokenLines int `json:"brokenLines,omitempty"`
}
