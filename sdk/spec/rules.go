package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// rules are the limits in a struct field's jsonschema tag. The tag is read by
// the JSON Schema generator too, so that editor and parser agree.
type rules struct {
	required         bool
	min, max, moreBy *float64 // moreBy is exclusiveMinimum
	minLen, maxLen   int
	minItems         int
	maxItems         int
	unique           bool
	enum             []string
}

type structField struct {
	name    string
	index   []int
	typ     reflect.Type
	ignored bool
	rules   rules
}

// structFields lists the fields of a format struct, embedded ones included,
// in the order of their declaration.
func structFields(t reflect.Type) []structField {
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
			name: name, index: f.Index, typ: f.Type,
			ignored: f.Tag.Get("vast") == "ignored",
			rules:   parseRules(f.Tag.Get("jsonschema")),
		})
	}
	fieldCache.Store(t, out)
	return out
}

// fieldCache keeps what reflection and the tags say of each type.
var fieldCache sync.Map // reflect.Type -> []structField

func parseRules(tag string) rules {
	var ru rules
	number := func(s string) *float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			panic("spec: bad tag " + tag)
		}
		return &f
	}
	count := func(s string) int { return int(*number(s)) }
	for _, part := range strings.Split(tag, ",") {
		key, val, _ := strings.Cut(part, "=")
		switch key {
		case "required":
			ru.required = true
		case "minimum":
			ru.min = number(val)
		case "maximum":
			ru.max = number(val)
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
			ru.enum = append(ru.enum, val)
		}
	}
	return ru
}

// items are the rules that hold for each item of a list: the tag's enum.
func (ru rules) items() rules { return rules{enum: ru.enum} }

func (ru rules) checkText(r *reader, n *node) {
	switch size := utf8.RuneCountInString(n.text); {
	case ru.minLen > 0 && size < ru.minLen:
		r.fail(n, "must not be empty")
	case ru.maxLen > 0 && size > ru.maxLen:
		r.fail(n, "has %d characters; %d are allowed", size, ru.maxLen)
	}
	if len(ru.enum) == 0 || slices.ContainsFunc(ru.enum, func(e string) bool { return strings.EqualFold(e, n.text) }) {
		return
	}
	hint := ""
	if s := nearest(n.written, ru.enum); s != "" {
		hint = fmt.Sprintf("; did you mean %q?", s)
	}
	r.fail(n, "%s is not one of %s%s", n.quote(), strings.Join(ru.enum, ", "), hint)
}

func (ru rules) checkNumber(r *reader, n *node, f float64, what string) {
	low := ru.min != nil && f < *ru.min || ru.moreBy != nil && f <= *ru.moreBy
	high := ru.max != nil && f > *ru.max
	if !low && !high {
		return
	}
	plain := func(f *float64) string { return strconv.FormatFloat(*f, 'f', -1, 64) }
	var want string
	switch {
	case ru.moreBy != nil:
		want = "more than " + plain(ru.moreBy)
	case ru.max == nil:
		want = "at least " + plain(ru.min)
	default:
		want = "from " + plain(ru.min) + " to " + plain(ru.max)
	}
	r.fail(n, "must be a %s, %s, not %s", what, want, shorten(n.written))
}

func (ru rules) checkList(r *reader, n *node) {
	switch size := len(n.items); {
	case size < ru.minItems:
		r.fail(n, "must have at least %d entries", ru.minItems)
	case ru.maxItems > 0 && size > ru.maxItems:
		r.fail(n, "has %d entries; %d are allowed", size, ru.maxItems)
	}
	if !ru.unique {
		return
	}
	seen := make(map[string]bool, len(n.items))
	for _, item := range n.items {
		if seen[item.text] {
			r.fail(item, "%s stands in the list twice", item.quote())
		}
		seen[item.text] = true
	}
}
