package dashboard

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// madeAt is when every run of these tests ended.
var madeAt = time.Date(2026, 11, 20, 6, 42, 10, 0, time.UTC)

// setNames are the fixture's stack sets, each with those it depends on.
var setNames = []struct{ name, needs, conflicts string }{
	{name: "org-cloudtrail"}, {name: "config-recorder"}, {name: "config-rules", needs: "config-recorder"},
	{name: "audit-role"}, {name: "break-glass-role", needs: "audit-role"}, {name: "log-bucket", needs: "kms-baseline"},
	{name: "kms-baseline"}, {name: "flow-logs", needs: "log-bucket,vpc-baseline"}, {name: "vpc-baseline"},
	{name: "security-group-baseline", needs: "vpc-baseline"}, {name: "endpoint-policies", needs: "security-group-baseline"},
	{name: "dns-resolver", needs: "endpoint-policies"}, {name: "budget-alarm"}, {name: "cost-tags"},
	{name: "guardduty-member"}, {name: "securityhub-member", needs: "config-recorder"}, {name: "inspector-legacy", conflicts: "inspector-v2"},
	{name: "inspector-v2"}, {name: "backup-vault", needs: "kms-baseline"}, {name: "backup-plan", needs: "backup-vault"},
	{name: "patch-schedule"}, {name: "event-forwarder", needs: "event-bus-policy"}, {name: "event-bus-policy"}, {name: "log-shipper-function", needs: "log-bucket"},
}

// fixture makes reports. The same size gives the same report, byte for byte.
type fixture struct {
	random  *rand.Rand
	report  *report.Report
	regions []fleet.Region
	units   []fleet.OUID // where accounts sit
	actions map[string]int
}

// reportOf makes a report of about so many cells, after a heal.
func reportOf(cells int) *report.Report {
	f := &fixture{random: rand.New(rand.NewPCG(1, uint64(cells))), regions: []fleet.Region{"eu-central-1", "eu-west-1", "us-east-1"}, actions: map[string]int{}}
	f.report = &report.Report{DataAt: madeAt, Run: report.Run{ID: "20261120-063158-7f3a", Engine: "embedded", Started: madeAt.Add(-612 * time.Second), Ended: madeAt,
		VirtualSeconds: 612, Result: report.Attention, HomeRegion: "eu-central-1"},
		API: report.API{Calls: 1874, Writes: 61, Throttled: 23, ByAction: map[string]int{"ListStackInstances": 402, "DescribeStackSetOperation": 960}}}
	f.organization(max(4, cells/(len(setNames)*len(f.regions)*5/6)))
	f.stackSets()
	f.cells()
	f.squeeze()
	f.count()
	f.history()
	return f.report
}

func (f *fixture) organization(accounts int) {
	root := fleet.OUID("r-a1b2")
	f.report.OUs = map[fleet.OUID]fleet.OU{root: {ID: root, Name: "Root"}}
	for i, path := range []string{"Security", "Infrastructure", "Workloads", "Workloads/Production", "Workloads/Staging", "Workloads/Development", "Sandbox"} {
		id, parent := fleet.OUID(fmt.Sprintf("ou-a1b2-%08x", 0x51f0000+i)), root
		if before, _, nested := strings.Cut(path, "/"); nested && before == "Workloads" {
			parent = "ou-a1b2-051f0002"
		}
		f.report.OUs[id] = fleet.OU{ID: id, Name: path[strings.LastIndex(path, "/")+1:], Parent: parent}
		f.units = append(f.units, id)
	}
	teams := []string{"payments", "ledger", "risk", "search", "mobile", "data-lake", "identity", "checkout", "catalog", "billing", "fraud", "reporting"}
	for i := range accounts {
		unit := f.units[[]int{0, 1, 3, 3, 3, 4, 4, 5, 5, 6}[i%10]]
		account := fleet.Account{ID: fleet.AccountID(fmt.Sprintf("%012d", 210_000_000_000+int64(i)*7_919_331)), State: fleet.AccountActive,
			Name: fmt.Sprintf("%s-%s-%02d", teams[f.random.IntN(len(teams))], []string{"prod", "stage", "dev", "lab"}[i%4], i), OUs: []fleet.OUID{root}}
		if parent := f.report.OUs[unit].Parent; parent != root {
			account.OUs = append(account.OUs, parent)
		}
		account.OUs = append(account.OUs, unit)
		if i%61 == 17 {
			account.State = fleet.AccountSuspended
		}
		f.report.Accounts = append(f.report.Accounts, account)
	}
	f.report.Fleet = report.Fleet{Organization: "o-k3v9xq2m1p", Accounts: map[string]int{"active": accounts - accounts/61, "suspended": accounts / 61}}
}

