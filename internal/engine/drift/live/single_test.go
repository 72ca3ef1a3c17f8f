package live

import (
	"context"
	"errors"
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// What is asked for one by one is deleted only when the answer is "not there" and no listing holds it.
func TestSingleOutcomes(t *testing.T) {
	t.Parallel()
	denied := refused("SNS", "GetTopicAttributes", "AuthorizationError")
	gone := refused("SNS", "GetTopicAttributes", "NotFound")
	for name, c := range map[string]struct {
		get, partial, list error
		listed             []Thing
		unlisted           bool
		own                string
		want               Status
		isPartial          bool
	}{
		"found":                       {want: Found},
		"found, and not all was read": {partial: denied, want: Found, isPartial: true},
		"denied":                      {get: denied, want: Unverified},
		"throttled":                   {get: refused("SNS", "GetTopicAttributes", "Throttling"), want: Unverified},
		"gone":                        {get: gone, want: Deleted},
		"gone, and still listed":      {get: gone, listed: []Thing{{ID: "a"}}, want: Unverified},
		"gone, and not listed":        {get: gone, list: denied, want: Unverified},
		"gone, and there is no list":  {get: gone, unlisted: true, want: Deleted},
		"gone in another account":     {get: gone, own: "999999999999", want: Unverified},
	} {
		reader := single[string, int]{
			client: func(context.Context, string) (int, error) { return 0, nil },
			get:    func(context.Context, int, *Caller, Resource) (string, error, error) { return "now", c.partial, c.get },
			table:  []field[string]{{Attribute{Path: "state", API: "State"}, func(item string, _ Resource) any { return item }}},
		}
		if !c.unlisted {
			reader.names = func(context.Context, int, *Caller) ([]Thing, error) { return c.listed, c.list }
		}
		own := account
		if c.own != "" {
			own = c.own
		}
		outcomes, err := service{reader.kind(Spec{Type: "aws_thing"})}.Read(t.Context(), Batch{
			Type: "aws_thing", Caller: caller(1, own), Resources: []Resource{{Address: "aws_thing.a", ID: "a", AccountID: account}},
		})
		if err != nil {
			t.Fatal(err)
		}
		got := outcomes["aws_thing.a"]
		if got.Status != c.want || got.Partial() != c.isPartial || (c.want == Unverified && got.Reason == "") {
			t.Errorf("%s: %+v", name, got)
		}
		if c.want == Found && got.Attributes["state"] != "now" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if !awsapi.IsNotFound(errors.Join(awsapi.ErrNotFound, denied)) {
		t.Error("an empty answer counts as not found")
	}
}
