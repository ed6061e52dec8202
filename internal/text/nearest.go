package text

import "strings"

// Nearest returns the candidate that a mistyped word probably means, or "".
// Upper and lower case are the same.
func Nearest(word string, candidates []string) string {
	if word == "" || len(word) > 64 { // bounds the effort
		return ""
	}
	low := strings.ToLower(word)
	best, bestCost := "", len(word)/3+2
	for _, c := range candidates {
		if d := distance(low, strings.ToLower(c)); d < bestCost && isTypo(low, strings.ToLower(c), d) {
			best, bestCost = c, d
		}
	}
	return best
}

// isTypo reports whether a, which is d changes away from b, is a likely typing
// error for b: with one change always, with more only if half of the word and its
// first letter are unchanged. "yes" is not near "as", nor "edit" near "wait".
func isTypo(a, b string, d int) bool {
	return d <= 1 || b != "" && 2*d <= len(a) && a[0] == b[0]
}

// distance returns the number of characters to insert, delete, replace or swap
// with their neighbor to turn a into b (optimal string alignment).
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
