package probe

import (
	"fmt"
	"maps"
	"net/textproto"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// StatusRange is a range of HTTP statuses, both ends included.
type StatusRange struct{ From, To int }

// ParseStatusRange takes "204" or "200-299".
func ParseStatusRange(text string) (StatusRange, error) {
	from, to, isRange := strings.Cut(strings.TrimSpace(text), "-")
	if !isRange {
		to = from
	}
	low, errLow := strconv.Atoi(strings.TrimSpace(from))
	high, errHigh := strconv.Atoi(strings.TrimSpace(to))
	if errLow != nil || errHigh != nil || low < 100 || high > 599 || low > high {
		return StatusRange{}, fmt.Errorf("%q is no range of HTTP statuses", text)
	}
	return StatusRange{From: low, To: high}, nil
}

// String is the range as it is written.
func (r StatusRange) String() string {
	if r.From == r.To {
		return strconv.Itoa(r.From)
	}
	return fmt.Sprintf("%d-%d", r.From, r.To)
}

// Expect is what an answer must hold; every field that is set must.
type Expect struct {
	Status       []StatusRange // empty means 200-299
	BodyContains string
	BodyMatches  *regexp.Regexp
	Header       map[string]string // the whole value, by name in any case
	JSON         []JSONExpectation
	Success      *Expression // must be true
	Failure      *Expression // when true, no further attempt can change it
	MaxLatency   time.Duration
}

// JSONExpectation is an expression and its result as text: a number as it is written, true, false or null.
type JSONExpectation struct {
	Expression *Expression
	Want       string
}

// judge returns an observation of the answer. Its reason names what did not hold, never a value of the answer beyond
// the status and sizes.
func (e *Expect) judge(a *Answer, dialect Dialect) Observation {
	seen := Observation{Status: Pass, Latency: a.Latency, Values: map[string]string{
		"status": strconv.Itoa(a.Status), "body_bytes": strconv.Itoa(len(a.Body)),
	}}
	if a.Truncated {
		seen.Values["body_truncated"] = "true"
	}
	if e.Failure != nil {
		broken, err := e.Failure.holds(a, dialect)
		if err != nil {
			return seen.fail("failure: %v; %s", err, summary(a))
		}
		if broken {
			seen.Final = true
			return seen.fail("the failure expression is true: %s; %s", e.Failure, summary(a))
		}
	}
	for _, test := range []func(*Answer, Dialect) string{e.status, e.body, e.headers, e.json, e.success, e.latency} {
		if why := test(a, dialect); why != "" {
			return seen.fail("%s", why)
		}
	}
	return seen
}

func (o Observation) fail(format string, args ...any) Observation {
	o.Status, o.Reason = Fail, fmt.Sprintf(format, args...)
	return o
}

// summary tells an answer's size and status, and nothing of its content.
func summary(a *Answer) string {
	more := ""
	if a.Truncated {
		more = " or more"
	}
	return fmt.Sprintf("the answer was status %d with a body of %d bytes%s", a.Status, len(a.Body), more)
}

func (e *Expect) status(a *Answer, _ Dialect) string {
	ranges := e.Status
	if len(ranges) == 0 {
		ranges = []StatusRange{{200, 299}}
	}
	var wanted []string
	for _, r := range ranges {
		if a.Status >= r.From && a.Status <= r.To {
			return ""
		}
		wanted = append(wanted, r.String())
	}
	return fmt.Sprintf("status %d instead of %s (body of %d bytes)", a.Status, strings.Join(wanted, ", "), len(a.Body))
}

func (e *Expect) body(a *Answer, _ Dialect) string {
	if !strings.Contains(a.Body, e.BodyContains) {
		return fmt.Sprintf("the body does not contain %q; %s", e.BodyContains, summary(a))
	}
	if e.BodyMatches != nil && !e.BodyMatches.MatchString(a.Body) {
		return fmt.Sprintf("the body does not match %q; %s", e.BodyMatches, summary(a))
	}
	return ""
}

func (e *Expect) headers(a *Answer, _ Dialect) string {
	for _, name := range slices.Sorted(maps.Keys(e.Header)) {
		values := a.Headers[textproto.CanonicalMIMEHeaderKey(name)]
		switch {
		case len(values) == 0:
			return fmt.Sprintf("there is no header %s; %s", name, summary(a))
		case !slices.Contains(values, e.Header[name]) && strings.Join(values, ", ") != e.Header[name]:
			return fmt.Sprintf("header %s is not %q; %s", name, e.Header[name], summary(a))
		}
	}
	return ""
}

func (e *Expect) json(a *Answer, dialect Dialect) string {
	for _, expectation := range e.JSON {
		result, err := expectation.Expression.eval(a, dialect)
		if err != nil {
			return fmt.Sprintf("%v; %s", err, summary(a))
		}
		if text, ok := render(result); !ok || text != expectation.Want {
			return fmt.Sprintf("%s is not %q but %s; %s", expectation.Expression, expectation.Want, other(result, expectation.Want), summary(a))
		}
	}
	return ""
}

func other(result any, want string) string {
	if text, ok := result.(string); ok && len(text) == len(want) {
		return "another string of the same length"
	}
	return describe(result)
}

func (e *Expect) success(a *Answer, dialect Dialect) string {
	if e.Success == nil {
		return ""
	}
	held, err := e.Success.holds(a, dialect)
	if err != nil {
		return fmt.Sprintf("success: %v; %s", err, summary(a))
	}
	if !held {
		return fmt.Sprintf("the success expression is false: %s; %s", e.Success, summary(a))
	}
	return ""
}

func (e *Expect) latency(a *Answer, _ Dialect) string {
	if e.MaxLatency > 0 && a.Latency > e.MaxLatency {
		return fmt.Sprintf("it took %s, more than %s", a.Latency.Round(time.Millisecond), e.MaxLatency)
	}
	return ""
}
