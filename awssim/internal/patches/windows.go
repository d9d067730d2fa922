package patches

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/events"
)

// A window is a maintenance window: its next opening is reported, no tasks run in it.
type window struct {
	WindowId, Name, Description           string
	Schedule, ScheduleTimezone            string
	Duration, Cutoff                      int32
	Enabled, AllowUnassociatedTargets     bool
	CreatedDate, ModifiedDate             time.Time
	NextExecutionTime, StartDate, EndDate string `json:",omitempty"`

	account, region string
	next            func(time.Time) time.Time
}

// windows are those of every account and region.
type windows struct {
	mu   sync.Mutex // guards list
	list []*window
}

type createWindowInput struct {
	Name                     string `valid:"required,min=3,max=128"`
	Description              string
	Schedule                 string `valid:"required,min=1,max=256"`
	ScheduleTimezone         string
	Duration                 *int32 `valid:"required,min=1,max=24"`
	Cutoff                   *int32 `valid:"required,min=0,max=23"`
	AllowUnassociatedTargets *bool  `valid:"required"`
	ClientToken              string
}

type windowID struct {
	WindowId string `valid:"required,min=20,max=20"`
}

func (w *windows) create(c *core.Call, in *createWindowInput) (*windowID, error) {
	next, err := openings(in.Schedule, in.ScheduleTimezone)
	if err != nil {
		return nil, core.Errorf(http.StatusBadRequest, "ValidationException", "Invalid schedule %s: %v", in.Schedule, err)
	}
	if *in.Cutoff >= *in.Duration {
		return nil, core.Errorf(http.StatusBadRequest, "ValidationException", "Cutoff must be less than the duration")
	}
	made := &window{
		WindowId: fmt.Sprintf("mw-0%016x", c.Random().Uint64()), Name: in.Name, Description: in.Description,
		Schedule: in.Schedule, ScheduleTimezone: in.ScheduleTimezone, Duration: *in.Duration, Cutoff: *in.Cutoff,
		Enabled: true, AllowUnassociatedTargets: *in.AllowUnassociatedTargets, CreatedDate: c.Now(), ModifiedDate: c.Now(),
		account: c.Caller.Account, region: c.Region, next: next,
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, made)
	return &windowID{made.WindowId}, nil
}

// openings is when a window opens after a time. SSM's cron may have seconds in
// front, which are 0 here.
func openings(schedule, timezone string) (func(time.Time) time.Time, error) {
	if f := strings.Fields(schedule); strings.HasPrefix(schedule, "cron(") && len(f) == 7 {
		if f[0] != "cron(0" {
			return nil, fmt.Errorf("the seconds must be 0")
		}
		schedule = "cron(" + strings.Join(f[1:], " ")
	}
	next, err := events.Timetable(schedule)
	if err != nil || timezone == "" {
		return next, err
	}
	zone, err := time.LoadLocation(timezone)
	if err != nil {
		return nil, err
	}
	return func(t time.Time) time.Time { return asIn(next(asIn(t.In(zone), time.UTC)), zone) }, nil
}

// asIn is the time at which clocks of a zone show what t shows.
func asIn(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}

func (w *windows) get(c *core.Call, in *windowID) (*window, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.find(c, in.WindowId)
	if found == nil {
		return nil, core.Errorf(http.StatusBadRequest, "DoesNotExistException", "Maintenance window %s does not exist", in.WindowId)
	}
	answer := *found
	if at := found.next(c.Now()); found.Enabled && !at.IsZero() {
		answer.NextExecutionTime = at.UTC().Format("2006-01-02T15:04Z")
	}
	return &answer, nil
}

func (w *windows) find(c *core.Call, id string) *window {
	for _, one := range w.list {
		if one.WindowId == id && one.account == c.Caller.Account && one.region == c.Region {
			return one
		}
	}
	return nil
}

type updateWindowInput struct {
	WindowId string `valid:"required,min=20,max=20"`
	Enabled  *bool
}

func (w *windows) update(c *core.Call, in *updateWindowInput) (*window, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.find(c, in.WindowId)
	if found == nil {
		return nil, core.Errorf(http.StatusBadRequest, "DoesNotExistException", "Maintenance window %s does not exist", in.WindowId)
	}
	if in.Enabled != nil {
		found.Enabled, found.ModifiedDate = *in.Enabled, c.Now()
	}
	answer := *found
	return &answer, nil
}

// delete is idempotent: of what is not there it answers the id, as AWS does.
func (w *windows) delete(c *core.Call, in *windowID) (*windowID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.find(c, in.WindowId)
	w.list = slices.DeleteFunc(w.list, func(one *window) bool { return one == found })
	return in, nil
}
