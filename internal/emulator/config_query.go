package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// configQuery is what the emulator takes of AWS Config's query language,
// https://docs.aws.amazon.com/config/latest/developerguide/query-components.html: SELECT properties or COUNT(*), and conditions over top-level
// properties with = and IN, joined by AND.
type configQuery struct {
	properties []string
	count      bool
	conditions map[string][]string
}

// Only these can be selected whole; "SELECT *" gives no objects.
var configProperties = []string{
	"accountId", "awsRegion", "arn", "resourceId", "resourceName", "resourceType", "configurationItemStatus", "configurationItemCaptureTime", "configuration",
	"supplementaryConfiguration", "tags",
}

var (
	configSelect    = regexp.MustCompile(`^SELECT (.+?) WHERE (.+)$`)
	configCondition = regexp.MustCompile(`^(\w+) (?:= ('(?:[^']|'')*')|IN \(((?:'(?:[^']|'')*'(?:, ?)?)+)\))$`)
	configText      = regexp.MustCompile(`'((?:[^']|'')*)'`)
)

func parseConfigQuery(expression string) (configQuery, error) {
	query := configQuery{conditions: map[string][]string{}}
	parts := configSelect.FindStringSubmatch(expression)
	if parts == nil || len(expression) > 4096 {
		return query, errors.New("the syntax of the query is incorrect")
	}
	if parts[1] == "COUNT(*)" {
		query.count = true
	} else {
		query.properties = strings.Split(parts[1], ", ")
	}
	for _, condition := range splitOutside(parts[2], " AND ") {
		found := configCondition.FindStringSubmatch(condition)
		if found == nil {
			return query, fmt.Errorf("the syntax of the condition %q is incorrect", condition)
		}
		for _, text := range configText.FindAllStringSubmatch(found[2]+found[3], -1) {
			query.conditions[found[1]] = append(query.conditions[found[1]], strings.ReplaceAll(text[1], "''", "'"))
		}
		query.properties = append(query.properties, found[1])
	}
	for _, property := range query.properties {
		if !slices.Contains(configProperties, property) {
			return query, fmt.Errorf("the property %q is not known", property)
		}
	}
	query.properties = query.properties[:len(query.properties)-len(query.conditions)]
	if len(query.types()) == 0 {
		return query, errors.New("the emulator asks for resourceType among the conditions")
	}
	return query, nil
}

// splitOutside splits where a separator stands outside of quotes.
func splitOutside(text, separator string) []string {
	var parts []string
	start, quoted := 0, false
	for i := range len(text) {
		switch {
		case text[i] == '\'':
			quoted = !quoted
		case !quoted && strings.HasPrefix(text[i:], separator):
			parts = append(parts, text[start:i])
			start = i + len(separator)
		}
	}
	return append(parts, text[start:])
}

func (q configQuery) types() []string { return q.conditions["resourceType"] }

func (q configQuery) matches(object configObject) bool {
	for property, values := range q.conditions {
		text, _ := object[property].(string)
		if !slices.Contains(values, text) {
			return false
		}
	}
	return true
}

// pick is one result: a JSON document as text.
func (q configQuery) pick(object configObject) string {
	out := map[string]any{}
	for _, property := range q.properties {
		if value := object[property]; value != nil {
			out[property] = value
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return "{}"
	}
	return string(text)
}

func (q configQuery) fields() []map[string]string {
	fields := []map[string]string{}
	for _, property := range q.properties {
		fields = append(fields, map[string]string{"Name": property})
	}
	return fields
}
