package service

import "encoding/json"

// Spec names a target well enough to make its Service again, from a manifest as from a configuration.
type Spec struct {
	Kind   string          `json:"kind"`   // "lambda_alias"
	Region string          `json:"region"` // where it is; for a global service, the partition's
	Config json.RawMessage `json:"config"` // the kind's own, canonical JSON
}

// NewSpec returns the spec of a target whose configuration is config.
func NewSpec(kind, region string, config any) (Spec, error) {
	raw, err := canonical(config)
	return Spec{Kind: kind, Region: region, Config: raw}, err
}
