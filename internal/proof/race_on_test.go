//go:build race

package proof

// raced tells that the race detector makes everything several times slower.
const raced = true
