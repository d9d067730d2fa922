package install

import (
	"slices"
	"strings"
)

// OrganizationTemplate returns a template for the region in which Organizations
// publishes its events (us-east-1 in the commercial partition): rules that forward them
// to the event bus of the installation's home region. It is needed only where the
// home region is another one.
func OrganizationTemplate(c Config) ([]byte, error) {
	t := newTemplate()
	t.parameters.Content = append(t.parameters.Content, text("HomeRegion"), object("Type", "String", "Description", "The region that setmend is installed in.", "AllowedPattern", "^[a-z]{2}(-[a-z]+)+-[0-9]$"))
	bus := sub("arn:${AWS::Partition}:events:${HomeRegion}:${AWS::AccountId}:event-bus/default")
	t.role("ForwardRole", "Hands events on to the home region.", "events", statement{"PutsEvents", []string{"events:PutEvents"}, []node{bus}, nil})
	t.resource("ForwardRule", "An account joined, moved, left or was closed.", "AWS::Events::Rule", object("State", "ENABLED",
		"EventPattern", object("source", flow(list("aws.organizations")), "detail", object("eventSource", flow(list("organizations.amazonaws.com")))),
		"Targets", list(object("Id", "home", "Arn", sub(bus.Value), "RoleArn", att("ForwardRole.Arn")))))
	return t.write("setmend: hands the events of AWS Organizations on to the home region.")
}

// MemberTemplate returns a template for a stack set that puts the member role into
// the accounts: what drift-aware change sets take. Executing one also takes what
// changes the resources themselves; the parameter names a policy for that.
func MemberTemplate(c Config) ([]byte, error) {
	t := newTemplate()
	t.parameters.Content = append(t.parameters.Content, text("Administrator"), object("Type", "String", "Description", "The account that setmend is installed in.", "AllowedPattern", "^[0-9]{12}$"))
	t.parameter("HealerRoleArns", "ARNs, with commas, of the roles that may assume this one.", "*", "AllowedPattern", "^[-A-Za-z0-9:/_+=,.@*]+$")
	t.parameter("RoleName", "The role's name, as memberRole in the policy names it.", "setmend-member")
	t.parameter("ResourcePolicyArn", "A managed policy that allows changing the resources of the governed stacks; empty for none.", "")
	t.condition("HasResourcePolicy", tagged("!Not", tagged("!Equals", ref("ResourcePolicyArn"), "")))
	actions := slices.Sorted(slices.Values(c.Member))
	policies := list("HasResourcePolicy", list(ref("ResourcePolicyArn")), noValue())
	policies.Tag = "!If"
	t.resource("MemberRole", "Puts drifted resources of this account's stacks back in place.", "AWS::IAM::Role", object("RoleName", ref("RoleName"),
		"AssumeRolePolicyDocument", object("Version", "2012-10-17", "Statement", list(object("Effect", "Allow",
			"Principal", object("AWS", sub("arn:${AWS::Partition}:iam::${Administrator}:root")), "Action", "sts:AssumeRole",
			"Condition", object("ArnLike", object("aws:PrincipalArn", tagged("!Split", ",", ref("HealerRoleArns"))))))),
		"ManagedPolicyArns", policies,
		"Policies", list(object("PolicyName", "setmend", "PolicyDocument", object("Version", "2012-10-17", "Statement", list(
			statement{"ChangeSetsOfStackSetStacks", actions, []node{sub("arn:${AWS::Partition}:cloudformation:*:${AWS::AccountId}:stack/StackSet-*/*")}, nil}.node()))))))
	return t.write("setmend: the role in member accounts through which drift is reverted in place.")
}

