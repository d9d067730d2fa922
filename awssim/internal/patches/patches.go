// Package patches is the part of AWS Systems Manager that tells which patches an
// instance has and which it is missing. Every instance that runs is a managed one;
// what Patch Manager found on it follows from its id.
package patches

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Instances is what patch management asks of EC2.
type Instances interface {
	Running(account, region string) []string
}

// Manager is Patch Manager in every account and region.
type Manager struct {
	world     *core.World
	instances Instances
	windows   windows
}

// New makes it.
func New(w *core.World, instances Instances) *Manager {
	return &Manager{world: w, instances: instances}
}

// Actions are a part of the service ssm.
func (m *Manager) Actions() map[string]core.Action {
	return map[string]core.Action{
		"DescribeInstanceInformation": core.Do(m.describeInstances),
		"DescribeInstancePatches":     core.Do(m.describePatches),
		"DescribeInstancePatchStates": core.Do(m.describeStates),
		"CreateMaintenanceWindow":     core.Do(m.windows.create),
		"GetMaintenanceWindow":        core.Do(m.windows.get),
		"UpdateMaintenanceWindow":     core.Do(m.windows.update),
		"DeleteMaintenanceWindow":     core.Do(m.windows.delete),
	}
}

type patch struct {
	Title          string
	KBId           string
	Classification string
	Severity       string
	State          string
	InstalledTime  time.Time
	CVEIds         string
}

var (
	names    = []string{"kernel", "openssl", "glibc", "curl", "systemd", "python3", "sudo", "bind-libs", "libxml2", "vim-minimal", "expat", "zlib"}
	severity = []string{"Critical", "Important", "Medium", "Low"}
)

// found are the patches of an instance: the same for every request.
func found(instance string) []patch {
	h := fnv.New64a()
	h.Write([]byte(instance))
	random := rand.New(rand.NewPCG(h.Sum64(), 1))
	var list []patch
	for _, name := range names {
		p := patch{
			Title: fmt.Sprintf("%s.x86_64:0:%d.%d-%d.amzn2023", name, 1+random.IntN(9), random.IntN(20), 1+random.IntN(40)),
			KBId:  name + ".x86_64", Classification: "Security", Severity: severity[random.IntN(len(severity))],
			State: "Installed", InstalledTime: time.Date(2026, 1, 1+random.IntN(28), 3, 0, 0, 0, time.UTC),
		}
		switch random.IntN(3) {
		case 0:
			p.State, p.InstalledTime = "Missing", time.Time{}
			p.CVEIds = fmt.Sprintf("CVE-2026-%d", 1000+random.IntN(9000))
		case 1:
			p.Classification = "Bugfix"
		}
		list = append(list, p)
	}
	return list
}

// manages refuses an instance that is not managed.
func (m *Manager) manages(c *core.Call, id string) error {
	if slices.Contains(m.instances.Running(c.Caller.Account, c.Region), id) {
		return nil
	}
	return core.Errorf(http.StatusBadRequest, "InvalidInstanceId", "Instance %s is not a managed instance of this account, or not running", id)
}

type filter struct {
	Key    string `valid:"required,min=1,max=128"`
	Values []string
}

type describePatchesInput struct {
	InstanceId string `valid:"required"`
	Filters    []filter
	MaxResults *int32 `valid:"min=10,max=100"`
	NextToken  string
}

type describePatchesOutput struct {
	Patches   []patch
	NextToken string
}

func (m *Manager) describePatches(c *core.Call, in *describePatchesInput) (*describePatchesOutput, error) {
	if err := m.manages(c, in.InstanceId); err != nil {
		return nil, err
	}
	var wanted []patch
	for _, p := range found(in.InstanceId) {
		fits, err := p.matches(in.Filters)
		if err != nil {
			return nil, err
		}
		if fits {
			wanted = append(wanted, p)
		}
	}
	page, next, err := cut(wanted, in.MaxResults, 50, in.NextToken)
	return &describePatchesOutput{Patches: page, NextToken: next}, err
}

func (p patch) matches(filters []filter) (bool, error) {
	for _, f := range filters {
		value, ok := map[string]string{"State": p.State, "Classification": p.Classification, "Severity": p.Severity, "KBId": p.KBId}[f.Key]
		if !ok {
			return false, core.Errorf(http.StatusBadRequest, "InvalidFilter", "Filter %s is not one of State, Classification, Severity and KBId", f.Key)
		}
		if !slices.Contains(f.Values, value) {
			return false, nil
		}
	}
	return true, nil
}

// cut is a page of a list, with the token of the next.
func cut[T any](list []T, most *int32, normal int, token string) (page []T, next string, err error) {
	size, from := normal, 0
	if most != nil {
		size = int(*most)
	}
	if token != "" {
		if from, err = strconv.Atoi(token); err != nil || from < 0 || from > len(list) {
			return nil, "", core.Errorf(http.StatusBadRequest, "InvalidNextToken", "The specified token is not valid.")
		}
	}
	end := min(len(list), from+size)
	if end < len(list) {
		next = strconv.Itoa(end)
	}
	return append([]T{}, list[from:end]...), next, nil
}

type describeStatesInput struct {
	InstanceIds []string `valid:"required,max=50"`
	MaxResults  *int32   `valid:"min=10,max=100"`
	NextToken   string
}

type patchState struct {
	InstanceId, PatchGroup, BaselineId, Operation string

	InstalledCount, MissingCount, FailedCount int32
	OperationStartTime, OperationEndTime      time.Time
}

type describeStatesOutput struct {
	InstancePatchStates []patchState
	NextToken           string
}

// describeStates leaves out instances that are not managed, as AWS does.
func (m *Manager) describeStates(c *core.Call, in *describeStatesInput) (*describeStatesOutput, error) {
	var states []patchState
	for _, id := range in.InstanceIds {
		if m.manages(c, id) != nil {
			continue
		}
		day := c.Now().UTC().Truncate(24 * time.Hour)
		s := patchState{InstanceId: id, BaselineId: "pb-0123456789abcdef0", Operation: "Scan", OperationStartTime: day, OperationEndTime: day.Add(time.Minute)}
		for _, p := range found(id) {
			if p.State == "Missing" {
				s.MissingCount++
			} else {
				s.InstalledCount++
			}
		}
		states = append(states, s)
	}
	page, next, err := cut(states, in.MaxResults, 50, in.NextToken)
	return &describeStatesOutput{InstancePatchStates: page, NextToken: next}, err
}

type describeInstancesInput struct {
	MaxResults *int32 `valid:"min=5,max=50"`
	NextToken  string
}

type information struct {
	InstanceId, PingStatus, AgentVersion, PlatformType, PlatformName, ResourceType string

	LastPingDateTime time.Time
}

type describeInstancesOutput struct {
	InstanceInformationList []information
	NextToken               string
}

func (m *Manager) describeInstances(c *core.Call, in *describeInstancesInput) (*describeInstancesOutput, error) {
	var list []information
	for _, id := range m.instances.Running(c.Caller.Account, c.Region) {
		list = append(list, information{
			InstanceId: id, PingStatus: "Online", AgentVersion: "3.3.987.0", PlatformType: "Linux", PlatformName: "Amazon Linux",
			ResourceType: "EC2Instance", LastPingDateTime: c.Now().UTC().Truncate(time.Minute),
		})
	}
	page, next, err := cut(list, in.MaxResults, 50, in.NextToken)
	return &describeInstancesOutput{InstanceInformationList: page, NextToken: next}, err
}
