package cloudwatch

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// dashboardType is the resource type of dashboards.
const dashboardType = "AWS::CloudWatch::Dashboard"

type dashboard struct {
	live       core.Live
	name, body string
}

func takeDashboard(l core.Live, _ *dashboard) *dashboard {
	return &dashboard{l, l.ID, property.JSON(l.Properties["DashboardBody"])}
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

type dashboardInput struct {
	DashboardName string `valid:"required"`
	DashboardBody string
}

type dashboardMessage struct{ DataPath, Message string }

type putDashboardOutput struct{ DashboardValidationMessages []dashboardMessage }

func (w *CloudWatch) putDashboard(c *core.Call, in *dashboardInput) (*putDashboardOutput, error) {
	var body struct{ Widgets []map[string]any }
	if strings.Trim(in.DashboardName, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" || len(in.DashboardName) > 255 {
		return nil, core.Errorf(400, "InvalidParameterValueException", "Dashboard name %s is invalid", in.DashboardName)
	}
	if err := json.Unmarshal([]byte(in.DashboardBody), &body); err != nil {
		return nil, core.Errorf(400, "DashboardInvalidInputError", "The field DashboardBody must be a valid JSON object")
	}
	for i, widget := range body.Widgets {
		if widget["type"] == nil {
			return nil, core.Errorf(400, "DashboardInvalidInputError", "The dashboard body is invalid, there are 1 validation errors: [ { \"dataPath\": \"/widgets/%d\", \"message\": \"Should have required property 'type'\" } ]", i)
		}
	}
	p := map[string]any{"DashboardName": in.DashboardName, "DashboardBody": in.DashboardBody}
	out := &putDashboardOutput{DashboardValidationMessages: []dashboardMessage{}}
	if d, l := w.boards.Get(c.Caller.Account, c.Region, in.DashboardName); d != nil {
		_, err := w.boards.Change(l, p)
		return out, err
	}
	_, _, err := w.boards.Make(c.Caller.Account, c.Region, p)
	return out, err
}

type getDashboardOutput struct{ DashboardArn, DashboardBody, DashboardName string }

func (w *CloudWatch) boardARN(c *core.Call, name string) string {
	return fmt.Sprintf("arn:%s:cloudwatch::%s:dashboard/%s", c.Options.Partition, c.Caller.Account, name)
}

func noDashboard(name string) *core.Error {
	return core.Errorf(404, "DashboardNotFoundError", "Dashboard %s does not exist", name)
}

func (w *CloudWatch) getDashboard(c *core.Call, in *dashboardInput) (*getDashboardOutput, error) {
	d, _ := w.boards.Get(c.Caller.Account, c.Region, in.DashboardName)
	if d == nil {
		return nil, noDashboard(in.DashboardName)
	}
	return &getDashboardOutput{w.boardARN(c, d.name), d.body, d.name}, nil
}

type listDashboardsInput struct{ DashboardNamePrefix, NextToken string }

type dashboardEntry struct {
	DashboardName, DashboardArn string
	LastModified                time.Time
	Size                        int64
}

type listDashboardsOutput struct {
	DashboardEntries []dashboardEntry
	NextToken        string
}

// dashboardsPage is CloudWatch's page of dashboards.
const dashboardsPage = 1000

func (w *CloudWatch) listDashboards(c *core.Call, in *listDashboardsInput) (*listDashboardsOutput, error) {
	here := w.boards.At(c.Caller.Account, c.Region)
	names := slices.DeleteFunc(sortedNames(here), func(name string) bool { return !strings.HasPrefix(name, in.DashboardNamePrefix) })
	out := &listDashboardsOutput{DashboardEntries: []dashboardEntry{}}
	names, out.NextToken = property.Page(names, in.NextToken, dashboardsPage)
	for _, name := range names {
		d := here[name]
		out.DashboardEntries = append(out.DashboardEntries, dashboardEntry{name, w.boardARN(c, name), d.live.Changed, int64(len(d.body))})
	}
	return out, nil
}

type deleteDashboardsInput struct {
	DashboardNames []string `valid:"required"`
}

// deleteDashboards deletes all or none.
func (w *CloudWatch) deleteDashboards(c *core.Call, in *deleteDashboardsInput) (*struct{}, error) {
	for _, name := range in.DashboardNames {
		if d, _ := w.boards.Get(c.Caller.Account, c.Region, name); d == nil {
			return nil, noDashboard(name)
		}
	}
	for _, name := range in.DashboardNames {
		if d, l := w.boards.Get(c.Caller.Account, c.Region, name); d != nil {
			if err := w.boards.Delete(l); err != nil {
				return nil, err
			}
		}
	}
	return &struct{}{}, nil
}