func (f *fixture) stackSets() {
	for i, set := range setNames {
		row := report.StackSet{Name: fleet.StackSetName(set.name), ID: fmt.Sprintf("%s:0f6c2a1e-7b1d-4c5e-9a10-%012x", set.name, i), PermissionModel: fleet.ServiceManaged,
			Mandatory: i%3 != 0, SelfHealing: i%7 != 5, LastDriftCheck: madeAt.Add(-time.Duration(9+i*i) * time.Minute), Description: "Baseline " + set.name}
		for _, name := range split(set.needs) {
			row.DependsOn = append(row.DependsOn, fleet.StackSetName(name))
		}
		for _, name := range split(set.conflicts) {
			row.AntiDependsOn = append(row.AntiDependsOn, fleet.StackSetName(name))
		}
		for j := range 10 {
			status, ended := fleet.OperationSucceeded, madeAt.Add(-time.Duration(3+i+j*1440)*time.Minute)
			if (i*5+j*3)%13 == 4 || i == 4 && j < 6 {
				status = fleet.OperationFailed
			}
			row.Operations = append(row.Operations, fleet.Operation{ID: fmt.Sprintf("setmend-%02d-%02d", i, j), StackSet: row.Name, Status: status, Created: ended.Add(-4 * time.Minute), Ended: ended,
				Kind: []fleet.OperationKind{fleet.OperationUpdate, fleet.OperationDetectDrift}[j%2]})
		}
		f.report.StackSets = append(f.report.StackSets, row)
	}
	f.report.Levels = levels()
	f.report.Fleet.StackSets = len(setNames)
}

func split(names string) []string {
	return slices.DeleteFunc(strings.Split(names, ","), func(s string) bool { return s == "" })
}

// levels puts every set after all that it needs.
func levels() [][]fleet.StackSetName {
	depth := map[string]int{}
	for range setNames {
		for _, set := range setNames {
			for _, need := range split(set.needs) {
				depth[set.name] = max(depth[set.name], depth[need]+1)
			}
		}
	}
	var out [][]fleet.StackSetName
	for _, set := range setNames {
		for len(out) <= depth[set.name] {
			out = append(out, nil)
		}
		out[depth[set.name]] = append(out[depth[set.name]], fleet.StackSetName(set.name))
	}
	return out
}

func (f *fixture) cells() {
	for i := range f.report.StackSets {
		for j, account := range f.report.Accounts {
			for k, region := range f.regions {
				if i%4 == 3 && k > 0 || i%6 == 1 && j%10 == 9 { // a global set, and one that sandboxes do without
					continue
				}
				f.report.Cells = append(f.report.Cells, f.cell(i, j, account, region))
			}
		}
	}
	f.report.Fleet.Cells = len(f.report.Cells)
}

