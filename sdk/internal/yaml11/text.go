package yaml11

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

const maxFloat = math.MaxFloat64

var nan, inf = math.NaN(), math.Inf(1)

// Text is what Python's str makes of a value of Value: True, 1000.0, 1e+16,
// None. It is how SkyPilot gives the values of a file to programs.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case float64:
		return FloatText(v)
	}
	return fmt.Sprint(v)
}

// FloatText is what Python's str makes of a float: the fewest digits that read
// back as the same number, always with a fraction or an exponent.
func FloatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'f', -1, 64)), "+")
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	exponent, _ := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:])
	if exponent < -4 || exponent >= 16 {
		return text
	}
	text = strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
