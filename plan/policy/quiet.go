package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known where no zone database is installed (Lambda, scratch images)
)

// QuietHours is a span of the day in which nothing is done to a stack set.
type QuietHours struct {
	Days []string `yaml:"days"` // mon … sun; none means every day
	From string   `yaml:"from"` // 08:00
	To   string   `yaml:"to"`   // 18:00; at or before From means the next day
	Zone string   `yaml:"zone"` // such as Europe/Berlin; none means UTC
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Contains reports whether t lies in the span. A span over midnight belongs to
// the day on which it begins.
func (q QuietHours) Contains(t time.Time) bool {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		return false // the policy file's check refuses such a zone
	}
	local := t.In(zone)
	now := local.Hour()*60 + local.Minute()
	from, to := minuteOfDay(q.From), minuteOfDay(q.To)
	if from < to {
		return q.on(local.Weekday()) && from <= now && now < to
	}
	yesterday := (local.Weekday() + 6) % 7
	return q.on(local.Weekday()) && now >= from || q.on(yesterday) && now < to
}

func (q QuietHours) on(day time.Weekday) bool {
	return len(q.Days) == 0 || slices.ContainsFunc(q.Days, func(name string) bool {
		return strings.EqualFold(name, weekdays[day])
	})
}

func (q QuietHours) String() string {
	days := strings.Join(q.Days, ", ")
	if days == "" {
		days = "every day"
	}
	zone := q.Zone
	if zone == "" {
		zone = "UTC"
	}
	return fmt.Sprintf("%s from %s to %s %s", days, q.From, q.To, zone)
}

// check says what is wrong with the span as written.
func (q QuietHours) check() error {
	if minuteOfDay(q.From) < 0 || minuteOfDay(q.To) < 0 {
		return fmt.Errorf("reading quiet hours from %q to %q: want times of day such as 08:00", q.From, q.To)
	}
	for _, day := range q.Days {
		if !slices.Contains(weekdays, strings.ToLower(day)) {
			return fmt.Errorf("reading quiet hours: day %q is not one of mon, tue, wed, thu, fri, sat, sun", day)
		}
	}
	if _, err := time.LoadLocation(q.Zone); err != nil {
		return fmt.Errorf("reading quiet hours: time zone %q is not known", q.Zone)
	}
	return nil
}

// minuteOfDay is the minutes since midnight, -1 if s is no time of day.
func minuteOfDay(s string) int {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}
