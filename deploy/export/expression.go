package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Expression makes an expression of EventBridge Scheduler of a usual cron
// expression of five fields, "@every 6h", "@daily" and the like. Expressions of
// Scheduler itself stay as they are. It fails for what Scheduler cannot say: a day
// of the month and of the week together, and intervals that are no whole minutes.
func Expression(cron string) (string, error) {
	text := strings.TrimSpace(cron)
	for _, own := range []string{"cron(", "rate(", "at("} {
		if strings.HasPrefix(text, own) && strings.HasSuffix(text, ")") {
			return text, nil
		}
	}
	if interval, ok := strings.CutPrefix(text, "@every "); ok {
		return rate(interval)
	}
	if usual, ok := named[text]; ok {
		text = usual
	}
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return "", fmt.Errorf("the cron expression %q has %d fields, not 5: minute, hour, day of the month, month, day of the week", cron, len(fields))
	}
	return scheduler(cron, fields)
}

// named are the expressions that have names.
var named = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

func rate(interval string) (string, error) {
	d, err := time.ParseDuration(interval)
	if err != nil {
		return "", fmt.Errorf("reading the interval %q: %w", interval, err)
	}
	minutes := int(d / time.Minute)
	if minutes < 1 || d%time.Minute != 0 {
		return "", fmt.Errorf("the interval %q is not of whole minutes, as EventBridge Scheduler has them", interval)
	}
	for _, unit := range []struct {
		name    string
		minutes int
	}{{"day", 24 * 60}, {"hour", 60}, {"minute", 1}} {
		if n := minutes / unit.minutes; minutes%unit.minutes == 0 {
			if n != 1 {
				unit.name += "s"
			}
			return fmt.Sprintf("rate(%d %s)", n, unit.name), nil
		}
	}
	return "", nil // not reached: all are of whole minutes
}

// scheduler makes six fields of five: days of the week count from 1 for Sunday, and
// one of the two fields for days is a question mark.
func scheduler(cron string, f []string) (string, error) {
	for i, first := range []string{"0", "0", "1", "1"} {
		if step, ok := strings.CutPrefix(f[i], "*/"); ok {
			f[i] = first + "/" + step
		}
	}
	f[2], f[4] = strings.ReplaceAll(f[2], "?", "*"), strings.ReplaceAll(f[4], "?", "*")
	week, err := daysOfWeek(f[4])
	if err != nil {
		return "", fmt.Errorf("the cron expression %q: %w", cron, err)
	}
	switch {
	case f[4] == "*":
		week = "?"
	case f[2] == "*":
		f[2] = "?"
	default:
		return "", fmt.Errorf("the cron expression %q names days of the month and of the week: EventBridge Scheduler takes one of them", cron)
	}
	return "cron(" + strings.Join([]string{f[0], f[1], f[2], f[3], week, "*"}, " ") + ")", nil
}

var dayNames = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}

// daysOfWeek names the days of a field: 0 and 7 are Sunday.
func daysOfWeek(field string) (string, error) {
	if field == "*" {
		return field, nil
	}
	var days []string
	for part := range strings.SplitSeq(field, ",") {
		from, to, isRange := strings.Cut(part, "-")
		step := ""
		if !isRange {
			to = from
		}
		if at := strings.Index(to, "/"); at >= 0 {
			to, step = to[:at], to[at+1:]
		}
		if strings.HasPrefix(from, "*/") {
			from, to, step = "0", "6", from[2:]
		}
		named, err := between(from, to, step)
		if err != nil {
			return "", err
		}
		for _, day := range named {
			if !slices.Contains(days, day) {
				days = append(days, day)
			}
		}
	}
	return strings.Join(days, ","), nil
}

