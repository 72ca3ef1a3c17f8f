package probe

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
)

// maxBody is how much of an answer is read and judged.
const maxBody = 1 << 20

// Answer is what one attempt got back.
type Answer struct {
	Status    int
	Headers   map[string][]string // by canonical name
	Body      string
	Truncated bool // Body is the first MiB of a longer one
	Latency   time.Duration

	decoded bool
	value   any
}

// json returns the body decoded, or nil when it is not JSON. Whole numbers become int, so that they can be indexes.
func (a *Answer) json() any {
	if !a.decoded {
		a.decoded = true
		decoder := json.NewDecoder(bytes.NewReader([]byte(a.Body)))
		decoder.UseNumber()
		var value any
		if decoder.Decode(&value) == nil {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				a.value = numbers(value)
			}
		}
	}
	return a.value
}

func numbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := strconv.Atoi(v.String()); err == nil {
			return whole
		}
		float, err := v.Float64()
		if err != nil {
			return math.Inf(1)
		}
		return float
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	}
	return value
}

// readBody reads at most maxBody and tells whether there was more.
func readBody(r io.Reader) (body string, truncated bool, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if len(data) > maxBody {
		return string(data[:maxBody]), true, nil
	}
	return string(data), false, err
}
