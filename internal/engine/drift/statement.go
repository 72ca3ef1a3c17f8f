package drift

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// shownActions is how many of a statement's actions are named.
const shownActions = 3

const openToTheWorld = "open to the whole world"

// statement is what is used of a policy statement in the form of live's normalisation.
type statement struct {
	Effect               string
	Action, NotAction    []string
	Resource             []string
	Principal, Condition map[string]any
}

// statementWords says what a statement that came or went means, or "" where that cannot be told.
func statementWords(change Change) string {
	var s statement
	if json.Unmarshal([]byte(change.statement), &s) != nil || s.Effect == "" {
		return ""
	}
	actions := strings.Join(s.Action[:min(len(s.Action), shownActions)], ", ")
	switch {
	case len(s.NotAction) > 0:
		actions = "all but " + strings.Join(s.NotAction[:min(len(s.NotAction), shownActions)], ", ")
	case slices.Contains(s.Action, "*"):
		actions = "everything"
	case len(s.Action) > shownActions:
		actions += fmt.Sprintf(" and %d more", len(s.Action)-shownActions)
	}
	who := s.who()
	came := change.Expected == nil
	switch {
	case s.Effect == "Allow" && came && s.anyone() && len(s.Condition) == 0:
		return openToTheWorld + ": anyone may now do " + actions
	case s.Effect == "Allow" && came:
		return "access was opened: " + who + " may now do " + actions
	case s.Effect == "Allow":
		return "access was cut off: " + who + " may no longer do " + actions
	case came:
		return "access was cut off: " + who + " is now denied " + actions
	}
	return "access was opened: " + who + " is no longer denied " + actions
}

func (s statement) anyone() bool {
	who, _ := s.Principal["AWS"].([]any)
	return slices.Contains(who, any("*"))
}

func (s statement) who() string {
	switch {
	case s.anyone() && len(s.Condition) > 0:
		return "anyone under a condition"
	case s.anyone():
		return "anyone"
	case len(s.Principal) == 0:
		return "it"
	}
	var who []string
	for _, list := range s.Principal {
		list, _ := list.([]any)
		for _, one := range list {
			if text, ok := one.(string); ok {
				who = append(who, text)
			}
		}
	}
	slices.Sort(who)
	return strings.Join(who, ", ")
}
