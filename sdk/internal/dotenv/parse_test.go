package dotenv

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lookup(name string) (string, bool) {
	v, ok := map[string]string{"HOME": "/home/me", "EMPTY": "", "SET": "outside", "RAW": "${HOME}"}[name]
	return v, ok
}

// values are the variables as a program finds them.
func values(t *testing.T, text string) map[string]string {
	t.Helper()
	variables, problems := Parse(text, lookup)
	if len(problems) > 0 {
		t.Fatalf("problems %v", problems)
	}
	got := map[string]string{}
	for _, v := range variables {
		got[v.Name] = v.Value
	}
	return got
}

// What is wanted here was printed by dotenv_values of python-dotenv 1.2.2, in
// the environment of lookup.
func TestAFileGivesWhatPythonDotenvGives(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       map[string]string
	}{
		{"a plain value", "A=b", map[string]string{"A": "b"}},
		{"an empty value", "A=\nB=", map[string]string{"A": "", "B": ""}},
		{"an empty file", "", map[string]string{}},
		{"a file of white space and comments", "\n \t\n# A=b\n  # c", map[string]string{}},
		{"no newline at the end", "A=b\nC=d", map[string]string{"A": "b", "C": "d"}},
		{"blanks around the name, the sign and the value", " A = b \n\tC\t=\td\t", map[string]string{"A": "b", "C": "d"}},
		{"blanks within a value stay", "A=b c\nB=b\tc\nC=b  c", map[string]string{"A": "b c", "B": "b\tc", "C": "b  c"}},
		{"every kind of blank is trimmed", "A=\u00a0b\u00a0\nB=\u2003b\u3000\nC=\u000bb\f\u001c", map[string]string{"A": "b", "B": "b", "C": "b"}},
		{"a blank within that is no ASCII", "A=b\u00a0 c", map[string]string{"A": "b\u00a0 c"}},
		{"a value with signs of equality", "A=b=c==\n", map[string]string{"A": "b=c=="}},
		{"a hash within a value", "E=pass#word\nF=#b\nG=a#b #c", map[string]string{"E": "pass#word", "F": "#b", "G": "a#b"}},
		{"a comment behind a value", "A=b #c\nB=b\t# c\nC=b \u00a0# c # d", map[string]string{"A": "b", "B": "b", "C": "b"}},
		{"a comment behind a quoted value", "A='b' # c\nB=\"b\"#c\nC='' # d", map[string]string{"A": "b", "B": "b", "C": ""}},
		{"a hash within quotes", "A='b # c'\nB=\"b #c\"", map[string]string{"A": "b # c", "B": "b #c"}},
		{"JSON without quotes around it", "M={\"k\": \"v\"}\nN=[1, 'two', \"three\"]", map[string]string{"M": "{\"k\": \"v\"}", "N": "[1, 'two', \"three\"]"}},
		{"JSON in single quotes", "M='{\"k\": \"v\", \"n\": null}'", map[string]string{"M": "{\"k\": \"v\", \"n\": null}"}},
		{"JSON in double quotes", "M=\"{\\\"k\\\": \\\"v\\\"}\"", map[string]string{"M": "{\"k\": \"v\"}"}},
		{"quotes within a value are its own", "A=abc'def'\nB=a\"b\"c\nC=it's\nD=5'11\"\nE=x'", map[string]string{"A": "abc'def'", "B": "a\"b\"c", "C": "it's", "D": "5'11\"", "E": "x'"}},
		{"single quotes", "A='b c '\nB=''\nC='say \"hi\"'", map[string]string{"A": "b c ", "B": "", "C": "say \"hi\""}},
		{"double quotes", "A=\"b c \"\nB=\"\"\nC=\"it's\"", map[string]string{"A": "b c ", "B": "", "C": "it's"}},
		{"a quoted value on two lines", "A=\"b\nc\"\nB='b\nc'\nC=d", map[string]string{"A": "b\nc", "B": "b\nc", "C": "d"}},
		{"a quoted value with empty lines and hashes", "A='\n# no comment\n\nB=c\n'\nD=e", map[string]string{"A": "\n# no comment\n\nB=c\n", "D": "e"}},
		{"a private key", "KEY=\"-----BEGIN KEY-----\nMIIE/+8=\nAbC==\n-----END KEY-----\n\"\nB=c", map[string]string{"KEY": "-----BEGIN KEY-----\nMIIE/+8=\nAbC==\n-----END KEY-----\n", "B": "c"}},
		{"tabs", "A='b\tc'\nB=\"\tb\"\nC=b\tc", map[string]string{"A": "b\tc", "B": "\tb", "C": "b\tc"}},
		{"escapes in double quotes", "A=\"\\\\ \\' \\\" \\a \\b \\f \\n \\r \\t \\v\"", map[string]string{"A": "\\ ' \" \u0007 \b \f \n \r \t \u000b"}},
		{"escapes in single quotes", "A='\\\\ \\' \\\" \\a \\n \\t'", map[string]string{"A": "\\ ' \\\" \\a \\n \\t"}},
		{"no escapes without quotes", "A=\\n\\t\\\\ \\' \\\"\nB=C:\\new\\table", map[string]string{"A": "\\n\\t\\\\ \\' \\\"", "B": "C:\\new\\table"}},
		{"other backslashes stay", "A=\"\\d+ \\x41 \\u00e9 \\0 \\$\"\nB='\\d+ \\x41'", map[string]string{"A": "\\d+ \\x41 \\u00e9 \\0 \\$", "B": "\\d+ \\x41"}},
		{"a backslash at the end of a line stays", "A=b\\\nB=\"b\\\nc\"\nC='b\\\nc'", map[string]string{"A": "b\\", "B": "b\\\nc", "C": "b\\\nc"}},
		{"an escaped quote", "A=\"b\\\"c\"\nB='b\\'c'\nC=\"\\\"\"\nD='\\''", map[string]string{"A": "b\"c", "B": "b'c", "C": "\"", "D": "'"}},
		{"two backslashes before a letter", "A=\"\\\\n\"\nB='\\\\n'", map[string]string{"A": "\\n", "B": "\\n"}},
		{"export", "export A=b\nexport\tB='c'\n  export   C=d\nexport export_a=1\nexport port=8000", map[string]string{"A": "b", "B": "c", "C": "d", "export_a": "1", "port": "8000"}},
		{"a variable called export", "export=b", map[string]string{"export": "b"}},
		{"a name in single quotes", "'A'=b\n 'B' = c\nexport 'C'=d", map[string]string{"A": "b", "B": "c", "C": "d"}},
		{"a name with a hash or a blank is quoted", "'a b'=c\n'#d'=e", map[string]string{"a b": "c", "#d": "e"}},
		{"odd names are for the caller to judge", "a.b=1\nuglyKey[%$=\"S3cr3t_P4ssw#rD\" #\n\"Q\"=2\n1=3\nclé=4", map[string]string{"a.b": "1", "uglyKey[%$": "S3cr3t_P4ssw#rD", "\"Q\"": "2", "1": "3", "clé": "4"}},
		{"text that is no ASCII", "A=à\nB=\"日本\"\nC='😀'", map[string]string{"A": "à", "B": "日本", "C": "😀"}},
		{"Windows line ends", "A=b\r\nB=\"c\r\nd\"\r\nC='e' # f\r\n", map[string]string{"A": "b", "B": "c\nd", "C": "e"}},
		{"line ends of old Macs", "A=b\rB='c\rd'\rC=e", map[string]string{"A": "b", "B": "c\nd", "C": "e"}},
		{"an escaped carriage return stays one", "A=\"b\\r\\nc\"", map[string]string{"A": "b\r\nc"}},
		{"a name given twice has its last value", "A=1\nB=2\nA=3", map[string]string{"A": "3", "B": "2"}},
		{"a reference to an earlier variable", "A=b\nC=x${A}y\nD=\"${C}\"\nE='${C}'", map[string]string{"A": "b", "C": "xby", "D": "xby", "E": "xby"}},
		{"a reference to the environment", "A=${HOME}/x\nB=\"${HOME}\"\nC='${HOME}'", map[string]string{"A": "/home/me/x", "B": "/home/me", "C": "/home/me"}},
		{"the file goes before the environment", "SET=inside\nA=${SET}", map[string]string{"SET": "inside", "A": "inside"}},
		{"but only from there on", "A=${SET}\nSET=inside\nB=${SET}", map[string]string{"A": "outside", "SET": "inside", "B": "inside"}},
		{"a reference to itself", "SET=${SET}:more\nNEW=${NEW}:more", map[string]string{"SET": "outside:more", "NEW": ":more"}},
		{"the value of then, not of later", "A=1\nB=${A}\nA=2\nC=${A}", map[string]string{"A": "2", "B": "1", "C": "2"}},
		{"a reference to nothing is empty", "A=x${NONE}y", map[string]string{"A": "xy"}},
		{"a default", "A=${NONE:-d}\nB=${HOME:-d}\nC=${NONE:-}\nD=${NONE:-two words, a:b-c}", map[string]string{"A": "d", "B": "/home/me", "C": "", "D": "two words, a:b-c"}},
		{"a default is not for what is empty", "A=${EMPTY:-d}\nB=\nC=${B:-d}", map[string]string{"A": "", "B": "", "C": ""}},
		{"a default is not expanded", "A=${NONE:-$HOME}\nB=${NONE:-${HOME}}", map[string]string{"A": "$HOME", "B": "${HOME}"}},
		{"a value is not expanded twice", "A=${RAW}\nC=\"${RAW}\"", map[string]string{"A": "${HOME}", "C": "${HOME}"}},
		{"escapes come before references", "A=\"\\${HOME}\"\nB='\\${HOME}'\nC=\\${HOME}\nD=\"${N\\tX:-d}\"", map[string]string{"A": "\\/home/me", "B": "\\/home/me", "C": "\\/home/me", "D": "d"}},
		{"what is no reference", "A=$HOME\nB=$\nC=${\nD=${HOME\nE=$(id)\nF=$${HOME}\nG=%HOME%\nH=`id`", map[string]string{"A": "$HOME", "B": "$", "C": "${", "D": "${HOME", "E": "$(id)", "F": "$/home/me", "G": "%HOME%", "H": "`id`"}},
		{"other operators than a default are no reference", "A=${HOME:x}\nB=${HOME:=d}\nC=${HOME:?no}\nD=${HOME:}", map[string]string{"A": "${HOME:x}", "B": "${HOME:=d}", "C": "${HOME:?no}", "D": "${HOME:}"}},
		{"a dash without a colon belongs to the name", "A=${HOME-d}", map[string]string{"A": ""}},
		{"an empty reference", "A=${}\nB=${:-d}", map[string]string{"A": "", "B": "d"}},
		{"references within references", "A=1\nB=${x${A}}\nC=${${A}:-d}", map[string]string{"A": "1", "B": "}", "C": ":-d}"}},
		{"a reference over two lines", "A=\"${NONE:-b\nc}\"", map[string]string{"A": "b\nc"}},
		{"references and a comment", "A=${HOME} # ${NONE}\nB=${NONE:-a #b}", map[string]string{"A": "/home/me", "B": "${NONE:-a"}},
		{"a URL with a password", "DATABASE_URL=postgres://user:p%40ss;w0rd@db.example:5432/x?sslmode=require&a=b#frag", map[string]string{"DATABASE_URL": "postgres://user:p%40ss;w0rd@db.example:5432/x?sslmode=require&a=b#frag"}},
		{"a token", "HF_TOKEN=hf_AbCdEf/+==", map[string]string{"HF_TOKEN": "hf_AbCdEf/+=="}},
		{"a Windows path", "P=C:\\Users\\me", map[string]string{"P": "C:\\Users\\me"}},
		{"a shell command", "CMD=python -c 'print(\"hi\")' && echo $USER", map[string]string{"CMD": "python -c 'print(\"hi\")' && echo $USER"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, values(t, tt.text)); diff != "" {
				t.Errorf("variables (-want,+got):\n%s", diff)
			}
		})
	}
}

