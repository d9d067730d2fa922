package stacksets

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// The roles of the service-managed permission model.
const (
	orgAdminRole  = "AWSServiceRoleForCloudFormationStackSetsOrgAdmin"
	orgMemberRole = "AWSServiceRoleForCloudFormationStackSetsOrgMember"
)

// role is the name of the role that stacks are operated with in target accounts.
func (s *Service) role(t *set, d definition) string {
	_, execution := s.rolesOf(t, d)
	return execution
}

// rolesOf returns the ARN of the administration role and the name of the execution
// role that a set works with. AWS shows both for service-managed sets too: the
// service-linked role of the management account, and the stacksets-exec role that
// it makes in every member of the organization, under one name (seen:
// terraform-provider-aws#23464, #30864, #45992).
func (s *Service) rolesOf(t *set, d definition) (administration, execution string) {
	if !t.serviceManaged() {
		return d.administration, d.execution
	}
	administration = fmt.Sprintf("arn:%s:iam::%s:role/aws-service-role/%s/%s", t.partition, t.account, trustedPrincipal, orgAdminRole)
	digest := sha256.Sum256([]byte(s.org.Of(t.account).ID() + t.account))
	return administration, "stacksets-exec-" + hex.EncodeToString(digest[:16])
}

// roleSession is the name of the sessions that StackSets opens.
const roleSession = "AWSCloudFormation"

func roleName(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
