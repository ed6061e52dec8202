package cli

import (
	"fmt"
	"strings"
)

// ArgumentOr is the first of the words that were typed, or what stands for it.
func ArgumentOr(args []string, placeholder string) string {
	if len(args) == 0 {
		return placeholder
	}
	return args[0]
}

// Says makes the answer of a command that is called otherwise here: one sentence
// with the command lines of ours, to which what was typed belongs.
func Says(f *Factory, placeholder, format string, lines ...[]string) func([]string) string {
	return func(args []string) string {
		made := make([]any, len(lines))
		for i, words := range lines {
			line := make([]string, len(words))
			for n, word := range words {
				line[n] = word
				if placeholder != "" {
					line[n] = strings.ReplaceAll(word, placeholder, ArgumentOr(args, placeholder))
				}
			}
			made[i] = f.Hint().Vast(line...)
		}
		return fmt.Sprintf(format, made...)
	}
}
