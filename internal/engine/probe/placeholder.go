package probe

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// captured is a value that an earlier step of a workflow answered.
type captured struct {
	text   string
	isText bool     // it was a string: in JSON it needs quotes
	from   *url.URL // of the request that it was in the answer of
}

var placeholder = regexp.MustCompile(`\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)

// Placeholders are the names in the double braces of a text, in their order.
func Placeholders(text string) []string {
	var names []string
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	return names
}

// ParseStepURL takes an absolute http or https URL with placeholders, or one that begins with a placeholder.
func ParseStepURL(text string) error {
	if at := placeholder.FindStringIndex(text); at != nil && at[0] == 0 {
		return nil
	}
	// A digit may stand in a port too.
	_, err := ParseURL(placeholder.ReplaceAllString(text, "1"))
	return err
}

// shownURL is a URL as it was written, without what may be secret: user, query and fragment.
func shownURL(text string) string {
	text, _, _ = strings.Cut(text, "?")
	text, _, _ = strings.Cut(text, "#")
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		return text
	}
	authority, path, hasPath := strings.Cut(rest, "/")
	if at := strings.LastIndex(authority, "@"); at >= 0 {
		authority = authority[at+1:]
	}
	if hasPath {
		path = "/" + path
	}
	return scheme + "://" + authority + path
}

func isCredential(name string) bool {
	return slices.Contains(credentialHeaders, textproto.CanonicalMIMEHeaderKey(name))
}

// fill replaces placeholders; as turns a value into what may stand there.
func (j *journey) fill(text string, as func(captured) string) (string, error) {
	var missing error
	filled := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		name := placeholder.FindStringSubmatch(match)[1]
		value, ok := j.captured[name]
		if !ok {
			missing = fmt.Errorf("nothing was captured as %s", name)
			return match
		}
		return as(value)
	})
	return filled, missing
}

func asIs(value captured) string { return value.text }

// body fills a body so that a value cannot break out of its place: in JSON it is encoded, in a form escaped.
func (j *journey) body(request *HTTP) (string, error) {
	for _, headers := range []map[string]string{request.Headers, request.SensitiveHeaders} {
		for name, value := range headers {
			if strings.EqualFold(name, "Content-Type") && strings.HasPrefix(strings.ToLower(value), "application/x-www-form-urlencoded") {
				return j.fill(request.Body, func(value captured) string { return url.QueryEscape(value.text) })
			}
		}
	}
	if json.Valid([]byte(placeholder.ReplaceAllString(request.Body, "0"))) {
		return j.json(request.Body)
	}
	return j.fill(request.Body, asIs)
}

// json fills JSON: between quotes with the text of a value, elsewhere with the value.
func (j *journey) json(text string) (string, error) {
	var filled strings.Builder
	var failed error
	inString, from := false, 0
	for _, at := range placeholder.FindAllStringIndex(text, -1) {
		before := text[from:at[0]]
		inString = inString != oddQuotes(before)
		part, err := j.fill(text[at[0]:at[1]], func(value captured) string {
			if !inString && !value.isText {
				return value.text
			}
			quoted, err := json.Marshal(value.text)
			failed = errors.Join(failed, err)
			if inString {
				return string(quoted[1 : len(quoted)-1])
			}
			return string(quoted)
		})
		failed = errors.Join(failed, err)
		filled.WriteString(before + part)
		from = at[1]
	}
	filled.WriteString(text[from:])
	return filled.String(), failed
}

// oddQuotes tells whether a part of JSON begins or ends one more string than it ends or begins.
func oddQuotes(text string) bool {
	odd := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			odd = !odd
		}
	}
	return odd
}

// url fills a URL. A captured value that is the beginning may be a whole URL, or one relative to where it was captured;
// abroad tells that it leads to another host. Elsewhere a value cannot change the host beyond the label that it stands for.
func (j *journey) url(text string) (filled *url.URL, abroad bool, err error) {
	matches := placeholder.FindAllStringSubmatchIndex(text, -1)
	var parts strings.Builder
	from := 0
	var base *url.URL
	for _, at := range matches {
		name := text[at[2]:at[3]]
		value, ok := j.captured[name]
		if !ok {
			return nil, false, fmt.Errorf("nothing was captured as %s", name)
		}
		if at[0] == 0 {
			base = value.from
		}
		part, fits := inURL(text, at[0], at[1], value.text)
		if !fits {
			return nil, false, fmt.Errorf("what was captured as %s cannot stand where it does in the URL", name)
		}
		parts.WriteString(text[from:at[0]] + part)
		from = at[1]
	}
	parts.WriteString(text[from:])
	if base == nil {
		filled, err = ParseURL(parts.String())
	} else if filled, err = base.Parse(parts.String()); err == nil {
		filled, err = ParseURL(filled.String())
		abroad = err == nil && !sameOrigin(base, filled)
	}
	if err != nil {
		return nil, false, errors.New("what was captured makes no http or https URL")
	}
	return filled, abroad, nil
}

var (
	label = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$`)
	// leading is a path with, maybe, a query, and not the host of a URL.
	leading = regexp.MustCompile(`^/($|[^/\\])`)
)

// inURL is a value as it may stand between two offsets of a URL.
func inURL(text string, from, to int, value string) (part string, fits bool) {
	authority, query := 0, len(text)
	if start := strings.Index(text, "://"); start >= 0 {
		authority = start + len("://")
		if end := strings.IndexAny(text[authority:], "/?#"); end >= 0 {
			authority += end
		} else {
			authority = len(text)
		}
	}
	if start := strings.IndexAny(text, "?#"); start >= 0 {
		query = start
	}
	switch {
	case from == 0:
		return value, true
	case from > query:
		return url.QueryEscape(value), true
	case from >= authority:
		return url.PathEscape(value), true
	case to == authority && leading.MatchString(value) && (to == len(text) || text[to] != '/'):
		return value, true // the path of a Location
	default:
		return value, strings.ContainsRune("/.:@", rune(text[from-1])) && label.MatchString(value)
	}
}
