package yamlfile

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kubevast/vast/internal/text"
)

// Rules are the limits in a struct field's jsonschema tag. The tag is read by
// the JSON Schema generator too, so that editor and parser agree.
type Rules struct {
	Required         bool
	Min, Max, moreBy *float64 // moreBy is exclusiveMinimum
	minLen, maxLen   int
	minItems         int
	maxItems         int
	unique           bool
	Enum             []string
}

type structField struct {
	Name    string
	index   []int
	Typ     reflect.Type
	ignored bool
	Rules   Rules
}

// StructFields lists the fields of a format struct, embedded ones included,
// in the order of their declaration.
func StructFields(t reflect.Type) []structField {
	if known, ok := fieldCache.Load(t); ok {
		return known.([]structField)
	}
	var out []structField
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		out = append(out, structField{
			Name: name, index: f.Index, Typ: f.Type,
			ignored: f.Tag.Get("vast") == "ignored",
			Rules:   parseRules(f.Tag.Get("jsonschema")),
		})
	}
	fieldCache.Store(t, out)
	return out
}

// fieldCache keeps what reflection and the tags say of each type.
var fieldCache sync.Map // reflect.Type -> []structField

func parseRules(tag string) Rules {
	var ru Rules
	number := func(s string) *float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic("yamlfile: bad tag " + tag)
		}
		return &f
	}
	count := func(s string) int { return int(*number(s)) }
	for _, part := range strings.Split(tag, ",") {
		key, val, _ := strings.Cut(part, "=")
		switch key {
		case "required":
			ru.Required = true
		case "minimum":
			ru.Min = number(val)
		case "maximum":
			ru.Max = number(val)
		case "exclusiveMinimum":
			ru.moreBy = number(val)
		case "minLength":
			ru.minLen = count(val)
		case "maxLength":
			ru.maxLen = count(val)
		case "minItems":
			ru.minItems = count(val)
		case "maxItems":
			ru.maxItems = count(val)
		case "uniqueItems":
			ru.unique = true
		case "enum":
			ru.Enum = append(ru.Enum, val)
		}
	}
	return ru
}

// items are the rules that hold for each item of a list: the tag's enum.
func (ru Rules) items() Rules { return Rules{Enum: ru.Enum} }

func (ru Rules) CheckText(r *Reader, n *Node) {
	switch size := utf8.RuneCountInString(n.Text); {
	case ru.minLen > 0 && size < ru.minLen:
		r.Fail(n, "must not be empty")
	case ru.maxLen > 0 && size > ru.maxLen:
		r.Fail(n, "has %d characters; %d are allowed", size, ru.maxLen)
	}
	if len(ru.Enum) == 0 || slices.ContainsFunc(ru.Enum, func(e string) bool { return strings.EqualFold(e, n.Text) }) {
		return
	}
	hint := ""
	if s := text.Nearest(n.Written, ru.Enum); s != "" {
		hint = fmt.Sprintf("; did you mean %q?", s)
	}
	r.Fail(n, "%s is not one of %s%s", n.Quote(), strings.Join(ru.Enum, ", "), hint)
}

func (ru Rules) checkNumber(r *Reader, n *Node, f float64, what string) {
	low := ru.Min != nil && f < *ru.Min || ru.moreBy != nil && f <= *ru.moreBy
	high := ru.Max != nil && f > *ru.Max
	if !low && !high {
		return
	}
	plain := func(f *float64) string { return strconv.FormatFloat(*f, 'f', -1, 64) }
	var want string
	switch {
	case ru.moreBy != nil:
		want = "more than " + plain(ru.moreBy)
	case ru.Max == nil:
		want = "at least " + plain(ru.Min)
	default:
		want = "from " + plain(ru.Min) + " to " + plain(ru.Max)
	}
	r.Fail(n, "must be a %s, %s, not %s", what, want, Shorten(n.Written))
}

func (ru Rules) checkList(r *Reader, n *Node) {
	switch size := len(n.Items); {
	case size < ru.minItems:
		r.Fail(n, "must have at least %d entries", ru.minItems)
	case ru.maxItems > 0 && size > ru.maxItems:
		r.Fail(n, "has %d entries; %d are allowed", size, ru.maxItems)
	}
	if !ru.unique {
		return
	}
	seen := make(map[string]bool, len(n.Items))
	for _, item := range n.Items {
		if seen[item.Text] {
			r.Fail(item, "%s is listed twice", item.Quote())
		}
		seen[item.Text] = true
	}
}
