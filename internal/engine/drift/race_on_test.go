//go:build race

package drift

const raceDetector = true
