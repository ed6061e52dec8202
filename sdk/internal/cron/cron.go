// Package cron checks cron expressions as Kubernetes' CronJobs do: five fields, or
// one of the words such as "@daily".
package cron

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// field is one field of an expression.
type field struct {
	name     string
	min, max int
	// names stand for the numbers from min on.
	names []string
}

var fields = []field{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of week", 0, 6, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

var words = []string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}

// Check returns what is wrong with an expression, in one line, or nil.
func Check(expr string) error {
	if strings.HasPrefix(expr, "TZ=") || strings.HasPrefix(expr, "CRON_TZ=") {
		return errors.New(`it cannot name a time zone; use "timeZone"`)
	}
	if every, ok := strings.CutPrefix(expr, "@every "); ok {
		if d, err := time.ParseDuration(every); err != nil || d < time.Second {
			return errors.New(`"@every" needs a duration of at least one second, for example "@every 1h30m"`)
		}
		return nil
	}
	if strings.HasPrefix(expr, "@") {
		if !slices.Contains(words, expr) {
			return fmt.Errorf("known words are %s and @every", strings.Join(words, ", "))
		}
		return nil
	}
	parts := strings.Fields(expr)
	if len(parts) != len(fields) {
		return fmt.Errorf("it has %d fields, not %d: minute, hour, day of month, month, day of week", len(parts), len(fields))
	}
	for i, f := range fields {
		for _, item := range strings.Split(parts[i], ",") {
			if err := f.check(item); err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
		}
	}
	return nil
}

// check checks one item of a field's list: "*", "5", "1-5", "*/10", "1-5/2".
func (f field) check(item string) error {
	span, step, stepped := strings.Cut(item, "/")
	if stepped {
		if n, err := number(step); err != nil || n < 1 {
			return fmt.Errorf("the step %q is no number above 0", short(step))
		}
	}
	if span == "*" || span == "?" {
		return nil
	}
	first, last, ranged := strings.Cut(span, "-")
	a, err := f.value(first)
	if err != nil || !ranged {
		return err
	}
	b, err := f.value(last)
	if err == nil && b < a {
		err = fmt.Errorf("the range %q ends before it begins", short(span))
	}
	return err
}

func (f field) value(s string) (int, error) {
	if i := slices.Index(f.names, strings.ToLower(s)); i >= 0 {
		return f.min + i, nil
	}
	n, err := number(s)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is not from %d to %d", short(s), f.min, f.max)
	}
	return n, nil
}

// number accepts digits alone.
func number(s string) (int, error) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.Atoi(s)
}

func short(s string) string {
	if len(s) > 20 {
		return s[:20] + "..."
	}
	return s
}