func (f *fixture) cell(set, number int, account fleet.Account, region fleet.Region) report.Cell {
	cell := report.Cell{OU: account.Parent(), Before: plan.Healthy, Assessed: plan.Assessed{Status: fleet.InstanceCurrent, Detailed: fleet.DetailedSucceeded, DriftStatus: fleet.DriftInSync, Cell: fleet.Cell{StackSet: f.report.StackSets[set].Name, Target: fleet.Target{Account: account.ID, Region: region}},
		Desire: plan.Must, Because: "the set is mandatory for " + f.report.OUs[account.Parent()].Name, Verdict: plan.Healthy, Reason: "current, and in sync when last checked"}}
	switch roll := f.random.IntN(1000); {
	case account.State == fleet.AccountSuspended:
		f.left(&cell, plan.Blocked, plan.ReasonAccountGone, "The account is suspended; StackSets skips it.", "Close the account for good, or have it reactivated; until then its instances are held.")
	case number%97 == 41 && set%9 == 3:
		f.left(&cell, plan.Quarantined, plan.ReasonDenied, fmt.Sprintf("ResourceLogicalId:AuditRole, ResourceType:AWS::IAM::Role, ResourceStatusReason:User: arn:aws:sts::%s:assumed-role/stacksets-exec-1f/2 is not authorized to perform: iam:CreateRole with an explicit deny in a service control policy.", account.ID),
			"A service control policy denies iam:CreateRole. Exempt the execution role from the policy, or take the OU out of the stack set.")
	case roll < 38:
		f.drifted(&cell, roll)
	case roll < 46:
		f.healed(&cell, plan.Missing, plan.RemedyDeploy, "there is no instance where one must be")
	case roll < 54:
		f.healed(&cell, plan.Failed, plan.RemedyRetry, "its last operation failed: Rate exceeded (Service: Lambda, Status Code: 429)")
	case roll < 58:
		f.healed(&cell, plan.Outdated, plan.RemedyRetry, "it has an older template than its stack set")
	case roll == 60:
		f.left(&cell, plan.Failed, plan.ReasonNameCollision, fmt.Sprintf("ResourceLogicalId:LogBucket, ResourceType:AWS::S3::Bucket, ResourceStatusReason:central-logs-%s already exists.", account.ID), "A bucket of that name was made outside the stack set. Import it, or rename it.")
	case roll == 61:
		f.left(&cell, plan.Inoperable, plan.ReasonTermination, fmt.Sprintf("Stack arn:aws:cloudformation:%s:%s:stack/StackSet-%s cannot be deleted while TerminationProtection is enabled", region, account.ID, cell.StackSet), "Turn termination protection off for this stack, or keep it and detach the instance.")
	case roll < 64:
		f.healed(&cell, plan.Orphan, plan.RemedyRemove, "there is an instance where none may be")
		cell.Desire, cell.Because, cell.Reason = plan.MustNot, "", "Nothing is there any more."
		cell.Status, cell.Detailed, cell.DriftStatus = "", "", ""
	case roll < 80:
		cell.Before, cell.Verdict, cell.Reason, cell.DriftStatus = plan.NotChecked, plan.NotChecked, "current, but its drift was never checked", fleet.DriftNotChecked
	}
	return cell
}

// drifted makes a cell whose drift was put back, or that was given up.
func (f *fixture) drifted(cell *report.Cell, roll int) {
	cell.Drift = []fleet.ResourceDrift{f.resourceDrift(roll, cell)}
	if roll == 0 && f.random.IntN(4) == 0 {
		f.left(cell, plan.Quarantined, plan.ReasonDriftedAgain, "Healed three times in 24 hours, and drifted again each time.", "Something in the account changes it back: look for an automation, then release the cell from quarantine.")
		cell.Before, cell.Heals, cell.Quarantined = plan.Drifted, 3, madeAt.Add(-3*time.Hour)
		return
	}
	remedy := plan.RemedyRevert
	if roll%3 == 0 {
		remedy = plan.RemedyRedeploy
		f.report.Overrides.Saved++
		f.report.Overrides.Restored++
	}
	drift := cell.Drift
	f.healed(cell, plan.Drifted, remedy, "live resources differ from the template")
	cell.Drift, cell.Heals = drift, 1+roll%2
}

func (f *fixture) resourceDrift(roll int, cell *report.Cell) fleet.ResourceDrift {
	kinds := []fleet.ResourceDrift{
		{LogicalID: "Ingress", ResourceType: "AWS::EC2::SecurityGroup", Differences: []fleet.PropertyDifference{{Path: "/SecurityGroupIngress/0/CidrIp", Expected: "10.0.0.0/8", Actual: "0.0.0.0/0", Type: "NOT_EQUAL"}, {Path: "/SecurityGroupIngress/1", Expected: "", Actual: `{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"CidrIp":"203.0.113.7/32"}`, Type: "ADD"}}},
		{LogicalID: "BucketPolicy", ResourceType: "AWS::S3::BucketPolicy", Differences: []fleet.PropertyDifference{{Path: "/PolicyDocument", Type: "NOT_EQUAL",
			Expected: `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`,
			Actual:   `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}`}}},
		{LogicalID: "Retention", ResourceType: "AWS::Logs::LogGroup", Differences: []fleet.PropertyDifference{{Path: "/RetentionInDays", Expected: "365", Actual: "7", Type: "NOT_EQUAL"}}},
	}
	drift := kinds[roll%len(kinds)]
	drift.PhysicalID = fmt.Sprintf("%s-%s-%08x", strings.ToLower(drift.LogicalID), cell.Account, f.random.Uint32())
	drift.Status, drift.Checked = fleet.ResourceModified, madeAt.Add(-20*time.Minute)
	return drift
}

