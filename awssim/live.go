package awssim

// SetProperty changes a live resource of a stack behind CloudFormation's back, as
// a person in the console would. pointer is a JSON pointer into its properties.
func (a *AWS) SetProperty(stackID, logicalID, pointer string, value any) error {
	a.Lock()
	defer a.Unlock()
	return a.stacks.SetProperty(stackID, logicalID, pointer, value)
}

// DeleteResource deletes a live resource of a stack behind CloudFormation's back.
func (a *AWS) DeleteResource(stackID, logicalID string) error {
	a.Lock()
	defer a.Unlock()
	return a.stacks.DeleteResource(stackID, logicalID)
}

// RestoreResource makes a live resource again that was deleted by hand, under the id
// that it had.
func (a *AWS) RestoreResource(stackID, logicalID string) error {
	a.Lock()
	defer a.Unlock()
	return a.stacks.RestoreResource(stackID, logicalID)
}

// StackExists reports whether there is a stack of the id that was not deleted.
func (a *AWS) StackExists(stackID string) bool {
	a.Lock()
	defer a.Unlock()
	info, ok := a.stacks.Stack(stackID)
	return ok && info.Status != "" && info.Status != "DELETE_COMPLETE"
}
