package live

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

func TestPoliciesThatSayTheSame(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		one, other string
		same       bool
	}{
		"layout and order of keys": {`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`, "{\n \"Statement\": {\"Resource\":[\"*\"], \"Action\":[\"s3:getobject\"],\"Effect\":\"Allow\"}}", true},
		"order of statements and actions": {
			`{"Statement":[{"Effect":"Allow","Action":["b:B","a:A"],"Resource":["y","x"]},{"Effect":"Deny","Action":"c:C","Resource":"*"}]}`,
			`{"Statement":[{"Effect":"Deny","Action":"c:C","Resource":"*"},{"Effect":"Allow","Action":["a:A","b:B"],"Resource":["x","y"]}]}`, true,
		},
		"an account and its root":     {`{"Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"a:A"}}`, `{"Statement":{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:root"]},"Action":"a:A"}}`, true},
		"anyone":                      {`{"Statement":{"Effect":"Allow","Principal":"*","Action":"a:A"}}`, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"a:A"}}`, true},
		"a condition's boolean":       {`{"Statement":{"Condition":{"Bool":{"aws:SecureTransport":false}}}}`, `{"Statement":{"Condition":{"Bool":{"aws:securetransport":["false"]}}}}`, true},
		"an empty Sid":                {`{"Statement":{"Sid":"","Effect":"Deny"}}`, `{"Statement":{"Effect":"Deny"}}`, true},
		"another action":              {`{"Statement":{"Effect":"Allow","Action":"s3:GetObject"}}`, `{"Statement":{"Effect":"Allow","Action":"s3:PutObject"}}`, false},
		"another effect":              {`{"Statement":{"Effect":"Allow","Action":"s3:GetObject"}}`, `{"Statement":{"Effect":"Deny","Action":"s3:GetObject"}}`, false},
		"another case of a resource":  {`{"Statement":{"Effect":"Allow","Resource":"arn:aws:s3:::A"}}`, `{"Statement":{"Effect":"Allow","Resource":"arn:aws:s3:::a"}}`, false},
		"a condition that is missing": {`{"Statement":{"Effect":"Allow","Condition":{"Bool":{"a":"b"}}}}`, `{"Statement":{"Effect":"Allow"}}`, false},
		"one is no policy":            {`not a policy`, `{"Statement":{"Effect":"Allow"}}`, false},
		"none":                        {``, ` `, true},
	} {
		policy := Attribute{Kind: Policy}
		if cmp.Equal(policy.Normalise(c.one), policy.Normalise(c.other)) != c.same {
			t.Errorf("%s: %q and %q", name, policy.Normalise(c.one), policy.Normalise(c.other))
		}
	}
}

func TestSpell(t *testing.T) {
	t.Parallel()
	written := Attribute{Kind: Policy}.Normalise(`{"Statement":{"Effect":"Allow","Action":["test:GetTheSpelling","test:*"],"NotAction":"test:unseen","Resource":"Test:GetTheSpelling"}}`).([]string)[0]
	if want := `{"Action":["test:*","test:GetTheSpelling"],"Effect":"Allow","NotAction":["test:unseen"],"Resource":["Test:GetTheSpelling"]}`; Spell(written) != want {
		t.Errorf("%s became %s", written, Spell(written))
	}
	if Spell("no JSON") != "no JSON" {
		t.Error("what is no statement changed")
	}
}

func TestUnescaped(t *testing.T) {
	t.Parallel()
	for escaped, want := range map[string]string{"%7B%22a%22%3A%20%22b+c%22%7D": `{"a": "b+c"}`, "%zz": "%zz", "": ""} {
		if got := unescaped(aws.String(escaped)); got != want {
			t.Errorf("%s: %s", escaped, got)
		}
	}
}

func TestJSONAndCanonicalTexts(t *testing.T) {
	t.Parallel()
	document := Attribute{Kind: JSON}
	if document.Normalise(`{"b":1.50,"a":[2,1]}`) != document.Normalise("{\"a\": [2, 1],\n\"b\": 1.50}") || document.Normalise(`{"a":[1,2]}`) == document.Normalise(`{"a":[2,1]}`) {
		t.Error("documents")
	}
	dot := func(text string) string { return "." + text }
	set := Attribute{Kind: Set, Canon: dot, Fold: true}
	if diff := cmp.Diff([]string{".a", ".b"}, set.Normalise([]any{"B", "a", "A"})); diff != "" {
		t.Error(diff)
	}
	if got := (Attribute{Canon: dot}).Normalise(nil); got != "" {
		t.Errorf("an absent value became %q", got)
	}
}