func between(from, to, step string) ([]string, error) {
	first, err := dayOfWeek(from)
	if err != nil {
		return nil, err
	}
	last, err := dayOfWeek(to)
	if err != nil {
		return nil, err
	}
	every := 1
	if step != "" {
		if every, err = strconv.Atoi(step); err != nil || every < 1 {
			return nil, fmt.Errorf("the step %q is no number", step)
		}
	}
	if last < first {
		return nil, fmt.Errorf("the days %s-%s end before they begin", from, to)
	}
	var days []string
	for day := first; day <= last; day += every {
		days = append(days, dayNames[day%7])
	}
	return days, nil
}

func dayOfWeek(text string) (int, error) {
	if n := slices.Index(dayNames, strings.ToUpper(text)); n >= 0 {
		return n, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 7 {
		return 0, fmt.Errorf("%q is no day of the week", text)
	}
	return n, nil
}

// Before moves an expression of a maintenance window ahead, so that a workflow runs
// that long before the window opens. It fails where no expression can say that: for
// rates, and times of day that cross midnight where days are named by their dates.
func Before(expression string, lead time.Duration) (string, error) {
	if lead <= 0 || lead%time.Minute != 0 {
		return "", fmt.Errorf("the time before the window must be of whole minutes, not %s", lead)
	}
	if text, ok := cut(expression, "at("); ok {
		at, err := time.Parse("2006-01-02T15:04:05", text)
		if err != nil {
			return "", fmt.Errorf("reading %q: %w", expression, err)
		}
		return "at(" + at.Add(-lead).Format("2006-01-02T15:04:05") + ")", nil
	}
	text, ok := cut(expression, "cron(")
	f := strings.Fields(text)
	if !ok || len(f) < 6 {
		return "", fmt.Errorf("the window opens by %q: the time before it cannot be said in an expression", expression)
	}
	if len(f) == 7 { // a maintenance window's expressions may have seconds
		f = f[1:]
	}
	return ahead(expression, f, int(lead/time.Minute))
}

func cut(expression, begin string) (string, bool) {
	text, ok := strings.CutPrefix(expression, begin)
	text, closed := strings.CutSuffix(text, ")")
	return text, ok && closed
}

const dayMinutes = 24 * 60

func ahead(expression string, f []string, lead int) (string, error) {
	minute, err1 := strconv.Atoi(f[0])
	hour, err2 := strconv.Atoi(f[1])
	if err1 != nil || err2 != nil {
		return "", fmt.Errorf("the window opens by %q, more often than once a day: the time before it cannot be said in an expression", expression)
	}
	at := hour*60 + minute - lead
	days := 0
	for at < 0 {
		at, days = at+dayMinutes, days+1
	}
	f[0], f[1] = strconv.Itoa(at%60), strconv.Itoa(at/60)
	if days > 0 && !everyDay(f) {
		week, err := earlierDays(f[4], days)
		if err != nil || f[2] != "?" && f[2] != "*" || f[3] != "*" || f[5] != "*" {
			return "", fmt.Errorf("the window opens by %q: the day before cannot be said in an expression", expression)
		}
		f[4] = week
	}
	return "cron(" + strings.Join(f, " ") + ")", nil
}

func everyDay(f []string) bool {
	any := func(s string) bool { return s == "*" || s == "?" }
	return any(f[2]) && any(f[3]) && any(f[4]) && any(f[5])
}

// earlierDays moves days of the week, which count from 1 for Sunday here.
func earlierDays(field string, by int) (string, error) {
	var days []string
	for part := range strings.SplitSeq(field, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := schedulerDay(from)
		if err != nil {
			return "", err
		}
		last, err := schedulerDay(to)
		if err != nil {
			return "", err
		}
		for day := first; day <= last; day++ {
			days = append(days, dayNames[((day-by)%7+7)%7])
		}
	}
	return strings.Join(days, ","), nil
}

func schedulerDay(text string) (int, error) {
	if n := slices.Index(dayNames, strings.ToUpper(text)); n >= 0 {
		return n, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 7 {
		return 0, fmt.Errorf("%q is no day of the week", text)
	}
	return n - 1, nil
}
