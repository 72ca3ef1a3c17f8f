package emulator

import (
	"encoding/json"
	"testing"
)

// Each pair is one of the examples, or of the rules in words, of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
func TestEventPatterns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pattern, event string
		matches        bool
	}{
		"any of the values":                   {`{"a":["x","y"]}`, `{"a":"y"}`, true},
		"all of the fields":                   {`{"a":["x"],"b":["y"]}`, `{"a":"x"}`, false},
		"any element of an array":             {`{"a":["x"]}`, `{"a":["w","x"]}`, true},
		"a boolean is no text":                {`{"a":[false]}`, `{"a":"false"}`, false},
		"null":                                {`{"a":[null]}`, `{"a":null}`, true},
		"prefix":                              {`{"a":[{"prefix":"aws."}]}`, `{"a":"aws.ec2"}`, true},
		"suffix":                              {`{"a":[{"suffix":".png"}]}`, `{"a":"x.jpg"}`, false},
		"case":                                {`{"a":[{"equals-ignore-case":"alice"}]}`, `{"a":"ALICE"}`, true},
		"wildcard":                            {`{"a":[{"wildcard":"x/*/y?"}]}`, `{"a":"x/1/2/y?"}`, true},
		"anything but":                        {`{"a":[{"anything-but":["x","y"]}]}`, `{"a":"z"}`, true},
		"anything but a prefix":               {`{"a":[{"anything-but":{"prefix":"x"}}]}`, `{"a":"xy"}`, false},
		"nothing is not anything":             {`{"a":[{"anything-but":["x"]}]}`, `{"b":1}`, false},
		"it is not there":                     {`{"a":{"b":[{"exists":false}]}}`, `{"a":{"c":1}}`, true},
		"nor is what it lies in":              {`{"a":{"b":[{"exists":false}]}}`, `{}`, true},
		"exists looks at leaves":              {`{"a":[{"exists":true}]}`, `{"a":{"b":1}}`, false},
		"not there, or not one of these":      {`{"a":[{"exists":false},{"anything-but":["x"]}]}`, `{"a":"x"}`, false},
		"numbers":                             {`{"a":[{"numeric":[">",0,"<=",5]}]}`, `{"a":5}`, true},
		"addresses":                           {`{"a":[{"cidr":"10.0.0.0/24"}]}`, `{"a":"10.0.1.1"}`, false},
		"one or the other, by the first":      {`{"$or":[{"a":["x"]},{"b":["y"]}]}`, `{"a":"x"}`, true},
		"one or the other, and another field": {`{"c":["z"],"$or":[{"a":["x"]},{"b":["y"]}]}`, `{"b":"y"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pattern, err := readEventPattern(test.pattern)
			if err != nil {
				t.Fatal(err)
			}
			var event map[string]any
			if err := json.Unmarshal([]byte(test.event), &event); err != nil {
				t.Fatal(err)
			}
			if got := pattern.matches(event); got != test.matches {
				t.Errorf("%s over %s: %v", test.pattern, test.event, got)
			}
		})
	}
	for _, pattern := range []string{`{}`, `{"a":[]}`, `{"a":"x"}`, `{"a":[{"like":"x"}]}`, `{"a":[{"exists":"x"}]}`, `{"a":[{"prefix":"x","suffix":"y"}]}`, `{"a":[{"numeric":[">"]}]}`, `x`} {
		if _, err := readEventPattern(pattern); err == nil {
			t.Errorf("%s is a pattern", pattern)
		}
	}
}

func TestDefinitionsAreJudged(t *testing.T) {
	t.Parallel()
	for definition, wrong := range map[string]int{
		`{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}`:                                                                      0,
		`{"StartAt":"B","States":{"A":{"Type":"Succeed"}}}`:                                                                      2,
		`{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"}}}`:                                                              1,
		`{"StartAt":"A","States":{"A":{"Type":"Pass"}}}`:                                                                         1,
		`{"StartAt":"A","States":{"A":{"Type":"Pass","End":true},"B":{"Type":"Fail"}}}`:                                          1,
		`{"StartAt":"A","States":{"A":{"Type":"Choice"}}}`:                                                                       1,
		`{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:x","InputPath":"$","End":true}}}`: 1,
		`{"StartAt":"A","States":{"A":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"X","States":{}}}}}`:                   1,
		`nothing`: 1,
	} {
		if got := judgeDefinition(definition); len(got) != wrong {
			t.Errorf("%s: %v", definition, got)
		}
	}
}
