package traffic

import (
	"maps"
	"slices"
)

// split tells the weights of two colours from the shares (0 to 1) that everything has, and what else has one, sorted.
// Beside others a colour has what it has; when both have nothing, it is half and half, which is never taken for done.
func split(shares map[string]float64, blueName, greenName string) (weights Weights, foreign []string) {
	blue, green := shares[blueName], shares[greenName]
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		if percent(shares[name]) > 0 && name != blueName && name != greenName {
			foreign = append(foreign, name)
		}
	}
	switch {
	case len(foreign) == 0:
		return On(Blue, percent(blue)), nil
	case blue == 0 && green == 0:
		return Weights{Blue: 50, Green: 50}, foreign
	case blue >= green:
		return On(Blue, percent(blue)), foreign
	default:
		return On(Green, percent(green)), foreign
	}
}
