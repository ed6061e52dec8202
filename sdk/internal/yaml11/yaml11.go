// Package yaml11 reads plain scalars, those without quotes and without a tag,
// as PyYAML does: by YAML 1.1 (https://yaml.org/type/), in which "yes" is a
// boolean, 1:30 is 90 and 1e3 is text. SkyPilot and RoboVAST read their files
// that way. Pure.
package yaml11

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// maxNumber is how many characters a number may have. Python reads no longer
// ones, and reading them would take time that grows with their square.
const maxNumber = 4300

var (
	wholeForm = regexp.MustCompile(`^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*(?::[0-5]?[0-9])*)$`)
	floatForm = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$`)
)

// words are the scalars that stand for something by themselves.
var words = map[string]any{
	"": nil, "~": nil, "null": nil, "Null": nil, "NULL": nil,
	"yes": true, "Yes": true, "YES": true, "no": false, "No": false, "NO": false,
	"true": true, "True": true, "TRUE": true, "false": false, "False": false, "FALSE": false,
	"on": true, "On": true, "ON": true, "off": false, "Off": false, "OFF": false,
	".nan": nan, ".NaN": nan, ".NAN": nan,
	".inf": inf, ".Inf": inf, ".INF": inf, "+.inf": inf, "+.Inf": inf, "+.INF": inf,
	"-.inf": -inf, "-.Inf": -inf, "-.INF": -inf,
}

// Value is the value of a plain scalar: nil, a bool, an int64, a *big.Int that
// no int64 can hold, a float64, a Time, or a string, which is the scalar itself.
//
// PyYAML fails on what has the form of a number or a date and is none (0b_,
// 2024-13-01), and on "=" and "<<" as values. To Value these are text.
func Value(scalar string) any {
	if v, ok := words[scalar]; ok {
		return v
	}
	if c := scalar[0]; len(scalar) > maxNumber || !(c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.') {
		return scalar
	}
	if wholeForm.MatchString(scalar) {
		if v, ok := whole(scalar); ok {
			return v
		}
		return scalar
	}
	if floatForm.MatchString(scalar) {
		if v, ok := float(scalar); ok {
			return v
		}
		return scalar
	}
	if t, ok := parseTime(scalar); ok {
		return t
	}
	return scalar
}

// whole reads what has the form of a whole number.
func whole(s string) (any, bool) {
	s = strings.ReplaceAll(s, "_", "")
	digits := strings.TrimLeft(s, "+-")
	v, ok := new(big.Int), true
	switch {
	case strings.HasPrefix(digits, "0b"):
		_, ok = v.SetString(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		_, ok = v.SetString(digits[2:], 16)
	case strings.HasPrefix(digits, "0"):
		_, ok = v.SetString(digits, 8)
	default:
		part := new(big.Int)
		for _, d := range strings.Split(digits, ":") {
			if _, ok = part.SetString(d, 10); !ok {
				break
			}
			v.Add(v.Mul(v, big.NewInt(60)), part)
		}
	}
	if !ok {
		return nil, false
	}
	if s[0] == '-' {
		v.Neg(v)
	}
	if v.IsInt64() {
		return v.Int64(), true
	}
	return v, true
}

// float reads what has the form of a number with a fraction.
func float(s string) (float64, bool) {
	s = strings.ReplaceAll(s, "_", "")
	digits := strings.TrimLeft(s, "+-")
	v := 0.0
	parts := strings.Split(digits, ":")
	for i, power := len(parts)-1, big.NewInt(1); i >= 0; i-- {
		part, err := strconv.ParseFloat(parts[i], 64)
		scale, _ := new(big.Float).SetInt(power).Float64()
		if err != nil && part == 0 || scale > maxFloat {
			return 0, false
		}
		v += part * scale
		power.Mul(power, big.NewInt(60))
	}
	if s[0] == '-' {
		v = -v
	}
	return v, true
}