// python-dotenv 1.2.3 and 1.2.4 fixed these by their notes; 1.2.2 reads them
// otherwise.
func TestWhatPythonDotenvReadsSince124(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want map[string]string
	}{
		"a byte order mark is no part of a name":      {"\ufeffA=b\nC=d", map[string]string{"A": "b", "C": "d"}},
		"a comment alone is an empty value":           {"A= # c\nB=\t#c\nC = # d", map[string]string{"A": "", "B": "", "C": ""}},
		"two backslashes before the closing quote":    {"A='back\\\\'\nB=\"back\\\\\"\nC=d", map[string]string{"A": "back\\", "B": "back\\", "C": "d"}},
		"two backslashes and an escaped quote within": {"A='a\\\\\\'b'\nB=\"a\\\\\\\"b\"", map[string]string{"A": "a\\'b", "B": "a\\\"b"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, values(t, tt.text)); diff != "" {
				t.Errorf("variables (-want,+got):\n%s", diff)
			}
		})
	}
}

func TestEveryStatementThatIsNoAssignmentIsAProblemOfItsLine(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []Problem
	}{
		"a name alone":                        {"A=1\nhush", []Problem{{2, notAnAssignment}}},
		"a name alone behind export":          {"\n\n export hush\n", []Problem{{3, notAnAssignment}}},
		"a mapping of YAML":                   {"A: hush", []Problem{{1, notAnAssignment}}},
		"a blank in the name":                 {"A hush=1", []Problem{{1, notAnAssignment}}},
		"a hash in the name":                  {"A#hush=1", []Problem{{1, notAnAssignment}}},
		"no name":                             {"=hush\nexport =hush\n''=hush", []Problem{{1, noName}, {2, noName}, {3, noName}}},
		"export alone":                        {"export\nexport \nA=1", []Problem{{1, notAnAssignment}, {2, noName}}},
		"a name's quote is not closed":        {"'hush=1\nA=1", []Problem{{1, unclosedName}}},
		"something behind quotes":             {"A='hush' hush\nB=\"hush\"hush\nC=1\nD='it's'", []Problem{{1, behindQuote}, {2, behindQuote}, {4, behindQuote}}},
		"behind a value of two lines":         {"A='1\n2' hush\nB hush\nC=1", []Problem{{1, behindQuote}, {3, notAnAssignment}}},
		"a quote is not closed":               {"A=1\nB='hush\nC=2\nhush", []Problem{{2, unclosedSingle}}},
		"a double quote is not closed":        {"A=\"hush'\nC=2", []Problem{{1, unclosedDouble}}},
		"a backslash before the last quote":   {`A='C:\'`, []Problem{{1, unclosedSingle}}},
		"lines behind a value that is broken": {"A=-----BEGIN\nhush/+\n-----END-----", []Problem{{2, notAnAssignment}, {3, notAnAssignment}}},
		"line ends of Windows and old Macs":   {"A=1\r\nhush\rhush\r\n\r\nhush", []Problem{{2, notAnAssignment}, {3, notAnAssignment}, {5, notAnAssignment}}},
		"values of values without end":        {"A0=12345678\n" + doubled(60), []Problem{{20, "with their ${...} filled in, the values are larger than 4096 KiB"}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Parse(tt.text, lookup)
			if diff := cmp.Diff(tt.want, problems); diff != "" {
				t.Errorf("problems (-want,+got):\n%s", diff)
			}
		})
	}
}

