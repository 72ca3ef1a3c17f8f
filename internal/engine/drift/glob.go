package drift

// match tells whether text matches a glob: "*" is any run of characters, "?" any one; everything else is itself, square
// brackets too, because addresses are full of them.
func match(glob, text string) bool {
	star, resume := -1, 0
	g, t := 0, 0
	for t < len(text) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, resume = g, t
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == text[t]):
			g++
			t++
		case star >= 0:
			resume++
			g, t = star+1, resume
		default:
			return false
		}
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

func matchOrAll(glob, text string) bool { return glob == "" || match(glob, text) }
