package plan

// Count counts cells by verdict.
func Count(cells []Assessed) Counts {
	var counts Counts
	for i := range cells {
		if field := counts.field(cells[i].Verdict); field != nil {
			*field++
		}
	}
	return counts
}

// Of is the number of cells with the verdict.
func (c Counts) Of(v Verdict) int {
	if field := c.field(v); field != nil {
		return *field
	}
	return 0
}

// Total is the number of cells counted.
func (c Counts) Total() int {
	total := 0
	for _, v := range Verdicts {
		total += c.Of(v)
	}
	return total
}

func (c *Counts) field(v Verdict) *int {
	switch v {
	case Healthy:
		return &c.Healthy
	case Missing:
		return &c.Missing
	case Orphan:
		return &c.Orphan
	case Failed:
		return &c.Failed
	case Inoperable:
		return &c.Inoperable
	case Drifted:
		return &c.Drifted
	case Outdated:
		return &c.Outdated
	case Blocked:
		return &c.Blocked
	case Quarantined:
		return &c.Quarantined
	case NotChecked:
		return &c.NotChecked
	}
	return nil
}
