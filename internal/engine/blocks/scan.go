package blocks

import (
	"strings"
	"unicode/utf16"
)

// block is one at the top of a file.
type block struct {
	file, kind string
	labels     []string
	head       span
	// attributes are where its attributes and nested blocks begin, by name; of those with one name, the first.
	attributes map[string]span
	source     string // of a module: its source, where that is plain text
}

// span is a stretch of one line.
type span struct{ line, column, endLine, endColumn int }

// scanner walks through the text of a file. It never fails: what it does not understand it passes over.
type scanner struct {
	text string
	at   int
	line int
	from int // where the line begins
}

// scan returns the blocks of a file.
func scan(text, file string) []block {
	s := &scanner{text: text, line: 1}
	var found []block
	for s.skip(true); s.at < len(s.text); s.skip(true) {
		kind := s.word()
		if kind == "" {
			s.pass()
			continue
		}
		block := block{file: file, kind: kind, labels: s.labels(), attributes: map[string]span{}}
		if s.peek() != '{' {
			s.value()
			continue
		}
		block.head = s.span(s.at + 1)
		s.advance()
		s.body(&block)
		found = append(found, block)
	}
	return found
}

// body reads to the closing brace of a block; into is nil for what lies deeper.
func (s *scanner) body(into *block) {
	for s.skip(true); s.at < len(s.text); s.skip(true) {
		if s.peek() == '}' {
			s.advance()
			return
		}
		name := s.word()
		if name == "" {
			s.pass()
			continue
		}
		labels := s.labels()
		switch {
		case s.peek() == '{':
			into.note(name, s.span(s.at+1))
			if name == "dynamic" && len(labels) == 1 {
				into.note(labels[0], s.span(s.at+1))
			}
			s.advance()
			s.body(nil)
		case s.peek() == '=':
			into.note(name, s.span(s.lineEnd()))
			s.advance()
			s.skip(false)
			begin := s.at
			s.value()
			if into != nil && name == "source" {
				into.source = plain(s.text[begin:s.at])
			}
		default:
			s.value()
		}
	}
}

func (b *block) note(name string, at span) {
	if b == nil {
		return
	}
	if _, known := b.attributes[name]; !known {
		b.attributes[name] = at
	}
}

// plain is the text of a quoted string without escapes and templates, or "".
func plain(value string) string {
	inner, opened := strings.CutPrefix(strings.TrimSpace(value), `"`)
	inner, closed := strings.CutSuffix(inner, `"`)
	if !opened || !closed || strings.ContainsAny(inner, "\"\\$%\n") {
		return ""
	}
	return inner
}

func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func (s *scanner) advance() {
	if s.at >= len(s.text) {
		return
	}
	if s.text[s.at] == '\n' {
		s.line, s.from = s.line+1, s.at+1
	}
	s.at++
}

func (s *scanner) starts(with string) bool { return strings.HasPrefix(s.text[s.at:], with) }

// skip passes over spaces and comments, and over the ends of lines if newlines is set.
func (s *scanner) skip(newlines bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t' || c == '\r' || (c == '\n' && newlines):
			s.advance()
		case c == '#' || s.starts("//"):
			s.at = s.lineEnd()
		case s.starts("/*"):
			for s.at < len(s.text) && !s.starts("*/") {
				s.advance()
			}
			s.advance()
			s.advance()
		default:
			return
		}
	}
}

func (s *scanner) lineEnd() int {
	if end := strings.IndexByte(s.text[s.at:], '\n'); end >= 0 {
		return s.at + end
	}
	return len(s.text)
}

func inWord(c byte) bool {
	return c == '_' || c == '-' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}

// word reads an identifier, or "".
func (s *scanner) word() string {
	begin := s.at
	for inWord(s.peek()) {
		s.at++
	}
	return s.text[begin:s.at]
}

// labels reads the labels of a block, up to what is none.
func (s *scanner) labels() []string {
	var labels []string
	for s.skip(false); ; s.skip(false) {
		begin := s.at
		if s.peek() == '"' {
			s.quoted()
			labels = append(labels, plain(s.text[begin:s.at]))
			continue
		}
		label := s.word()
		if label == "" {
			return labels
		}
		labels = append(labels, label)
	}
}

// value passes over an expression: to the end of its line, or to the brace that closes the block around it.
func (s *scanner) value() {
	depth := 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '(', '[', '{':
			depth++
			s.advance()
		case ')', ']', '}':
			if depth == 0 {
				return
			}
			depth--
			s.advance()
		case '\n':
			if depth == 0 {
				return
			}
			s.advance()
		default:
			s.pass()
		}
		s.skip(depth > 0)
	}
}

// pass passes over a string, a heredoc or one character.
func (s *scanner) pass() {
	switch {
	case s.peek() == '"':
		s.quoted()
	case s.starts("<<"):
		s.heredoc()
	default:
		s.advance()
	}
}

// quoted passes over a quoted string and the templates in it.
func (s *scanner) quoted() {
	s.advance()
	for s.at < len(s.text) {
		switch {
		case s.peek() == '\\':
			s.advance()
			s.advance()
		case s.peek() == '"':
			s.advance()
			return
		case s.starts("$${") || s.starts("%%{"):
			s.at += len("$${")
		case s.starts("${") || s.starts("%{"):
			s.at += len("${")
			s.template()
		default:
			s.advance()
		}
	}
}

// template passes over what lies between the braces of ${ } and %{ }.
func (s *scanner) template() {
	for depth := 1; depth > 0 && s.at < len(s.text); {
		switch s.peek() {
		case '{':
			depth++
			s.advance()
		case '}':
			depth--
			s.advance()
		default:
			s.pass()
		}
	}
}

// heredoc passes over <<WORD or <<-WORD to the line that holds nothing but WORD.
func (s *scanner) heredoc() {
	s.at += len("<<")
	if s.peek() == '-' {
		s.at++
	}
	end := s.word()
	if end == "" {
		return
	}
	for s.at < len(s.text) {
		s.at = s.lineEnd()
		s.advance()
		if s.at < len(s.text) && strings.TrimSpace(s.text[s.at:s.lineEnd()]) == end {
			s.at = s.lineEnd()
			return
		}
	}
}

// span is from the first character of the current line that is no space to end, which lies on it too.
func (s *scanner) span(end int) span {
	line := strings.TrimRight(s.text[s.from:end], " \t\r")
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	return span{s.line, indent + 1, s.line, len(utf16.Encode([]rune(line))) + 1}
}
