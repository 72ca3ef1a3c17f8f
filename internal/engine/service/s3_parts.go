package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// objectVersion is one object as it was at the capture.
type objectVersion struct {
	Key     string `json:"k"`
	Version string `json:"v"`
	ETag    string `json:"e"`
	Size    int64  `json:"s"`
}

// entriesPerPart is how many objects one part of a capture lists: about a megabyte.
const entriesPerPart = 10_000

// partWriter writes objects as JSON lines, entriesPerPart to a part.
type partWriter struct {
	keep  func(ctx context.Context, part []byte) error
	lines bytes.Buffer
	count int
}

func (w *partWriter) add(ctx context.Context, entry objectVersion) error {
	encoder := json.NewEncoder(&w.lines)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(entry); err != nil {
		return err
	}
	w.count++
	if w.count < entriesPerPart {
		return nil
	}
	return w.flush(ctx)
}

func (w *partWriter) flush(ctx context.Context) error {
	if w.count == 0 {
		return nil
	}
	part := bytes.Clone(w.lines.Bytes())
	w.lines.Reset()
	w.count = 0
	return w.keep(ctx, part)
}

// partReader goes over captured objects, one part in memory at a time.
type partReader struct {
	parts    Parts
	want     int // how many objects there have to be
	next     int // part
	seen     int
	line     []byte // what is left of the current part
	previous string
}

// read returns the next object; false after the last one.
func (r *partReader) read(ctx context.Context) (entry objectVersion, ok bool, err error) {
	for len(r.line) == 0 {
		if r.parts == nil || r.next == r.parts.Len() {
			if r.seen != r.want {
				return entry, false, fmt.Errorf("%w: %d objects are listed, %d were captured", errCapture, r.seen, r.want)
			}
			return entry, false, nil
		}
		if r.line, err = r.parts.Part(ctx, r.next); err != nil {
			return entry, false, err
		}
		r.next++
	}
	line, rest, _ := bytes.Cut(r.line, []byte("\n"))
	if err := json.Unmarshal(line, &entry); err != nil {
		return entry, false, fmt.Errorf("%w: %w", errCapture, err)
	}
	if r.seen > 0 && entry.Key <= r.previous {
		return entry, false, fmt.Errorf("%w: %q comes after %q", errCapture, entry.Key, r.previous)
	}
	r.line, r.previous = rest, entry.Key
	r.seen++
	return entry, true, nil
}
