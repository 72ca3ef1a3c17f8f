package probe

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ScanLevel is how severe a result of a scanner is, from the mildest.
type ScanLevel int

// The levels of SARIF 2.1.0, section 3.27.10.
const (
	LevelNone ScanLevel = iota
	LevelNote
	LevelWarning
	LevelError
)

var scanLevels = []string{"none", "note", "warning", "error"}

// String is the level as SARIF writes it.
func (l ScanLevel) String() string { return scanLevels[l] }

// ParseScanLevel takes "note", "warning" or "error". A limit of "none" would object to what a scanner found in order.
func ParseScanLevel(text string) (ScanLevel, error) {
	index := slices.Index(scanLevels, text)
	if index <= int(LevelNone) {
		return LevelNone, fmt.Errorf("%q is no level; the levels are %s", text, strings.Join(scanLevels[1:], ", "))
	}
	return ScanLevel(index), nil
}

// Scan reads what a scanner wrote, a SARIF file, and passes when nothing in it is as severe as Limit or more so.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type Scan struct {
	Path  string
	Limit ScanLevel
}

// maxScan is how long a file may be; it is never held in memory as a whole.
const maxScan = 256 << 20

// Name is "scan".
func (*Scan) Name() string { return "scan" }

// Probe reads the file once. Reasons name rules and places, never a result's message: a scanner for secrets quotes them.
// What the file holds is final, as no repetition changes it; a file that is missing or not whole may yet be written.
func (s *Scan) Probe(ctx context.Context) Observation {
	started := time.Now()
	seen := s.read(ctx)
	seen.Latency = time.Since(started)
	return seen
}

func (s *Scan) read(ctx context.Context) Observation {
	what := "read " + s.Path
	info, err := os.Stat(s.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Observation{Status: Error, Reason: what + ": there is no such file; has the scanner run?"}
	case err != nil:
		return Observation{Status: Error, Reason: what + ": " + innermost(err).Error()}
	case !info.Mode().IsRegular():
		return Observation{Status: Error, Reason: what + ": it is not a file", Final: true}
	case info.Size() > maxScan:
		return Observation{Status: Error, Reason: fmt.Sprintf("%s: it has %d bytes, more than the %d that are read", what, info.Size(), maxScan), Final: true}
	}
	file, err := os.Open(s.Path)
	if err != nil {
		return Observation{Status: Error, Reason: what + ": " + innermost(err).Error()}
	}
	defer file.Close() //nolint:errcheck // it was only read
	log := &sarifLog{}
	if err := log.decode(contextReader{ctx, io.LimitReader(file, maxScan)}); err != nil {
		if context.Cause(ctx) != nil {
			return trouble(ctx, what, err, 0)
		}
		return Observation{Status: Error, Reason: what + ": it is not a SARIF file: " + sarifFault(err)}
	}
	return s.judge(log)
}

// contextReader lets the end of a context cut reading short.
type contextReader struct {
	ctx context.Context
	io.Reader
}

// Read reads while the context lasts.
func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// sarifFault says what is wrong with a file without quoting it.
func sarifFault(err error) string {
	var (
		syntax  *json.SyntaxError
		unlike  *json.UnmarshalTypeError
		missing *sarifError
	)
	switch {
	case errors.As(err, &missing):
		return missing.Error()
	case errors.As(err, &syntax):
		return fmt.Sprintf("the JSON is broken at byte %d", syntax.Offset)
	case errors.As(err, &unlike):
		return "a " + unlike.Value + " stands where none belongs, in " + printable(unlike.Field)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends in the middle"
	default:
		return "it cannot be decoded"
	}
}

func (s *Scan) judge(log *sarifLog) Observation {
	seen := Observation{Status: Pass, Values: map[string]string{"suppressed": strconv.Itoa(log.suppressed)}}
	counts, found := map[ScanLevel]int{}, 0
	var worst []sarifFinding
	for finding := range log.findings() {
		counts[finding.level] += finding.count
		if finding.level >= s.Limit {
			found += finding.count
			worst = append(worst, finding)
		}
	}
	for _, level := range []ScanLevel{LevelError, LevelWarning, LevelNote} {
		seen.Values[level.String()] = strconv.Itoa(counts[level])
	}
	switch {
	case found > 0:
		seen.Final = true
		return seen.fail("%s holds %d at or above level %s: %s", s.Path, found, s.Limit, examples(worst))
	case log.elsewhere:
		seen.Status, seen.Final = Inconclusive, true
		seen.Reason = s.Path + " keeps results in other files, which are not read"
	case log.scans == 0:
		seen.Status, seen.Final = Inconclusive, true
		seen.Reason = s.Path + " has no run with results, not even an empty list of them: nothing was scanned"
	case log.broken:
		seen.Status, seen.Final = Inconclusive, true
		seen.Reason = s.Path + " says that its scanner did not run to its end (executionSuccessful is false)"
	}
	return seen
}

// examples names the rules that were broken most severely and most often, each with a place.
func examples(found []sarifFinding) string {
	slices.SortFunc(found, func(a, b sarifFinding) int {
		return cmp.Or(cmp.Compare(b.level, a.level), cmp.Compare(b.count, a.count), cmp.Compare(a.rule, b.rule), cmp.Compare(a.place, b.place))
	})
	var parts []string
	for _, finding := range found[:min(len(found), 5)] {
		part := fmt.Sprintf("%d %s of %s", finding.count, finding.level, cmp.Or(finding.rule, "a rule without a name"))
		if finding.place != "" {
			part += ", first at " + finding.place
		}
		parts = append(parts, part)
	}
	if more := len(found) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more rules", more))
	}
	return strings.Join(parts, "; ")
}
