package kube

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
)

func TestLabelValue(t *testing.T) {
	tests := map[string]struct{ in, want string }{
		"a valid value stays":                     {"alice", "alice"},
		"dots, dashes and upper case stay":        {"Alice.B-c_d", "Alice.B-c_d"},
		"an empty one stays empty":                {"", ""},
		"an address gets a hash":                  {"a@b.org", "a-b.org-" + shortHash("a@b.org")},
		"a value without a single good character": {"☃", shortHash("☃")},
		"one that looks hashed is hashed again":   {"a-0123456789", "a-0123456789-" + shortHash("a-0123456789")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := LabelValue(tc.in); got != tc.want {
				t.Errorf("LabelValue(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestTwoUsersNeverShareALabel(t *testing.T) {
	seen := map[string]string{}
	for _, user := range []string{"a:b", "a/b", "a_b", "a-b", "a@b", "a b", "A-b", "a-b-", "-a-b", "é", "è",
		strings.Repeat("x", 63), strings.Repeat("x", 64), strings.Repeat("x", 80), LabelValue("a:b"), LabelValue("é")} {
		label := LabelValue(user)
		if other, taken := seen[label]; taken {
			t.Errorf("%q and %q both become %q", user, other, label)
		}
		seen[label] = user
	}
}

func FuzzLabelValue(f *testing.F) {
	for _, s := range []string{"", "alice", "a@b", "system:serviceaccount:x:y", "é", "-", strings.Repeat("a", 100)} {
		f.Add(s, s+"x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, s := range []string{a, b} {
			if problems := validation.IsValidLabelValue(LabelValue(s)); len(problems) > 0 {
				t.Errorf("LabelValue(%q) = %q: %v", s, LabelValue(s), problems)
			}
			if s != "" && LabelValue(s) == "" {
				t.Errorf("LabelValue(%q) is empty", s)
			}
		}
		if a != b && LabelValue(a) == LabelValue(b) {
			t.Errorf("%q and %q both become %q", a, b, LabelValue(a))
		}
	})
}

func TestJobName(t *testing.T) {
	long := strings.Repeat("long-", 30)
	tests := map[string]struct{ name, want string }{
		"a plain name":             {"train", "train-abcdefgh"},
		"no name":                  {"", "task-abcdefgh"},
		"upper case is folded":     {"Train_V2.1", "train-v2-1-abcdefgh"},
		"a digit cannot begin it":  {"2nd", "t-2nd-abcdefgh"},
		"only signs":               {"___", "task-abcdefgh"},
		"the middle is cut out":    {long + "end", JobName(long+"end", "abcdefgh")},
		"emoji become dashes":      {"a🚀b", "a-b-abcdefgh"},
		"dashes at the ends go":    {"-a-", "a-abcdefgh"},
		"trailing signs are shed":  {"v1.", "v1-abcdefgh"},
		"inner dots become dashes": {"a.b", "a-b-abcdefgh"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := JobName(tc.name, "abcdefgh"); got != tc.want {
				t.Errorf("JobName(%q) = %q, want %q", tc.name, got, tc.want)
			}
		})
	}
	if a, b := JobName(long+"a-end", "abcdefgh"), JobName(long+"b-end", "abcdefgh"); a == b {
		t.Errorf("two long names both become %q", a)
	}
	if got := JobName(long+"end", "abcdefgh"); !strings.HasPrefix(got, "long-long-") || !strings.HasSuffix(got, "-end-abcdefgh") {
		t.Errorf("both ends of a long name must stay, got %q", got)
	}
}

func FuzzJobName(f *testing.F) {
	for _, s := range []string{"", "train", "2nd", "Ünïcödé", strings.Repeat("a-", 60), "---"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name := JobName(s, "abcdefgh")
		// The pods' host names are <job>-<rank>; the Service is called as
		// the Job, and its name must begin with a letter.
		if problems := validation.IsDNS1123Label(name + "-99999"); len(problems) > 0 {
			t.Errorf("JobName(%q) = %q: %v", s, name, problems)
		}
		if problems := validation.IsDNS1035Label(name); len(problems) > 0 {
			t.Errorf("JobName(%q) = %q: %v", s, name, problems)
		}
	})
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewID()
		if len(id) != IDLength || strings.Trim(id, idAlphabet) != "" || seen[id] {
			t.Fatalf("NewID() = %q", id)
		}
		seen[id] = true
	}
	first, again := DerivedID("a", "b"), DerivedID("a", "b")
	if first != again || first == DerivedID("ab", "") {
		t.Error("a derived id must depend on its parts, and on nothing else")
	}
}
