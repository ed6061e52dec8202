package yamlfile

import "strings"

// Nearest returns the candidate that word was probably meant to be, or "".
func Nearest(word string, candidates []string) string {
	if len(word) > 40 { // nothing of ours is near, and the effort is bounded
		return ""
	}
	low := strings.ToLower(word)
	best, bestCost := "", len(word)/3+2
	for _, c := range candidates {
		if strings.HasPrefix(c, "_") {
			continue // internal fields are accepted, not advertised
		}
		if d := distance(low, strings.ToLower(c)); d < bestCost && isTypo(low, strings.ToLower(c), d) {
			best, bestCost = c, d
		}
	}
	return best
}

// isTypo says whether somebody who meant b can have typed a, which is d changes
// away: one change may be anywhere, more of them leave most of a word, and nearly
// always its beginning, as they were ("yes" is not meant to be "as", nor "edit" to
// be "wait").
func isTypo(a, b string, d int) bool {
	return d <= 1 || 2*d <= len(a) && a[0] == b[0]
}

// distance is the number of characters to insert, delete, replace or swap
// with their neighbour to make b of a (optimal string alignment).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	d := make([][]int, len(s)+1)
	for i := range d {
		d[i] = make([]int, len(t)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(s)][len(t)]
}
