package cron

import (
	"strings"
	"testing"
)

func TestWhatKubernetesAcceptsIsAccepted(t *testing.T) {
	for _, expr := range []string{
		"* * * * *", "0 3 * * *", "*/5 0-23/2 1,15 jan-DEC MON-fri", "59 23 31 12 6", "? ? ? ? ?", "5/15 * * * *",
		"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually", "@every 1h30m",
	} {
		if err := Check(expr); err != nil {
			t.Errorf("%q: %v", expr, err)
		}
	}
}

func TestWrongExpressionsAreRefused(t *testing.T) {
	for expr, want := range map[string]string{
		"":                                   "it has 0 fields, not 5",
		"* * * *":                            "it has 4 fields, not 5",
		"0 0 3 * * *":                        "it has 6 fields, not 5",
		"60 * * * *":                         `minute: "60" is not from 0 to 59`,
		"* 24 * * *":                         `hour: "24" is not from 0 to 23`,
		"* * 0 * *":                          `day of month: "0" is not from 1 to 31`,
		"* * * jan-foo *":                    `month: "foo" is not from 1 to 12`,
		"* * * * 7":                          `day of week: "7" is not from 0 to 6`,
		"* * * * mon,":                       `day of week: "" is not from 0 to 6`,
		"*/0 * * * *":                        `minute: the step "0" is no number above 0`,
		"*/x * * * *":                        `minute: the step "x" is no number above 0`,
		"9-5 * * * *":                        `minute: the range "9-5" ends before it begins`,
		"+1 * * * *":                         `minute: "+1" is not from 0 to 59`,
		"@dayly":                             "known words are @yearly",
		"@every":                             "known words are @yearly",
		"@every 1":                           `"@every" needs a duration`,
		"@every 10ms":                        `"@every" needs a duration`,
		"TZ=UTC * * * * *":                   `it cannot name a time zone; use "timeZone"`,
		"CRON_TZ=UTC * * * * *":              `it cannot name a time zone; use "timeZone"`,
		strings.Repeat("9", 99) + " * * * *": `minute: "99999999999999999999..." is not from 0 to 59`,
	} {
		if err := Check(expr); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", expr, err, want)
		}
	}
}
