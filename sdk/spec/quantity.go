package spec

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubevast/vast/sdk/api"
	"github.com/kubevast/vast/sdk/internal/yamlfile"
)

var (
	// Digits are bounded so that no short text can stand for a number that
	// takes long to handle.
	cpuForm    = regexp.MustCompile(`^([0-9]{1,18}(?:\.[0-9]{1,18})?|\.[0-9]{1,18})(m?)(\+?)$`)
	memoryForm = regexp.MustCompile(`^([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18}) ?([A-Za-z]{0,3})(\+?)$`)
)

const (
	maxCPUs = 1_000_000
	// A number without a unit is in GB. More than this many was meant to be
	// in bytes, or in MB.
	maxPlainGB = 1 << 20
)

// units of memory and storage. All of them count in 1024s, as SkyPilot and
// Docker do it: "16", "16GB", "16g" and "16Gi" are the same amount. Where
// Kubernetes means 1000s ("16G") this gives a little more, never less.
var units = map[string]uint{
	"b": 0,
	"k": 10, "kb": 10, "ki": 10, "kib": 10,
	"m": 20, "mb": 20, "mi": 20, "mib": 20,
	"": 30, "g": 30, "gb": 30, "gi": 30, "gib": 30,
	"t": 40, "tb": 40, "ti": 40, "tib": 40,
	"p": 50, "pb": 50, "pi": 50, "pib": 50,
}

// ParseCPUs reads a number of CPUs: "4", "0.5", "500m", and with a "+" behind
// it ("4+") for at least as many. Parts of a thousandth are rounded up. The
// error is an *api.InvalidSpecError.
func ParseCPUs(s string) (Amount, error) {
	m := cpuForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Amount{}, api.Invalid("", `%s is not a number of CPUs; write 4, 0.5, "500m", or "4+" for at least 4`, strconv.Quote(yamlfile.Shorten(s)))
	}
	milli, _ := new(big.Rat).SetString(m[1])
	if m[2] == "" {
		milli.Mul(milli, big.NewRat(1000, 1))
	}
	n, ok := roundUp(milli)
	switch {
	case !ok || n > maxCPUs*1000:
		return Amount{}, api.Invalid("", "%s is more CPUs than any node has", strconv.Quote(yamlfile.Shorten(s)))
	case n == 0:
		return Amount{}, api.Invalid("", "%s: the number of CPUs must be above 0", strconv.Quote(yamlfile.Shorten(s)))
	}
	return Amount{Quantity: *resource.NewMilliQuantity(n, resource.DecimalSI), AtLeast: m[3] != ""}, nil
}

// ParseMemory reads an amount of memory: a number of GB ("16", "0.5") or a
// number with a unit in any case ("16GB", "512Mi", "512m", "2g"), and with a
// "+" behind it ("16+", "64GB+") for at least as much. Units count in 1024s;
// parts of a byte are rounded up. The error is an *api.InvalidSpecError.
func ParseMemory(s string) (Amount, error) {
	return parseBytes(s, "an amount of memory", `write 16 (GB), "512Mi", "2g", or "16+" for at least 16 GB`)
}

// ParseSize reads the size of a disk or a volume, in the forms of
// ParseMemory, but without the "+".
func ParseSize(s string) (resource.Quantity, error) {
	a, err := parseBytes(s, "a size", `write 100 (GB), "500Mi" or "1Ti"`)
	if err == nil && a.AtLeast {
		err = api.Invalid("", "%s: a size cannot have a \"+\"", strconv.Quote(yamlfile.Shorten(s)))
	}
	return a.Quantity, err
}

func parseBytes(s, what, allowed string) (Amount, error) {
	quoted := strconv.Quote(yamlfile.Shorten(s))
	m := memoryForm.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil {
		return Amount{}, api.Invalid("", "%s is not %s; %s", quoted, what, allowed)
	}
	shift, known := units[strings.ToLower(m[2])]
	if !known {
		return Amount{}, api.Invalid("", "%s has the unknown unit %q; %s", quoted, m[2], allowed)
	}
	number, _ := new(big.Rat).SetString(strings.TrimSuffix(m[1], "."))
	if m[2] == "" && number.Cmp(big.NewRat(maxPlainGB, 1)) > 0 {
		return Amount{}, api.Invalid("", "%s without a unit is in GB, and that is more than any node has; %s", quoted, allowed)
	}
	factor := new(big.Int).Lsh(big.NewInt(1), shift)
	n, ok := roundUp(number.Mul(number, new(big.Rat).SetInt(factor)))
	switch {
	case !ok:
		return Amount{}, api.Invalid("", "%s is more than any node has; %s", quoted, allowed)
	case n == 0:
		return Amount{}, api.Invalid("", "%s: must be above 0", quoted)
	}
	return Amount{Quantity: *resource.NewQuantity(n, resource.BinarySI), AtLeast: m[3] != ""}, nil
}

// roundUp returns the smallest integer that is not below x, and whether it
// fits.
func roundUp(x *big.Rat) (int64, bool) {
	n := new(big.Int).Add(x.Num(), new(big.Int).Sub(x.Denom(), big.NewInt(1)))
	n.Quo(n, x.Denom())
	return n.Int64(), n.IsInt64()
}
