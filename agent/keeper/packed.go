package keeper

import (
	"bufio"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// maxOutcomes is how much of the file is read.
const maxOutcomes = 16 << 20

// readOutcomes reads how packed runs have ended, by their names. Where there is
// no such file, none has.
func readOutcomes(file string) (codes map[string]int32) {
	readPacked(file, func(r io.Reader) { codes = parseOutcomes(r) })
	return codes
}

// readTimes reads when packed runs began and ended, by their names, from the file
// beside that of their outcomes.
func readTimes(outcomes string) (times map[string]span) {
	if outcomes != "" {
		readPacked(outcomes+".times", func(r io.Reader) { times = parseTimes(r) })
	}
	return times
}

// readPacked has a file read that is written in the user's container.
func readPacked(file string, read func(io.Reader)) {
	if file == "" {
		return
	}
	root, err := openFolder(filepath.Dir(file))
	if err != nil {
		return
	}
	defer root.Close()
	opened, _, err := root.open(filepath.Base(file))
	if err != nil {
		return
	}
	defer opened.Close()
	read(io.LimitReader(opened, maxOutcomes))
}

// span is from when to when one of several runs in a pod took.
type span struct{ started, ended time.Time }

// parseTimes takes lines "<name> <start> <end>" in seconds since 1970.
func parseTimes(r io.Reader) map[string]span {
	times := map[string]span{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 3 {
			continue
		}
		name := strings.Join(words[:len(words)-2], " ")
		from, err1 := strconv.ParseInt(words[len(words)-2], 10, 64)
		to, err2 := strconv.ParseInt(words[len(words)-1], 10, 64)
		if err1 == nil && err2 == nil {
			times[name] = span{time.Unix(from, 0).UTC(), time.Unix(to, 0).UTC()}
		}
	}
	return times
}

// within is the span if it is between the start and the end of the container
// that recorded it, which may write anything; else these.
func (s span) within(started, ended time.Time) (from, to time.Time) {
	if s.started.Before(started) || s.ended.Before(s.started) || s.ended.After(ended.Add(time.Second)) {
		return started, ended
	}
	return s.started, s.ended
}

// parseOutcomes takes lines "<name> <exit code>". A line that is being written
// is taken when it is whole.
func parseOutcomes(r io.Reader) map[string]int32 {
	codes := map[string]int32{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return codes
		}
		line = strings.TrimSpace(line)
		if i := strings.LastIndexByte(line, ' '); i > 0 {
			if code, err := strconv.ParseInt(line[i+1:], 10, 32); err == nil {
				codes[line[:i]] = int32(code)
			}
		}
	}
}
