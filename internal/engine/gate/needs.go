package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// UnknownNeedError says that a check needs one that does not exist.
type UnknownNeedError struct {
	Check, Need string
}

// Error names both.
func (e *UnknownNeedError) Error() string {
	return fmt.Sprintf("check %q needs %q, and there is no such check", e.Check, e.Need)
}

// NeedCycleError says that checks wait for each other, so that none of them could ever run.
type NeedCycleError struct {
	Cycle []string // each needs the next; the last needs the first
}

// Error shows the way around.
func (e *NeedCycleError) Error() string {
	return "checks need each other in a circle: " + strings.Join(append(slices.Clone(e.Cycle), e.Cycle[0]), " -> ")
}

// ValidateNeeds takes what each check needs, by name, and returns the first *UnknownNeedError or *NeedCycleError in the
// order of the names, or nil.
func ValidateNeeds(needs map[string][]string) error {
	const (
		fresh = iota
		open
		closed
	)
	state := make(map[string]int, len(needs))
	var trail []string
	var visit func(name string) error
	visit = func(name string) error {
		switch state[name] {
		case closed:
			return nil
		case open:
			return &NeedCycleError{Cycle: slices.Clone(trail[slices.Index(trail, name):])}
		}
		state[name] = open
		trail = append(trail, name)
		for _, need := range slices.Sorted(slices.Values(needs[name])) {
			if _, ok := needs[need]; !ok {
				return &UnknownNeedError{Check: name, Need: need}
			}
			if err := visit(need); err != nil {
				return err
			}
		}
		trail = trail[:len(trail)-1]
		state[name] = closed
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(needs)) {
		if err := visit(name); err != nil {
			return err
		}
	}
	return nil
}
