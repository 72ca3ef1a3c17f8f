// Package tfdiag words errors. It is the only place that does: engines return typed errors, and the person on call at
// night reads what happened, what is live now and what to do next.
package tfdiag

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/project3-ls/terraform-provider-reliability/internal/awsapi"
)

// Message is one diagnostic.
type Message struct {
	// Summary is short and holds no values, so that the same problem always has the same title.
	Summary string
	// Happened says what happened, with the values.
	Happened string
	// Live says what is live now; empty where nothing was or could have been changed.
	Live string
	// Next says what to do.
	Next string
	// Facts are lines such as "Region: eu-west-1", in order.
	Facts []Fact
	// Err is the cause. Its text ends Happened, and what AWS said of it becomes facts.
	Err error
}

// Fact is one line below the text.
type Fact struct{ Name, Value string }

// Error adds m as an error.
func Error(diags *diag.Diagnostics, m Message) { diags.AddError(m.Summary, m.Detail()) }

// ErrorAt adds m as an error at an attribute of the configuration. An attribute that lies within another is named in the
// text as well: Terraform shows only the line where the whole block begins.
func ErrorAt(diags *diag.Diagnostics, at path.Path, m Message) {
	diags.AddAttributeError(at, m.Summary, m.named(at).Detail())
}

// Warning adds m as a warning.
func Warning(diags *diag.Diagnostics, m Message) { diags.AddWarning(m.Summary, m.Detail()) }

// WarningAt is ErrorAt for a warning.
func WarningAt(diags *diag.Diagnostics, at path.Path, m Message) {
	diags.AddAttributeWarning(at, m.Summary, m.named(at).Detail())
}

// attribute is the fact that names the attribute.
const attribute = "Attribute"

func (m Message) named(at path.Path) Message {
	if len(at.Steps()) > 1 && !slices.ContainsFunc(m.Facts, func(f Fact) bool { return f.Name == attribute }) {
		m.Facts = append(slices.Clone(m.Facts), Fact{attribute, at.String()})
	}
	return m
}

// Detail is the text below the summary.
func (m Message) Detail() string {
	var paragraphs []string
	happened := m.Happened
	facts := m.Facts
	next := m.Next
	if m.Err != nil {
		failure, isAWS := awsapi.Explain(m.Err)
		if isAWS {
			happened = sentence(happened, describe(failure))
			facts = append(facts, Fact{"Request ID", failure.RequestID})
			if next == "" {
				next = advise(m.Err, failure)
			}
		} else {
			happened = sentence(happened, m.Err.Error())
		}
	}
	if happened != "" {
		paragraphs = append(paragraphs, happened)
	}
	if m.Live != "" {
		paragraphs = append(paragraphs, "Live now: "+m.Live)
	}
	if next != "" {
		paragraphs = append(paragraphs, "What to do: "+next)
	}
	var lines []string
	for _, fact := range facts {
		if fact.Value != "" {
			lines = append(lines, fact.Name+": "+fact.Value)
		}
	}
	if len(lines) > 0 {
		paragraphs = append(paragraphs, strings.Join(lines, "\n"))
	}
	return strings.Join(paragraphs, "\n\n")
}

// Words is the text of err with what the SDK says of a call, if there is any in it, said for people.
func Words(err error) string {
	failure, isAWS := awsapi.Explain(err)
	raw := awsapi.Raw(err)
	if !isAWS || raw == "" {
		return err.Error()
	}
	return strings.ReplaceAll(err.Error(), raw, describe(failure))
}

func sentence(head, cause string) string {
	if head == "" {
		return cause
	}
	return strings.TrimRight(head, ".: ") + ": " + cause
}

func describe(failure awsapi.Failure) string {
	call := strings.TrimSpace(failure.Service + " " + failure.Operation)
	switch {
	case failure.Code != "":
		return fmt.Sprintf("%s answered %s: %s", call, failure.Code, failure.Message)
	case failure.Status != 0:
		return fmt.Sprintf("%s answered HTTP %d", call, failure.Status)
	default:
		return fmt.Sprintf("%s did not go through: %s", call, failure.Message)
	}
}

func advise(err error, failure awsapi.Failure) string {
	switch {
	case awsapi.IsDenied(err) && failure.Permission() != "":
		return fmt.Sprintf("allow the caller %s, then apply again. The guide on least privilege has the policy of each feature.", failure.Permission())
	case awsapi.IsDenied(err):
		return fmt.Sprintf("allow the caller the action of %s %s, then apply again.", failure.Service, failure.Operation)
	case awsapi.IsCredentials(err):
		return "renew or correct the AWS credentials (profile, role or environment), then apply again."
	case awsapi.IsThrottled(err):
		return "AWS asked to slow down. Apply again in a minute, or lower the parallelism; max_retries of the provider block sets how often a call is tried."
	case awsapi.IsUnreachable(err):
		return "check the network path, proxy and endpoints to AWS and the AWS Health Dashboard, then apply again."
	case awsapi.IsNotFound(err):
		return "check the name, the account and the Region."
	default:
		return ""
	}
}
