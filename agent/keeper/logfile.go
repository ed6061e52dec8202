package keeper

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// logFile is where a container's log is collected.
func logFile(dir, container string) string { return filepath.Join(dir, container+".log") }

// openLogFile opens a container's log to append to it. What an earlier sidecar
// has written stays: Kubernetes may have only its end, since a long log is cut
// off at its beginning. The writer detects which lines are in the file.
func openLogFile(path string) (*os.File, *logWriter, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	w := &logWriter{out: io.Discard}
	whole, err := wholeLines(file)
	if err == nil {
		err = file.Truncate(whole) // the sidecar may have ended in a line, which comes again
	}
	if err == nil {
		_, err = w.copy(io.NewSectionReader(file, 0, whole))
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	w.out = file
	return file, w, nil
}

// wholeLines is how much of a file are lines with an end.
func wholeLines(file *os.File) (int64, error) {
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	buf := make([]byte, maxLogRead)
	for end := info.Size(); end > 0; {
		part := buf[:min(end, maxLogRead)]
		end -= int64(len(part))
		if _, err := file.ReadAt(part, end); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return end + int64(i) + 1, nil
		}
	}
	return 0, nil
}
