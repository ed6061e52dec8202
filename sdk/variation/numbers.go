package variation

import (
	"encoding/json"
	"math/big"

	"github.com/kubevast/vast/sdk/internal/yaml11"
)

// small is a whole number as values have it: an int64, or a json.Number of more
// digits than that has.
func small(v *big.Int) any {
	if v.IsInt64() {
		return v.Int64()
	}
	return json.Number(v.String())
}

// wholeNumber reads the types that whole numbers come in.
func wholeNumber(v any) (*big.Int, bool) {
	switch v := v.(type) {
	case int64:
		return big.NewInt(v), true
	case int:
		return big.NewInt(int64(v)), true
	case json.Number:
		return new(big.Int).SetString(v.String(), 10)
	}
	return nil, false
}

// pythonText is Python's str of a number.
func pythonText(v any) string { return yaml11.Text(v) }