// healed makes a cell that this run has put right.
func (f *fixture) healed(cell *report.Cell, was plan.Verdict, remedy plan.Remedy, reason string) {
	cell.Before, cell.Heals = was, 1
	action := f.action(cell, remedy, "succeeded", "")
	cell.Steps = []report.Step{{At: madeAt.Add(-8 * time.Minute), Remedy: remedy, Outcome: "succeeded", Action: action, Reason: "was " + string(was) + ": " + reason}}
}

// left makes a cell that needs a person.
func (f *fixture) left(cell *report.Cell, verdict plan.Verdict, class plan.ReasonClass, reason, hint string) {
	cell.Before, cell.Verdict, cell.Class, cell.Reason, cell.Hint, cell.Attention = verdict, verdict, class, reason, hint, true
	if verdict == plan.Failed || verdict == plan.Quarantined {
		action := f.action(cell, plan.RemedyRetry, "failed", reason)
		cell.Steps = []report.Step{{At: madeAt.Add(-9 * time.Minute), Remedy: plan.RemedyRetry, Outcome: "failed", Class: class, Reason: reason, Action: action},
			{At: madeAt.Add(-7 * time.Minute), Remedy: plan.RemedyQuarantine, Outcome: "done", Class: class}}
	}
	f.report.Attention = append(f.report.Attention, report.Finding{Cell: cell.Cell, Verdict: verdict, Reason: reason, Class: class, Hint: hint})
}

// action puts the cell into the operation that worked on it, and names that.
func (f *fixture) action(cell *report.Cell, remedy plan.Remedy, outcome, reason string) string {
	id := fmt.Sprintf("%s-%s-%s", remedy, cell.StackSet, outcome)
	at, known := f.actions[id]
	if !known {
		at = len(f.report.Actions)
		f.actions[id] = at
		kind := map[plan.Remedy]string{plan.RemedyDeploy: "CREATE", plan.RemedyRetry: "UPDATE", plan.RemedyRevert: "REVERT_DRIFT", plan.RemedyRedeploy: "DELETE", plan.RemedyRemove: "DELETE"}[remedy]
		f.report.Actions = append(f.report.Actions, f.newAction(id, kind, remedy, cell.StackSet, outcome, reason))
	}
	action := &f.report.Actions[at]
	action.Cells++
	if !slices.Contains(action.Accounts, cell.Account) {
		action.Accounts = append(action.Accounts, cell.Account)
	}
	if !slices.Contains(action.Regions, cell.Region) {
		action.Regions = append(action.Regions, cell.Region)
	}
	return id
}

func (f *fixture) newAction(id, kind string, remedy plan.Remedy, set fleet.StackSetName, outcome, reason string) report.Action {
	started := madeAt.Add(-time.Duration(600-f.random.IntN(60)) * time.Second)
	action := report.Action{ID: id, StackSet: set, Action: report.Deed(kind), Remedy: remedy, OperationID: fmt.Sprintf("setmend-7f3a-%08x", f.random.Uint32()), Outcome: report.Outcome(outcome), Reason: reason}
	for i := len(f.report.Actions) - 1; i >= 0 && len(action.After) < 2; i-- {
		if other := f.report.Actions[i]; other.StackSet == set || slices.Contains(dependsOn(f.report, set), other.StackSet) {
			action.After = append(action.After, other.ID)
			if other.Ended.After(started) {
				started = other.Ended.Add(2 * time.Second)
			}
		}
	}
	action.Started, action.Ended = started, started.Add(time.Duration(25+f.random.IntN(90))*time.Second)
	return action
}

func dependsOn(r *report.Report, name fleet.StackSetName) []fleet.StackSetName {
	for _, set := range r.StackSets {
		if set.Name == name {
			return set.DependsOn
		}
	}
	return nil
}

