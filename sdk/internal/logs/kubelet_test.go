package logs

import (
	"bytes"
	"time"
)

// record is one record of a container's log file.
type record struct {
	at      time.Time
	text    string
	partial bool // the line continues in the next record
}

// render answers a request for a log as the kubelet does
// (k8s.io/cri-client/pkg/logs): it passes over records that are older than
// since, one by one, and puts a timestamp before what follows a newline,
// whether that was passed over or not.
func render(records []record, since time.Time, tail int) []byte {
	if tail >= 0 && tail < len(records) {
		records = records[len(records)-tail:]
	}
	var out bytes.Buffer
	newLine := true
	for _, r := range records {
		text := r.text
		if !r.partial {
			text += "\n"
		}
		if !r.at.Before(since) {
			if newLine {
				out.WriteString(r.at.Format("2006-01-02T15:04:05.000000000Z07:00") + " ")
			}
			out.WriteString(text)
		}
		newLine = text == "" || text[len(text)-1] == '\n'
	}
	return out.Bytes()
}

// printed is what the container wrote.
func printed(records []record) string {
	var out bytes.Buffer
	for _, r := range records {
		out.WriteString(r.text)
		if !r.partial {
			out.WriteByte('\n')
		}
	}
	return out.String()
}