func doubled(times int) string {
	var b strings.Builder
	for i := range times {
		fmt.Fprintf(&b, "A%d=${A%d}${A%[2]d}\n", i+1, i)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"A=b # c\nexport 'B'=\"\\n${A:-d}\" # e\nC='\\''\r\n", "A=\"\nB='", "=\n'\n''=\n#\nexport\nexport \n", "\ufeffA=\\", "A=${${A}}${:-}${",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		variables, problems := Parse(text, lookup)
		for _, p := range problems {
			if p.Message == "" || p.Line < 1 || p.Line > lines {
				t.Fatalf("problem %+v in %d lines", p, lines)
			}
		}
		for _, v := range variables {
			if v.Name == "" || v.Line < 1 || v.Line > lines {
				t.Fatalf("variable %+v in %d lines", v, lines)
			}
		}
		// A value in single quotes is read unchanged, whatever it is, but for
		// references and Python's line ends.
		if strings.Contains(text, "${") || strings.Contains(text, "\r") {
			return
		}
		quoted := "A=1\nB='" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "' # c\nC=2"
		if diff := cmp.Diff(map[string]string{"A": "1", "B": text, "C": "2"}, values(t, quoted)); diff != "" {
			t.Fatalf("variables (-want,+got):\n%s", diff)
		}
	})
}