// squeeze puts the operations' times into the run's, in their proportions.
func (f *fixture) squeeze() {
	started, ended := f.report.Run.Started, f.report.Run.Started
	for _, action := range f.report.Actions {
		if action.Ended.After(ended) {
			ended = action.Ended
		}
	}
	share := float64(f.report.Run.Ended.Sub(started)-20*time.Second) / float64(ended.Sub(started))
	for i := range f.report.Actions {
		action := &f.report.Actions[i]
		action.Started = started.Add(time.Duration(float64(action.Started.Sub(started)) * share))
		action.Ended = started.Add(time.Duration(float64(action.Ended.Sub(started)) * share))
	}
}

// count makes the counts agree with the cells.
func (f *fixture) count() {
	place := map[fleet.StackSetName]*report.StackSet{}
	for i := range f.report.StackSets {
		place[f.report.StackSets[i].Name] = &f.report.StackSets[i]
	}
	for _, cell := range f.report.Cells {
		set := place[cell.StackSet]
		set.Instances++
		for _, counts := range []*plan.Counts{&f.report.After, &set.After} {
			if cell.Present() { // what was removed is counted no more
				*counter(counts, cell.Verdict)++
			}
		}
		for _, counts := range []*plan.Counts{&f.report.Before, &set.Before} {
			*counter(counts, cell.Before)++
		}
	}
	f.report.Fleet.Instances = len(f.report.Cells) - f.report.After.Missing
}

func counter(c *plan.Counts, v plan.Verdict) *int {
	return map[plan.Verdict]*int{plan.Healthy: &c.Healthy, plan.Missing: &c.Missing, plan.Orphan: &c.Orphan, plan.Failed: &c.Failed, plan.Inoperable: &c.Inoperable,
		plan.Drifted: &c.Drifted, plan.Outdated: &c.Outdated, plan.Blocked: &c.Blocked, plan.Quarantined: &c.Quarantined, plan.NotChecked: &c.NotChecked}[v]
}

// history is thirty daily runs, this one last.
func (f *fixture) history() {
	for i := range 30 {
		point := report.HistoryPoint{Run: fmt.Sprintf("run-%02d", i), At: madeAt.AddDate(0, 0, i-29), Result: report.Attention, Before: f.report.Before, After: f.report.After,
			Seconds: 400 + float64(f.random.IntN(400)), Healed: 300 + f.random.IntN(500), HealSeconds: 140 + float64(f.random.IntN(160)), Attention: len(f.report.Attention)}
		scale := 60 + f.random.IntN(70) - i
		point.Before.Drifted, point.Before.Failed = point.Before.Drifted*scale/60, point.Before.Failed*scale/50
		if i == 29 {
			point.Run, point.Before = f.report.Run.ID, f.report.Before
		}
		f.report.History = append(f.report.History, point)
		for j := range f.report.StackSets {
			f.report.StackSets[j].History = append(f.report.StackSets[j].History, f.setPoint(i, j))
		}
	}
}

func (f *fixture) setPoint(run, set int) report.Point {
	worst := []plan.Verdict{plan.Drifted, plan.Healthy, plan.Drifted, plan.Failed, plan.Healthy, plan.NotChecked}[(run/(2+set%5)+set)%6]
	if worst == plan.Healthy || worst == plan.NotChecked {
		return report.Point{Worst: worst}
	}
	return report.Point{Worst: worst, Unhealthy: 4 + f.random.IntN(30)}
}

// decisionsOf makes a decision for every cell that was or is wrong.
func decisionsOf(r *report.Report) []report.Decision {
	var out []report.Decision
	for i, cell := range r.Cells {
		if cell.Before == plan.Healthy || cell.Before == plan.NotChecked {
			continue
		}
		decision := report.Decision{Time: r.Run.Started.Add(time.Duration(len(out)) * 300 * time.Millisecond), Run: r.Run.ID, StackSet: cell.StackSet, Account: cell.Account, Region: cell.Region,
			Verdict: cell.Before, Reason: cell.Reason, Action: "none", Outcome: "skipped"}
		if len(cell.Steps) > 0 {
			decision.Action, decision.Outcome, decision.OperationID = report.Deed(cell.Steps[0].Remedy), cell.Steps[0].Outcome, fmt.Sprintf("setmend-7f3a-%04d", i%60)
		}
		out = append(out, decision)
	}
	return out
}
