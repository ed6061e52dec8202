package variation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"github.com/kubevast/vast/sdk/internal/rules"
	"github.com/kubevast/vast/sdk/spec"
)

// JSON returns a value of a parameter as JSON. Unlike encoding/json it writes
// a number with a fraction as one, 21.0 and not 21: for who reads it the
// difference is one of type. The keys of mappings are sorted.
func JSON(value any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(exact(value)); err != nil {
		return []byte("null") // nothing that YAML can hold
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// exact returns a value with its fractions as what encoding/json writes as
// they are. The value itself is not changed.
func exact(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case float64:
		return exactFloat(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = exact(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for key := range v {
			out[key] = exact(v[key])
		}
		return out
	}
	return value
}

func exactFloat(f float64) any {
	text := strconv.FormatFloat(f, 'g', -1, 64)
	switch mantissa, exponent, scientific := strings.Cut(text, "e"); {
	case strings.ContainsAny(text, "IN"): // an infinity or no number: no JSON has it
		return nil
	case strings.Contains(mantissa, "."):
		return json.Number(text)
	case scientific:
		return json.Number(mantissa + ".0e" + exponent)
	}
	return json.Number(text + ".0")
}

// appendObject writes parameters as one object, in their order.
func appendObject(b []byte, params []spec.Parameter) []byte {
	b = append(b, '{')
	for i, p := range params {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, JSON(p.Name)...), ':'), JSON(p.Value)...)
	}
	return append(b, '}')
}

// readChanges reads a list of objects, keeping the order of their keys. A
// number without a fraction is a whole number.
func readChanges(r io.Reader) ([]Change, error) {
	dec := json.NewDecoder(r)
	dec.UseNumber()
	if err := expect(dec, '['); err != nil {
		return nil, err
	}
	var out []Change
	for dec.More() {
		if err := expect(dec, '{'); err != nil {
			return nil, fmt.Errorf("item %d: %w", len(out)+1, err)
		}
		change := Change{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string)
			if msg := rules.Parameter(name); msg != "" {
				return nil, fmt.Errorf("item %d: the parameter %q %s", len(out)+1, name, msg)
			}
			var value any
			if err := dec.Decode(&value); err != nil {
				return nil, err
			}
			change = append(change, spec.Parameter{Name: name, Value: numbers(value)})
		}
		if err := expect(dec, '}'); err != nil {
			return nil, err
		}
		out = append(out, change)
	}
	if err := expect(dec, ']'); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text follows the list; write messages to stderr")
	}
	return out, nil
}

func expect(dec *json.Decoder, want json.Delim) error {
	got, err := dec.Token()
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	case got != want:
		return fmt.Errorf("%q is expected, but there is %v", want.String(), got)
	}
	return nil
}

// numbers gives the numbers in a value the types that YAML's have.
func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, ok := new(big.Int).SetString(v.String(), 10); ok {
			return small(i)
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return value
}
