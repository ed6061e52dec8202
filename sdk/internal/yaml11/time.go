package yaml11

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var timeForm = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(?:(Z)|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)$`)

// Time is a date, or a date and a time. Its String is that of Python's.
type Time struct {
	time.Time
	// Date says that it has no time.
	Date bool
	// Zoned says that it has a time zone.
	Zoned bool
}

func (t Time) String() string {
	layout := "2006-01-02"
	if !t.Date {
		layout += " 15:04:05"
		if t.Nanosecond() != 0 {
			layout += ".000000"
		}
		if t.Zoned {
			layout += "-07:00"
		}
	}
	return t.Format(layout)
}

// parseTime reads a date or a time that exists.
func parseTime(s string) (Time, bool) {
	m := timeForm.FindStringSubmatch(s)
	if m == nil {
		return Time{}, false
	}
	if m[1] == "" {
		t, err := time.Parse("2006-01-02", s)
		return Time{Time: t, Date: true}, err == nil && t.Year() > 0
	}
	fraction := m[7]
	fraction = fraction[:min(len(fraction), 6)]
	zone := time.UTC
	if m[9] != "" {
		hours, _ := strconv.Atoi(m[10])
		minutes, _ := strconv.Atoi("0" + m[11])
		offset := hours*3600 + minutes*60
		if offset >= 24*3600 {
			return Time{}, false
		}
		if m[9] == "-" {
			offset = -offset
		}
		zone = time.FixedZone("", offset)
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	// time.Parse refuses a time that does not exist, as time.Date does not.
	text := fmt.Sprintf("%s-%02d-%02d %02d:%s:%s.%s", m[1], number(m[2]), number(m[3]), number(m[4]), m[5], m[6], fraction)
	layout := "2006-01-02 15:04:05."
	for range fraction {
		layout += "0"
	}
	if fraction == "" {
		layout, text = layout[:len(layout)-1], text[:len(text)-1]
	}
	t, err := time.ParseInLocation(layout, text, zone)
	return Time{Time: t, Zoned: m[8] != "" || m[9] != ""}, err == nil && t.Year() > 0
}
