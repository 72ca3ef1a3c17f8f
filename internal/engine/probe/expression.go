package probe

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// Dialect is which names an expression may use.
type Dialect int

// The dialects: an HTTP answer has status, headers, body, json and latency_ms; a Lambda answer has payload besides.
const (
	HTTPDialect Dialect = iota
	LambdaDialect
)

// Expression is a compiled expr-lang expression over an answer (https://expr-lang.org/docs/language-definition). It is
// stricter than plain expr-lang in one thing: a field that the answer does not hold is an error rather than nil, so that
// `json.error != "fatal"` does not pass on an answer that has nothing to say. `?.` and `??` allow a missing field.
type Expression struct {
	text    string
	program *vm.Program
}

// CompileExpression compiles text. The error says what is wrong and where; an unknown name is one.
func CompileExpression(text string, dialect Dialect) (*Expression, error) {
	return compile(text, dialect)
}

// CompileCondition compiles an expression whose result is true or false.
func CompileCondition(text string, dialect Dialect) (*Expression, error) {
	return compile(text, dialect, expr.AsBool())
}

func compile(text string, dialect Dialect, options ...expr.Option) (*Expression, error) {
	var env any = httpEnv{}
	if dialect == LambdaDialect {
		env = lambdaEnv{}
	}
	lenient := &lenientMembers{nodes: map[*ast.MemberNode]bool{}}
	program, err := expr.Compile(text, append(options, expr.Env(env),
		expr.Function(fieldFunction, field, new(func(any, any) any)),
		expr.Patch(lenient), expr.Patch(&strictMembers{lenient: lenient}))...)
	if err != nil {
		return nil, err
	}
	return &Expression{text: text, program: program}, nil
}

// String returns the text.
func (e *Expression) String() string { return e.text }

type httpEnv struct {
	Status    int               `expr:"status"`
	Headers   map[string]string `expr:"headers"`
	Body      string            `expr:"body"`
	JSON      any               `expr:"json"`
	LatencyMS int               `expr:"latency_ms"`
}

type lambdaEnv struct {
	Status    int               `expr:"status"`
	Headers   map[string]string `expr:"headers"`
	Body      string            `expr:"body"`
	JSON      any               `expr:"json"`
	LatencyMS int               `expr:"latency_ms"`
	Payload   any               `expr:"payload"`
}

// env returns the variables of an expression: of a Lambda answer, payload and json are the same.
func (a *Answer) env(dialect Dialect) any {
	headers := make(map[string]string, 2*len(a.Headers))
	for name, values := range a.Headers {
		joined := strings.Join(values, ", ")
		headers[name], headers[strings.ToLower(name)] = joined, joined
	}
	if dialect == LambdaDialect {
		return lambdaEnv{a.Status, headers, a.Body, a.json(), int(a.Latency.Milliseconds()), a.json()}
	}
	return httpEnv{a.Status, headers, a.Body, a.json(), int(a.Latency.Milliseconds())}
}

// eval returns the result on an answer. Its error is fit for a reason: it holds no value of the answer.
func (e *Expression) eval(a *Answer, dialect Dialect) (any, error) {
	result, err := expr.Run(e.program, a.env(dialect))
	if err == nil {
		return result, nil
	}
	hint := ""
	if a.json() == nil {
		hint = " (the answer is not JSON)"
	}
	var missing *missingFieldError
	if errors.As(err, &missing) {
		return nil, fmt.Errorf("%s: %w%s", e.text, missing, hint)
	}
	// What expr-lang says here may quote the answer.
	return nil, fmt.Errorf("%s: it cannot be evaluated on this answer%s", e.text, hint)
}

// holds evaluates a condition.
func (e *Expression) holds(a *Answer, dialect Dialect) (bool, error) {
	result, err := e.eval(a, dialect)
	if err != nil {
		return false, err
	}
	yes, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("%s: the result is %s, not true or false", e.text, describe(result))
	}
	return yes, nil
}

// render is a result as users write it in a configuration; ok is false for lists and objects.
func render(result any) (text string, ok bool) {
	switch value := result.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case int:
		return strconv.Itoa(value), true
	case int64:
		return strconv.FormatInt(value, 10), true
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64), true
	case nil:
		return "null", true
	default:
		return "", false
	}
}

// describe tells a result's kind and size without showing it.
func describe(result any) string {
	switch value := result.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("a string of %d bytes", len(value))
	case bool:
		return "a boolean"
	case int, int64, float64:
		return "a number"
	case []any:
		return fmt.Sprintf("a list of %d", len(value))
	case map[string]any:
		return fmt.Sprintf("an object of %d", len(value))
	default:
		return "a " + reflect.TypeOf(value).Kind().String()
	}
}

// missingFieldError says that an answer does not hold what an expression asks for.
type missingFieldError struct{ field any }

func (e *missingFieldError) Error() string { return fmt.Sprintf("the answer has no %v", e.field) }

const fieldFunction = "__field"

// field is member access that insists.
func field(args ...any) (any, error) {
	missing := &missingFieldError{field: args[1]}
	key, isName := args[1].(string)
	switch from := args[0].(type) {
	case map[string]any:
		if value, ok := from[key]; ok && isName {
			return value, nil
		}
	case map[string]string:
		if value, ok := from[key]; ok {
			return value, nil
		}
		if value, ok := from[strings.ToLower(key)]; ok {
			return value, nil
		}
	case []any:
		index, ok := args[1].(int)
		if ok && index < 0 {
			index += len(from)
		}
		if ok && index >= 0 && index < len(from) {
			return from[index], nil
		}
	}
	return nil, missing
}

// lenientMembers finds the member accesses on the left of ??.
type lenientMembers struct{ nodes map[*ast.MemberNode]bool }

// Visit implements ast.Visitor.
func (l *lenientMembers) Visit(node *ast.Node) {
	if binary, ok := (*node).(*ast.BinaryNode); ok && binary.Operator == "??" {
		ast.Walk(&binary.Left, memberCollector(l.nodes))
	}
}

type memberCollector map[*ast.MemberNode]bool

// Visit implements ast.Visitor.
func (c memberCollector) Visit(node *ast.Node) {
	if member, ok := (*node).(*ast.MemberNode); ok {
		c[member] = true
	}
}

// strictMembers turns the other member accesses into calls of field.
type strictMembers struct{ lenient *lenientMembers }

// Visit implements ast.Visitor.
func (s *strictMembers) Visit(node *ast.Node) {
	member, ok := (*node).(*ast.MemberNode)
	if !ok || member.Optional || member.Method || s.lenient.nodes[member] {
		return
	}
	if base, ok := member.Node.(*ast.IdentifierNode); ok && base.Value == "$env" {
		return
	}
	ast.Patch(node, &ast.CallNode{Callee: &ast.IdentifierNode{Value: fieldFunction}, Arguments: []ast.Node{member.Node, member.Property}})
}
