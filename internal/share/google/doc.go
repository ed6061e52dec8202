// Package google is what the providers of Google's services have in common: the key of
// a service account, requests to a JSON API and their errors, the protocol of resumable
// uploads, and downloads by ranges.
package google
