package organizations

import (
	"net/http"

	"github.com/setmend/setmend/awssim/internal/core"
)

// refuse is an error of the API. All but ServiceException are status 400.
func refuse(code, format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, format, args...)
}

func invalid(reason, format string, args ...any) *core.Error {
	e := refuse("InvalidInputException", format, args...)
	e.Fields = map[string]string{"Reason": reason}
	return e
}

func constraint(reason, format string, args ...any) *core.Error {
	e := refuse("ConstraintViolationException", format, args...)
	e.Fields = map[string]string{"Reason": reason}
	return e
}

func errNotInUse() *core.Error {
	return refuse("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
}

func errDenied() *core.Error {
	return refuse("AccessDeniedException", "You don't have permissions to access this resource.")
}
