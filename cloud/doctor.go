package cloud

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/setmend/setmend/fleet"
)

// StackSetsPrincipal is the service that delegated administrators of stack sets
// are registered for, and that trusted access is given to.
const StackSetsPrincipal = "member.org.stacksets.cloudformation.amazonaws.com"

// DelegatedAdministrators lists the accounts that may administer stack sets
// beside the management account, sorted.
func (a *AWS) DelegatedAdministrators(ctx context.Context) ([]fleet.AccountID, error) {
	accounts := []fleet.AccountID{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listDelegatedAdministrators.on("the organization"), a.org.ListDelegatedAdministrators,
			&organizations.ListDelegatedAdministratorsInput{
				ServicePrincipal: aws.String(StackSetsPrincipal), NextToken: token, MaxResults: aws.Int32(organizationPage),
			})
		if err != nil {
			return nil, err
		}
		for _, administrator := range out.DelegatedAdministrators {
			accounts = append(accounts, fleet.AccountID(aws.ToString(administrator.Id)))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(accounts)
	return accounts, nil
}

// ServiceAccess lists the services that may act across the organization, sorted.
func (a *AWS) ServiceAccess(ctx context.Context) ([]string, error) {
	services := []string{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, listServiceAccess.on("the organization"), a.org.ListAWSServiceAccessForOrganization,
			&organizations.ListAWSServiceAccessForOrganizationInput{NextToken: token, MaxResults: aws.Int32(organizationPage)})
		if err != nil {
			return nil, err
		}
		for _, service := range out.EnabledServicePrincipals {
			services = append(services, aws.ToString(service.ServicePrincipal))
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(services)
	return services, nil
}

// timeHeader is where an embedded AWS, which may be far ahead of the wall, tells its
// time; its Date is the wall's.
const timeHeader = "X-Setmend-Time"

// ServerTime returns AWS's time: that of an embedded AWS, or the Date of an answer,
// to the second. It fails where an answer has neither.
func (a *AWS) ServerTime(ctx context.Context) (time.Time, error) {
	out, err := call(ctx, a, getCallerIdentity.on("the caller"), a.sts.GetCallerIdentity, &sts.GetCallerIdentityInput{})
	if err != nil {
		return time.Time{}, err
	}
	if at, ok := serverTime(out.ResultMetadata); ok {
		return at, nil
	}
	return time.Time{}, unreadable(getCallerIdentity, "the server's time")
}

// serverTime returns the time at which an answer was made by AWS's own clock, and
// false if the answer does not say.
func serverTime(answer middleware.Metadata) (time.Time, bool) {
	if raw, ok := awsmiddleware.GetRawResponse(answer).(*smithyhttp.Response); ok {
		if at, err := time.Parse(time.RFC3339Nano, raw.Header.Get(timeHeader)); err == nil {
			return at.UTC(), true
		}
	}
	at, ok := awsmiddleware.GetServerTime(answer)
	return at.UTC(), ok
}
