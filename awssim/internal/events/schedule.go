package events

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// timetable answers the next time after one, zero if there is none.
type timetable func(time.Time) time.Time

// Timetable returns what answers the next time of a schedule expression after one,
// zero if there is none. Times of cron are UTC's.
func Timetable(expression string) (func(time.Time) time.Time, error) { return timetableOf(expression) }

// timetableOf reads rate(5 minutes) or cron(0 12 * * ? *).
func timetableOf(expression string) (timetable, error) { return timetableIn(expression, time.UTC) }

func timetableIn(expression string, zone *time.Location) (timetable, error) {
	if fields, isCron := strings.CutPrefix(expression, "cron("); isCron {
		return cronOf(strings.TrimSuffix(fields, ")"), zone)
	}
	every, err := rateOf(expression)
	return func(t time.Time) time.Time { return t.Add(every) }, err
}

// cronOf reads AWS's six fields: minutes, hours, day of month, month, day of week
// from 1 for Sunday, and year. One of the two days is a question mark.
func cronOf(fields string, zone *time.Location) (timetable, error) {
	f := strings.Fields(fields)
	if len(f) != 6 || (f[2] == "?") == (f[4] == "?") {
		return nil, fmt.Errorf("cron takes six fields, with a question mark for one of the two days")
	}
	if strings.ContainsAny(f[2], "LW") || strings.ContainsAny(strings.NewReplacer("JUL", "", "WED", "").Replace(f[4]), "L#") {
		return nil, fmt.Errorf("the embedded AWS does not take L, W and # in cron")
	}
	schedule, err := cron.ParseStandard("CRON_TZ=" + zone.String() + " " + strings.Join([]string{f[0], f[1], f[2], f[3], weekdays(f[4])}, " "))
	if err != nil {
		return nil, fmt.Errorf("reading cron: %w", err)
	}
	return func(t time.Time) time.Time {
		for range 400 { // days that a year's field leaves out
			if t = schedule.Next(t.In(zone)); t.IsZero() || inYears(f[5], t.Year()) {
				return t
			}
			t = time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, zone).Add(-time.Second)
		}
		return time.Time{}
	}, nil
}

// weekdays turns AWS's numbers, from 1 for Sunday, into cron's, from 0.
func weekdays(field string) string {
	var out strings.Builder
	step := false
	for _, c := range field {
		switch {
		case c == '/':
			step = true
		case c == ',':
			step = false
		case c >= '1' && c <= '7' && !step:
			c--
		}
		out.WriteRune(c)
	}
	return out.String()
}

// inYears reports whether a year's field, such as 2026-2028 or *, holds a year.
func inYears(field string, year int) bool {
	if field == "*" {
		return true
	}
	for part := range strings.SplitSeq(field, ",") {
		low, high, ranged := strings.Cut(part, "-")
		from, err := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if !ranged {
			to, err2 = from, err
		}
		if err == nil && err2 == nil && from <= year && year <= to {
			return true
		}
	}
	return false
}

// rateOf reads rate(5 minutes).
func rateOf(expression string) (time.Duration, error) {
	m := rate().FindStringSubmatch(expression)
	if m == nil {
		return 0, fmt.Errorf("it is neither rate(n unit) nor cron(six fields)")
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, fmt.Errorf("reading the rate: %w", err)
	}
	if plural := strings.HasSuffix(m[2], "s"); plural == (n == 1) {
		return 0, fmt.Errorf("a value of one takes a singular unit, any other a plural one")
	}
	unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	return time.Duration(n) * unit[strings.TrimSuffix(m[2], "s")], nil
}

// Next returns the time after t at which an expression, rate() or cron() in a place's
// time, is due; zero if there is none. It fails for what is no expression.
func Next(expression string, zone *time.Location, t time.Time) (time.Time, error) {
	table, err := timetableIn(expression, zone)
	if err != nil {
		return time.Time{}, err
	}
	return table(t), nil
}
