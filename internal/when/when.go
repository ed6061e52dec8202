// Package when evaluates the conditions of a workflow's tasks: expressions in CEL
// over variables, within limits of length and cost.
package when

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
)

const (
	// maxLength is the length of the longest expression, in bytes.
	maxLength = 4096
	// maxCost limits an evaluation, in CEL's units: about one per operation. It is
	// reached within milliseconds.
	maxCost = 100_000
	// maxDepth limits how deeply an expression is nested.
	maxDepth = 50
)

// environment has the variables of expressions. Making it takes milliseconds.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("env", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("matrix", cel.MapType(cel.StringType, cel.DynType)),
		cel.ParserRecursionLimit(maxDepth),
		cel.ParserExpressionSizeLimit(maxLength),
	)
})

// Expression is a condition that can be evaluated. It is safe for concurrent use.
type Expression struct{ program cel.Program }

// Compile returns the expression of a text, or an error that says what is wrong
// with it: one line, without the text. The result of the expression is a boolean, as
// far as that follows from the text.
func Compile(text string) (*Expression, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("has %d characters; %d are allowed", len(text), maxLength)
	}
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if issues != nil && len(issues.Errors()) > 0 {
		first := issues.Errors()[0]
		return nil, fmt.Errorf("is no expression: %s, at its line %d, column %d", line(first.Message), first.Location.Line(), first.Location.Column()+1)
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("must be a boolean, but is of the type %s", t)
	}
	program, err := env.Program(ast, cel.CostLimit(maxCost))
	if err != nil {
		return nil, fmt.Errorf("is no expression: %s", line(err.Error()))
	}
	return &Expression{program}, nil
}

// Holds evaluates the expression with env and matrix as its variables. Values of
// matrix are bool, int64, float64 or string. The error is one line; an evaluation
// that exceeds the limit of cost is one.
func (e *Expression) Holds(env map[string]string, matrix map[string]any) (bool, error) {
	if env == nil {
		env = map[string]string{}
	}
	if matrix == nil {
		matrix = map[string]any{}
	}
	result, details, err := e.program.Eval(map[string]any{"env": env, "matrix": matrix})
	switch {
	case err != nil && details != nil && details.ActualCost() != nil && *details.ActualCost() > maxCost:
		return false, fmt.Errorf("takes too long: its evaluation needs more than %d steps", maxCost)
	case err != nil:
		return false, errors.New("cannot be evaluated: " + without(line(err.Error()), env))
	}
	b, ok := result.(types.Bool)
	if !ok {
		return false, fmt.Errorf("must be a boolean, but is of the type %s", result.Type().TypeName())
	}
	return bool(b), nil
}

// without omits the values of variables from a message: a key or a pattern that an
// expression makes of them.
func without(msg string, env map[string]string) string {
	for _, value := range env {
		if len(value) > 3 {
			msg = strings.ReplaceAll(msg, value, "...")
		}
	}
	return msg
}

// line is the first line of a message of the library, in lower case and short.
func line(msg string) string {
	msg, _, _ = strings.Cut(strings.TrimSpace(msg), "\n")
	msg = strings.TrimPrefix(msg, "Syntax error: ")
	if len(msg) > 200 {
		msg = strings.ToValidUTF8(msg[:200], "") + " ..."
	}
	return msg
}
