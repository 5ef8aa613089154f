package app

import (
	"cmp"
	"slices"
)

// inOrder gives the texts in the order of the transcript: time, then seq.
func inOrder(list []message) []string {
	slices.SortFunc(list, func(a, b message) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Seq, b.Seq)) })
	texts := []string{}
	for _, m := range list {
		texts = append(texts, m.Text)
	}
	return texts
}
