package service

import (
	"fmt"
	"regexp"
	"strings"
)

// globs matches keys against patterns: ** stands for anything, * for anything but a slash, ? for one character that is
// no slash. A pattern has to match the whole key.
type globs []*regexp.Regexp

// maxGlob is longer than any key.
const maxGlob = 1024

// CheckGlob returns an error unless pattern is one that an exclude takes.
func CheckGlob(pattern string) error {
	if pattern == "" || len(pattern) > maxGlob {
		return fmt.Errorf("a pattern has 1 to %d characters", maxGlob)
	}
	return nil
}

func compileGlobs(patterns []string) (globs, error) {
	compiled := make(globs, 0, len(patterns))
	for _, pattern := range patterns {
		if err := CheckGlob(pattern); err != nil {
			return nil, fmt.Errorf("exclude %q: %w", pattern, err)
		}
		var expression strings.Builder
		for rest := pattern; rest != ""; {
			switch {
			case strings.HasPrefix(rest, "**"):
				expression.WriteString("(?s:.*)")
				rest = rest[2:]
			case rest[0] == '*':
				expression.WriteString("[^/]*")
				rest = rest[1:]
			case rest[0] == '?':
				expression.WriteString("[^/]")
				rest = rest[1:]
			default:
				end := strings.IndexAny(rest, "*?")
				if end < 0 {
					end = len(rest)
				}
				expression.WriteString(regexp.QuoteMeta(rest[:end]))
				rest = rest[end:]
			}
		}
		matcher, err := regexp.Compile("^" + expression.String() + "$")
		if err != nil {
			return nil, fmt.Errorf("exclude %q: %w", pattern, err)
		}
		compiled = append(compiled, matcher)
	}
	return compiled, nil
}

func (g globs) match(key string) bool {
	for _, matcher := range g {
		if matcher.MatchString(key) {
			return true
		}
	}
	return false
}
