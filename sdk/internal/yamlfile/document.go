package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	byteOrderMark = "\ufeff"
	// maxDepth is far above what the format needs (a pod_config has about
	// 15 levels) and far below what would trouble a recursive reader.
	maxDepth = 64
	// MaxDocuments is far above any pipeline.
	MaxDocuments = 1000
)

// Documents turns bytes into the file's documents, with the empty ones left
// out. Everything that makes the bytes no YAML of ours (size, encoding,
// syntax, duplicate keys, alias bombs, depth) becomes a problem here, so that
// the rest of the package meets well-formed trees only.
func (r *Reader) Documents(data []byte) []*Node {
	if !r.readable(data) {
		return nil
	}
	// Byte order marks and Windows line ends are fine in YAML, but the
	// column of a problem should not count the mark.
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	var roots []*yaml.Node
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.syntax(data, err)
			return nil
		}
		if len(doc.Content) > 0 && !isNull(doc.Content[0]) {
			roots = append(roots, doc.Content[0])
		}
		if len(roots) > MaxDocuments {
			r.Add(doc.Content[0].Line, 1, "", fmt.Sprintf("the file has more than %d documents", MaxDocuments))
			return nil
		}
	}
	if len(roots) == 0 {
		r.Add(0, 0, "", "the file is empty: no "+r.format.Contents+" is in it")
		return nil
	}
	b := &builder{r: r}
	docs := make([]*Node, len(roots))
	for i, root := range roots {
		label := ""
		if len(roots) > 1 {
			label = "[" + strconv.Itoa(i) + "]"
		}
		docs[i] = b.build(root, nil, label, 0, 0)
	}
	if b.broken {
		return nil
	}
	return docs
}

func (r *Reader) readable(data []byte) bool {
	w := r.format
	switch {
	case len(data) > w.MaxBytes:
		r.Add(0, 0, "", fmt.Sprintf("the file is larger than %d KiB, the most that a %s file may have; data belongs in %s", w.MaxBytes>>10, w.Kind, w.Data))
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		r.Add(0, 0, "", "the file is not text: a "+w.Kind+" file is YAML in UTF-8")
	default:
		return true
	}
	return false
}

// Format is what differs between the kinds of files before they are decoded.
type Format struct {
	// kind names the files in messages: "task".
	Kind string
	// contents names what a file may hold, for one that is empty: "task, pipeline
	// or volume".
	Contents string
	// data says where data belongs that makes a file too large.
	Data string
	// maxBytes is the size of the largest file that is read, and maxAliased the
	// number of values that all aliases of a file may stand for together, since
	// aliases of aliases grow exponentially.
	MaxBytes, MaxAliased int
	// hint returns what to add to a message about a mapping or a list where
	// something else belongs; nil for nothing.
	Hint func(*Node) string
}

func isNull(y *yaml.Node) bool {
	return y.Kind == yaml.ScalarNode && y.ShortTag() == "!!null"
}

var (
	yamlLine   = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)
	tabTrouble = regexp.MustCompile(`tab character|cannot start any token`)
	tabIndent  = regexp.MustCompile(`(?m)^ *\t`)
	// NoBlank finds "key:value" at the beginning of a line. A URL's "://"
	// and an image's "name:tag" in a list do not look like that.
	NoBlank = regexp.MustCompile(`(?m)^[ ]*(?:- )?([A-Za-z_][A-Za-z0-9_-]*):([^\s:/][^\n]*)$`)
)

// syntax reports what the YAML library says. Of the two most common slips,
// whose messages there mislead, it points at the cause instead.
func (r *Reader) syntax(data []byte, err error) {
	msg, line := err.Error(), 0
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		line, _ = strconv.Atoi(m[1])
		msg = msg[len(m[0]):]
	}
	// The library counts some lines from 0, so the cause is looked for in the
	// line that it names and in those beside it.
	line = min(max(line, 1), bytes.Count(data, []byte("\n"))+1)
	rest := linesFrom(data, line-1, -1)
	off := len(data) - len(rest)
	if at := tabIndent.FindIndex(linesFrom(rest, 1, 3)); at != nil && tabTrouble.MatchString(msg) {
		l, c := position(data, off+at[1]-1)
		r.Add(l, c, "", "a tab is used as indentation; YAML requires spaces")
		return
	}
	if m := NoBlank.FindSubmatchIndex(linesFrom(rest, 1, 2)); m != nil {
		l, c := position(data, off+m[2])
		r.Add(l, c, "", fmt.Sprintf("a blank is missing behind the colon: write \"%s: ...\"", rest[m[2]:m[3]]))
		return
	}
	r.Add(line, 1, "", "this is not YAML: "+msg)
}

// linesFrom returns n lines of data (all when negative), starting at a line
// that counts from 1.
func linesFrom(data []byte, first, n int) []byte {
	for i := 1; i < first; i++ {
		nl := bytes.IndexByte(data, '\n')
		if nl < 0 {
			return nil
		}
		data = data[nl+1:]
	}
	end := 0
	for ; n != 0; n-- {
		nl := bytes.IndexByte(data[end:], '\n')
		if nl < 0 {
			return data
		}
		end += nl + 1
	}
	return data[:end]
}

// position returns the line and the column (in characters) of a byte offset.
func position(data []byte, off int) (line, col int) {
	before := data[:off]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[start:]) + 1
}
