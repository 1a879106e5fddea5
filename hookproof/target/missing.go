package target

// Missing returns the needs that the target does not offer.
func (t *Target) Missing(needs []string) []string {
	var list []string
	for _, need := range needs {
		if t.Lacks([]string{need}) != "" {
			list = append(list, need)
		}
	}
	return list
}
