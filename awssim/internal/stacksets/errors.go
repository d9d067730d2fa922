package stacksets

import (
	"net/http"

	"github.com/setmend/setmend/awssim/internal/core"
)

func notFound(name string) *core.Error {
	return core.Errorf(http.StatusNotFound, "StackSetNotFoundException", "StackSet %s not found", name)
}

func operationNotFound(id string) *core.Error {
	return core.Errorf(http.StatusNotFound, "OperationNotFoundException", "Operation %s not found", id)
}

func instanceNotFound(s *set, p place) *core.Error {
	return core.Errorf(http.StatusNotFound, "StackInstanceNotFoundException",
		"Stack instance not found for StackSet %s, account %s, region %s", s.stackSetID(), p.account, p.region)
}

// inProgress is the text that users report.
func inProgress(s *set) *core.Error {
	return core.Errorf(http.StatusConflict, "OperationInProgressException", "Another Operation on StackSet %s is in progress", s.arn())
}

func operationExists(id string) *core.Error {
	return core.Errorf(http.StatusConflict, "OperationIdAlreadyExistsException", "Operation with id %s already exists", id)
}

func invalidOperation(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, "InvalidOperationException", format, args...)
}

func limitExceeded(format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, "LimitExceededException", format, args...)
}
