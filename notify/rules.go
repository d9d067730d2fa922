package notify

// Wants reports whether a message goes to the channel. What opens incidents must
// also hear what closes them.
func (c Channel) Wants(m Message) bool {
	if _, pages := c.Notifier.(*pagerDuty); pages {
		return len(m.Attention)+len(m.Resolved) > 0
	}
	switch {
	case m.Test || c.When == Always:
		return true
	case c.When == OnChange:
		return m.Changed()
	}
	return m.NeedsPerson()
}
