package keeper

import (
	"bufio"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

// maxOutcomes is how much of the file is read.
const maxOutcomes = 16 << 20

// readOutcomes reads how packed runs have ended, by their names. Where there is
// no such file, none has.
func readOutcomes(file string) map[string]int32 {
	if file == "" {
		return nil
	}
	root, err := openFolder(filepath.Dir(file))
	if err != nil {
		return nil
	}
	defer root.Close()
	opened, _, err := root.open(filepath.Base(file))
	if err != nil {
		return nil
	}
	defer opened.Close()
	return parseOutcomes(io.LimitReader(opened, maxOutcomes))
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
