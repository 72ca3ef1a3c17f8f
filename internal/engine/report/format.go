package report

import "fmt"

// HealthFormats are what a Health document can be written as, one line each; the names are those of the configuration.
var HealthFormats = map[string]func(Health) ([]byte, error){
	"json":     Health.JSON,
	"junit":    Health.JUnit,
	"markdown": Health.Markdown,
	"html":     Health.HTML,
}

// Write puts the document at path in one of HealthFormats, whole or not at all.
func (h Health) Write(format, path string) error {
	render, ok := HealthFormats[format]
	if !ok {
		return fmt.Errorf("report: there is no format %q", format)
	}
	data, err := render(h)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return write(path, data)
}
