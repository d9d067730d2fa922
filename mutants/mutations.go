package main

// Mutation is one fault, as the replacement of a piece of source text.
type Mutation struct {
	Name string
	// In is the directory below which a file that is no test has the text, once.
	In       string
	Old, New string
	// Tests must notice the fault: at least one of them fails.
	Tests []Tests
}

// Tests are the tests of one package, all of them if Run is empty.
type Tests struct{ Package, Run, Skip string }

// The long tests of heal see most faults too, but take a minute each. What only they
// see names them.
const long = "TestOttoIsHealed|TestWhateverHappensToACall|TestWhateverHappensToAJournalWrite|TestSoak"

var (
	healTests    = []Tests{{Package: "./heal/...", Skip: long}}
	planTests    = []Tests{{Package: "./plan/..."}}
	commandTests = []Tests{{Package: "./heal/command"}, {Package: "./heal", Skip: long}}
)

// Mutations are the faults, by what they break.
var Mutations = []Mutation{
	// What is saved before a deletion.
	{"saved overrides are not compared when read back", "heal", "if back.Value.Sum != saved.Sum {", "if false {", healTests},
	{"saved overrides are not read back", "heal", "back, err := Read[Saved](ctx, j, key)", "back, err := doc, error(nil)", healTests},
	{"a damaged copy of overrides is believed", "heal", "if got := checksum(s.Cells); got != s.Sum {", "if got := checksum(s.Cells); got == \"\" {", healTests},
	{"overrides given between saving and deleting are not read again", "heal", "if !a.Deletes() {\n\t\treturn nil\n\t}\n\to, err := (&checks{x.Setting})", "if true {\n\t\treturn nil\n\t}\n\to, err := (&checks{x.Setting})", healTests},
	{"a masked override is deleted", "heal", "if masked < 0 {", "if true {", healTests},
	{"only the mask hides a value", "heal", "return p.Masked() || inventory != nil && slices.Contains(inventory.StackSet.NoEcho, p.Key)", "return p.Masked() && inventory != nil", healTests},
	{"only NoEcho hides a value", "heal", "return p.Masked() || inventory != nil &&", "return inventory != nil &&", healTests},
	{"what must go together does not", "heal", "if len(c.Action.Together) == 0 {\n\t\treturn", "if true {\n\t\treturn", healTests},
	{"drift that has gone is healed", "heal", "c.Find(cell).Verdict == plan.Drifted && now.Drift == fleet.DriftInSync", "false", healTests},
	{"overrides are compared by number", "heal", "if v, ok := values[p.Key]; !ok || v != p.Value {", "if _, ok := values[p.Key]; !ok {", healTests},
	{"a stack that was not made counts as created", "heal", "if stack == \"\" {\n\t\treturn failed", "if stack == \"never\" {\n\t\treturn failed", healTests},
	{"a saved copy of a deletion that did not happen is given back", "heal", "if err != nil || !givenSince(o, instance) {", "if err != nil || o == nil && instance.StackID == \"\" {", healTests},

	// Right before a call.
	{"a request may reach other cells", "heal", "if want := a.Request.Targets(); !slices.Equal(got, want) {", "if want := a.Request.Targets(); false && !slices.Equal(got, want) {", healTests},
	{"a set made anew under its name is the same", "heal", "[]any{set.ID, set.TemplateHash, parameters}", "[]any{set.TemplateHash, parameters}", healTests},
	{"a set with other parameters is the same", "heal", "[]any{set.ID, set.TemplateHash, parameters}", "[]any{set.ID, set.TemplateHash, len(parameters)}", healTests},
	{"a set with another template is the same", "heal", "[]any{set.ID, set.TemplateHash, parameters}", "[]any{set.ID, parameters}", healTests},
	{"an external operation before a deletion does not matter", "heal", "case o != nil:\n\t\treturn changed(\"An external", "case o != nil && o.ID == \"\":\n\t\treturn changed(\"An external", healTests},
	{"own operations count as external", "heal", "if !command.Owns(run, o.ID) && o.Kind", "if o.Kind", healTests},
	{"an account's state is not looked at before a deletion", "heal", "if member != still || was.State != is.State || !slices.Equal(was.OUs, is.OUs) {", "if false && member != still && was.State != is.State {", healTests},
	{"the organization is never read again before a deletion", "heal", "x.now().Sub(x.OrganizationRead) < age", "true", healTests},
	{"the fence is not asked before an intent", "heal", "until, err := x.Fence.Pass(ctx)\n\tif err != nil {\n\t\treturn err\n\t}\n", "until := x.now().Add(20 * time.Minute)\n", healTests},
	{"the fence is not asked inside the call", "heal", "if err := fleet.MaySend(ctx); err != nil {\n\t\treturn &unsent{err}\n\t}", "", healTests},
	{"a change set is made without the fence", "heal", "err := x.Fence.Call(ctx, func(ctx context.Context) (err error) {", "err := func(f func(context.Context) error) error { return f(ctx) }(func(ctx context.Context) (err error) {", healTests},
	{"a change set is executed without the fence", "heal", "if err := x.Fence.Call(ctx, func(ctx context.Context) error { return x.Cloud.ExecuteRevert(ctx, stack, token) }); err != nil {", "if err := x.Cloud.ExecuteRevert(ctx, stack, token); err != nil {", healTests},
	{"an intent is not recorded", "heal", "if err := x.record(ctx, c.ID, command.RequestIntended{Attempt: n, Deadline: until}); err != nil {\n\t\treturn err\n\t}", "", healTests},
	{"a change set that removes something is executed", "heal", "case change.Action == \"Remove\":", "case false:", healTests},
	{"a change set that replaces something is executed", "heal", "case change.Replacement == \"True\" || change.Replacement == \"Conditional\":", "case false:", healTests},
	{"a refused access is a refused change", "heal", "case kind == fleet.Denied, callOf(err) == \"AssumeRole\":", "case false:", healTests},

	// Lease, epoch, stop.
	{"a lease taken by another is not seen", "heal", "if version != l.doc.Version {", "if version < 0 {", healTests},
	{"a lease in use is taken", "heal", "held.Run != \"\" && held.Run != run && now.Before(held.Expires)", "false", healTests},
	{"a run that was overtaken continues", "heal", "if epoch != 0 && (!own || doc.Value.Epoch != epoch) {", "if false && own {", healTests},
	{"a lease is not renewed", "heal", "l.doc.Value.Expires = now.Add(Time)\n\treturn l.doc.Value.Expires, l.put(ctx)", "return now.Add(Time), nil", healTests},
	{"saving does not look at the lease", "heal", "if _, err := x.Fence.Lease.Check(ctx); err != nil {\n\t\treturn err // what follows is written for a deletion that must not come\n\t}", "", healTests},
	{"the kill switch is not asked", "heal", "if err := f.checkSwitch(ctx); err != nil {\n\t\treturn time.Time{}, err\n\t}", "", healTests},
	{"a stop in the journal is not seen", "heal", "if err := CheckStop(ctx, f.Journal, f.Run); err != nil {\n\t\treturn time.Time{}, err\n\t}", "", healTests},
	{"a kill switch that cannot be read stops nothing", "heal", "return fmt.Errorf(\"reading the kill switch: %w\", err)", "return nil", healTests},
	{"the shared lease is not looked at", "heal", "if version != s.version || age > Time {", "if version < 0 || age < 0 {", healTests},

	// After a call.
	{"an accepted operation is not recognized after a lost answer", "heal", "case fleet.UnknownOutcome, fleet.Duplicate:", "case fleet.Duplicate:", []Tests{{"./heal", "TestWhateverHappensToACall", ""}}},
	{"an operation that runs counts as ended", "heal", "if !operation.Status.Ended() {\n\t\tif err := (&saver{", "if false {\n\t\tif err := (&saver{", healTests},
	{"SUCCEEDED says that every instance succeeded", "heal", "clean := a.Status == fleet.OperationSucceeded && a.Failed == 0", "clean := a.Status == fleet.OperationSucceeded", healTests},
	{"what AWS passed over counts as done", "heal", "return len(a.Request.OUs) > 0 && (c.Kind == command.Detach || c.Kind == command.Remove)", "return false", healTests},
	{"a deletion without a record is forgotten", "heal", "case fleet.KindOf(err) == fleet.NotFound && x.now().Sub(restore.At) > refutedFor:", "case fleet.KindOf(err) == fleet.NotFound:", healTests},
	{"a stack that stands settles a restore", "heal", "if record.SameOverrides(instance.Overrides, restore.Overrides) {", "if true {", healTests},

	// The reading.
	{"one reading decides that an account has left", "heal", "if _, back := second.Accounts[id]; back {", "if _, back := second.Accounts[id]; back && false {", healTests},
	{"an account is not asked for before it counts as gone", "heal", "case fleet.KindOf(err) == fleet.NotFound:\n\t\t\tgone[id] = true", "case true:\n\t\t\tgone[id] = true", healTests},
	{"a detection that failed counts", "heal", "case o.Kind == fleet.OperationDetectDrift && o.Status == fleet.OperationSucceeded:", "case o.Kind == fleet.OperationDetectDrift:", healTests},

	// Side by side.
	{"two commands use one stack set", "heal", "if slices.ContainsFunc(c.Sets(), func(s fleet.StackSetName) bool { return used[s] }) {", "if false {", healTests},
	{"a command does not wait for those before it", "heal", "slices.ContainsFunc(c.Action.After, waits)", "false && waits(\"\")", healTests},
	{"others' instances do not count in the quota", "heal", "if q.used > 0 && q.used+n > q.limit {", "if false {", healTests},
	{"a canary that does not come back stops nothing", "heal", "if lost := CannotComeBack(c); lost != nil {\n\t\t\tfailed[", "if lost := CannotComeBack(c); lost != nil && lost.StackSet == \"\" {\n\t\t\tfailed[", healTests},
	{"what is down already does not count", "heal", "down > 0 && down+len(c.Action.Targets) > most", "false && most > down", healTests},

	// The reducer.
	{"a conflict does not start the command over", "heal/command", "if f.Busy {", "if false {", commandTests},
	{"a request outside of the plan is intended", "heal/command", "if !slices.ContainsFunc(c.Action.Requests, func(planned plan.Request) bool { return a.Request.Within(planned) }) {", "if false {", commandTests},
	{"a deletion without saved overrides is intended", "heal/command", "d == nil || !d.IsSaved {", "d == nil {", commandTests},
	{"two requests of a command are open", "heal/command", "if open := c.OpenAttempt(); open != nil {", "if open := c.OpenAttempt(); false {", commandTests},
	{"a deletion is pending only once AWS has accepted it", "heal/command", "c.each(a, func(d *Cell) { d.Restore = RestorePending })", "", commandTests},
	{"a lost request settles its restore", "heal/command", "if d.Restore == RestorePending && a.Deletes() {\n\t\t\t\td.Restore = RestoreRefuted", "if d.Restore == RestorePending && a.Deletes() {\n\t\t\t\td.Restore = NoRestore", commandTests},
	{"a failed deletion is created again", "heal/command", "if o.Kept && c.Phase == ChangePhase {", "if c.Phase == ChangePhase {", commandTests},
	{"what failed to be deleted is created", "heal/command", "if d == nil || d.State == Failed || d.State == Skipped {", "if d == nil {", commandTests},
	{"what was deleted is not verified", "heal/command", "{RestorePhase, attemptsOver, VerifyPhase}", "{RestorePhase, attemptsOver, RecordPhase}", commandTests},
	{"an intent is sent again instead of looked up", "heal/command", "return Effect{Do: DoLookUp, Attempt: i}", "return Effect{Do: DoSend, Attempt: i}", commandTests},

	// The plan.
	{"importers do not count among what is down", "plan", "size = min(size, b.spare[name])", "_ = name", planTests},
	{"importers do not count in the quota", "plan", "b.room/(1+len(together))", "b.room", planTests},
	{"there is no canary", "plan", "if len(g.cells) < v.policy.CanaryFrom {", "if true {", planTests},
	{"the management account is deployed to by a service-managed set", "plan", "if t.Account == f.Organization.Management {\n\t\t\treturn true\n\t\t}", "", planTests},
	{"a request reaches accounts outside of its OUs", "plan", "return !slices.ContainsFunc(call.OUs, f.Organization.Accounts[t.Account].In)", "return false", planTests},
	{"a failed import is redeployed", "plan", "case i.Detailed == fleet.DetailedFailedImport || c.Class == ReasonImportFailed:", "case false:", planTests},
	{"what serves its previous version is redeployed", "plan", "case (c.Verdict == Failed || c.Verdict == Outdated) && !neverServed(i.Reason):", "case false:", planTests},
	{"a named resource that outlives its stack is ignored", "plan", "case len(facts.Retained) > 0:", "case false:", planTests},
	{"an opaque template holds no data", "plan", "case facts.Opaque && !lossAllowed:", "case false:", planTests},
	{"data is destroyed", "plan", "case len(lost) > 0 && !lossAllowed:", "case false:", planTests},
	{"a protected set is redeployed", "plan", "return sp.Healing == policy.HealRedeploy && !sp.Protected", "return sp.Healing == policy.HealRedeploy", planTests},
	{"termination protection is tried again", "plan", "var hopeless = []ReasonClass{ReasonMaskedOverride, ReasonImportFailed, ReasonTermination}", "var hopeless = []ReasonClass{ReasonMaskedOverride, ReasonImportFailed}", planTests},
	{"a cause that lies outside leads to a harsher remedy", "plan", "if n := len(tried); n > 0 && class.Outside()", "if n := len(tried); n > 0 && false && class.Outside()", planTests},
	{"a redeployment meets what the creation would meet", "plan", "return c.Verdict == Inoperable || !class.MeetsCreation()", "return true", planTests},
	{"a run goes further than was shown", "plan", "return shown != \"\" && shown.cleansUp() == remedy.cleansUp() && !remedy.Harsher(shown)", "return shown != \"\"", planTests},
	{"a dependent that was not shown is taken along", "plan", "return !s.Allows(fleet.Cell{StackSet: set, Target: t}, a.Remedy)", "return false", planTests},
	{"the policy's escalation does not bound the furthest remedy", "plan", "remedy.Harsher(furthest) && !remedy.Harsher(limit)", "remedy.Harsher(furthest)", planTests},
	{"an inventory without its management account is whole", "plan", "if _, ok := organization.Accounts[organization.Management]; ok {", "if true {", planTests},
	{"an organization may shrink", "plan", "if gone <= 1 || !limit.ExceededBy(gone, len(known)) {", "if true {", planTests},
	{"drift of a whole set is healed", "plan", "return drifted >= minMass && sp.MassDrift.ExceededBy(drifted, instances)", "return false", planTests},
	{"a whole set is removed", "plan", "t.removed >= minMass && v.policy.MassRemoval.ExceededBy(t.removed, all)", "false", planTests},
	{"an external operation is not waited for", "plan", "if operation.Status.Ended() || b.memory.Operations[operation.ID] {", "if true {", planTests},
	{"own operations are waited for", "plan", "if operation.Status.Ended() || b.memory.Operations[operation.ID] {", "if operation.Status.Ended() {", healTests},
	{"quiet hours are not kept", "plan", "if quiet.Contains(b.now) {", "if false {", planTests},
	{"more may be down than the policy says", "plan", "if b.spare[name] > 0 || !wanted[name] {", "if true {", planTests},
	{"an approval holds for more than was seen", "plan", "return !known || hit.Numbers.Of <= seen.Of+max(1, seen.Of/marginShare)", "return true", planTests},
	{"an approval never ends", "plan", "if !a.Until.IsZero() && !now.Before(a.Until) {\n\t\treturn false\n\t}", "", planTests},
}