// PipelineTemplate returns a template with the roles of GitHub and GitLab pipelines,
// which sign in by OpenID Connect: no access key exists that could leak. One role
// reads (plan, status), for every branch; the other one heals, for one branch or
// environment alone.
func PipelineTemplate(c Config) ([]byte, error) {
	t := newTemplate()
	t.parameter("GitHubRepository", "OWNER/NAME of the GitHub repository; empty for none.", "", "AllowedPattern", "^([-A-Za-z0-9_.]+/[-A-Za-z0-9_.]+)?$")
	t.parameter("GitHubProviderArn", "The account's provider of token.actions.githubusercontent.com, if it has one; empty makes it.", "")
	t.parameter("GitHubHealsFrom", "Who may heal: a branch, or an environment.", "environment:production", "AllowedPattern", "^(ref:refs/heads/|environment:)[-A-Za-z0-9_./]+$")
	t.parameter("GitLabProject", "GROUP/PROJECT of the GitLab project; empty for none.", "", "AllowedPattern", "^([-A-Za-z0-9_./]+)?$")
	t.parameter("GitLabHost", "The GitLab instance.", "gitlab.com", "AllowedPattern", "^[-a-z0-9.]+$")
	t.parameter("GitLabProviderArn", "The account's provider of the GitLab instance; empty makes it.", "")
	t.parameter("GitLabHealsFrom", "The protected branch that may heal.", "main", "AllowedPattern", "^[-A-Za-z0-9_./]+$")
	given := func(name string) node { return tagged("!Not", tagged("!Equals", ref(name), "")) }
	for _, host := range []string{"GitHub", "GitLab"} {
		t.condition("Has"+host, given(map[string]string{"GitHub": "GitHubRepository", "GitLab": "GitLabProject"}[host]))
		t.condition("Makes"+host+"Provider", tagged("!And", scalar("!Condition", "Has"+host), tagged("!Equals", ref(host+"ProviderArn"), "")))
	}
	c.pipeline(t, "GitHub", "token.actions.githubusercontent.com", "sts.amazonaws.com",
		"repo:${GitHubRepository}:*", "repo:${GitHubRepository}:${GitHubHealsFrom}")
	c.pipeline(t, "GitLab", "${GitLabHost}", "https://${GitLabHost}",
		"project_path:${GitLabProject}:*", "project_path:${GitLabProject}:ref_type:branch:ref:${GitLabHealsFrom}")
	return t.write("setmend: roles that pipelines assume without an access key.")
}

// pipeline adds a provider and the two roles of one host.
func (c Config) pipeline(t *template, host, issuer, audience, anyone, healers string) {
	t.resource(host+"Provider", "", "AWS::IAM::OIDCProvider", object("Url", plainOrSub("https://"+issuer), "ClientIdList", list(plainOrSub(audience))), "Condition", "Makes"+host+"Provider")
	provider := either("Makes"+host+"Provider", ref(host+"Provider"), ref(host+"ProviderArn"))
	for _, role := range []struct {
		name, subject string
		statements    []statement
	}{
		{"Reads", anyone, []statement{{"ReadsTheFleet", c.Read, everything(), nil}}},
		{"Heals", healers, append([]statement{{"ReadsTheFleet", c.Read, everything(), nil}}, c.healing()...)},
	} {
		// The issuer's name is part of the condition's key, and keys cannot be
		// substituted: the whole document is.
		document := list()
		for _, s := range role.statements {
			document.Content = append(document.Content, s.node())
		}
		trust := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": "${Provider}"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"ISSUER:aud": "AUDIENCE"}, "StringLike": {"ISSUER:sub": "SUBJECT"}}}]}`
		trust = strings.NewReplacer("ISSUER", issuer, "AUDIENCE", audience, "SUBJECT", role.subject).Replace(trust)
		substituted := list(trust, object("Provider", provider))
		substituted.Tag = "!Sub"
		t.resource(host+role.name, "", "AWS::IAM::Role", object("AssumeRolePolicyDocument", substituted, "MaxSessionDuration", 3600,
			"Policies", list(object("PolicyName", "setmend", "PolicyDocument", object("Version", "2012-10-17", "Statement", document)))), "Condition", "Has"+host)
		t.output(host+role.name+"Role", "What the pipeline names as its role.", att(host+role.name+".Arn"), "Condition", "Has"+host)
	}
}

// plainOrSub substitutes only where there is something to substitute.
func plainOrSub(s string) node {
	if strings.Contains(s, "${") {
		return sub(s)
	}
	return text(s)
}
