package otto

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim"
)

// leaves are the OUs that accounts sit in, with how many of a hundred accounts.
var leaves = []struct {
	path   string
	weight int
}{
	{"Security", 2},
	{"Infrastructure/Network", 2},
	{"Infrastructure/Shared", 3},
	{"Workloads/Retail/Prod", 11}, {"Workloads/Retail/NonProd", 10},
	{"Workloads/Marketplace/Prod", 9}, {"Workloads/Marketplace/NonProd", 8},
	{"Workloads/Logistics/Prod", 8}, {"Workloads/Logistics/NonProd", 7},
	{"Workloads/Data/Prod", 8}, {"Workloads/Data/NonProd", 7},
	{"Sandbox", 25},
}

var products = []string{
	"checkout", "search", "basket", "catalog", "pricing", "returns", "fraud", "ratings", "mobile", "content", "media", "partner",
	"invoice", "shipping", "warehouse", "customer", "loyalty", "campaign", "insights", "features", "identity", "chat", "wishlist", "outlet",
}

// state is what an account is in the scenario.
type state int

const (
	active state = iota
	joined       // active, for a few days
	suspended
	closed
	pendingClosure
	departed // in no organization any more
)

// account is a member of the organization, or was one.
type account struct {
	id, name string
	leaf     string // the path of its OU
	state    state
}

// in reports whether the account is in one of the OUs, by path; none are all.
func (a *account) in(paths []string) bool {
	if len(paths) == 0 {
		return true
	}
	return slices.ContainsFunc(paths, func(path string) bool { return a.leaf == path || strings.HasPrefix(a.leaf, path+"/") })
}

// share is so many of an organization of n as there are of 320, at least the least.
func share(n, of320, least int) int { return max(least, (n*of320+160)/320) }

// cast makes the accounts and says what each is. n counts those that the
// organization lists, the management account with them; those that left come on
// top. In small organizations some kinds are left out, so that no kind is more
// than a twentieth.
func cast(n int, random *rand.Rand) []*account {
	roles := []struct {
		state
		count int
	}{
		{departed, share(n, 4, 1)}, {suspended, share(n, 3, 1)}, {closed, share(n, 2, 0)},
		{pendingClosure, max(share(n, 1, 0), min(n/40, 1))}, {joined, share(n, 6, 1)},
	}
	list := people(n-1+roles[0].count, random)
	order := random.Perm(len(list))
	for _, role := range roles {
		for range role.count {
			list[order[0]].state = role.state
			order = order[1:]
		}
	}
	return list
}

// people makes accounts with distinct ids, in order of id.
func people(n int, random *rand.Rand) []*account {
	ids := map[string]bool{}
	for len(ids) < n {
		ids[fmt.Sprintf("%012d", 200_000_000_000+random.Int64N(700_000_000_000))] = true
	}
	var list []*account
	for i, id := range sortedKeys(ids) {
		a := &account{id: id, leaf: someLeaf(random)}
		a.name = fmt.Sprintf("%s-%s-%d", products[random.IntN(len(products))], stage(a.leaf), i)
		list = append(list, a)
	}
	return list
}

func someLeaf(random *rand.Rand) string {
	total := 0
	for _, l := range leaves {
		total += l.weight
	}
	at := random.IntN(total)
	for _, l := range leaves {
		if at -= l.weight; at < 0 {
			return l.path
		}
	}
	return leaves[0].path
}

func stage(leaf string) string {
	switch {
	case strings.HasSuffix(leaf, "/Prod"):
		return "live"
	case strings.HasSuffix(leaf, "/NonProd"):
		return "develop"
	}
	return strings.ToLower(leaf[strings.LastIndexByte(leaf, '/')+1:])
}

// states are the organization's words for what accounts are.
var states = map[state]string{
	active: "ACTIVE", joined: "ACTIVE", suspended: "SUSPENDED", closed: "CLOSED", pendingClosure: "PENDING_CLOSURE",
}

// tree makes the OUs and answers their ids by path; the root is "".
func tree(a *awssim.AWS) (map[string]string, error) {
	o := a.Organization()
	ids := map[string]string{"": o.Root()}
	for _, l := range leaves {
		path := ""
		for name := range strings.SplitSeq(l.path, "/") {
			parent := path
			path = strings.TrimPrefix(path+"/"+name, "/")
			if ids[path] != "" {
				continue
			}
			id, err := o.AddOU(ids[parent], name)
			if err != nil {
				return nil, fmt.Errorf("making the OU %s: %w", path, err)
			}
			ids[path] = id
		}
	}
	return ids, nil
}

// enrol puts the accounts into the organization.
func (b *builder) enrol() error {
	for _, m := range b.accounts {
		if m.state == departed {
			continue
		}
		age := time.Duration(60+b.random.IntN(1200)) * 24 * time.Hour
		if m.state == joined {
			age = time.Duration(6+b.random.IntN(60)) * time.Hour
		}
		err := b.aws.Organization().AddAccount(awssim.Account{
			ID: m.id, Name: m.name, State: states[m.state], Parent: b.ous[m.leaf], Joined: b.now.Add(-age),
		})
		if err != nil {
			return fmt.Errorf("adding the account %s: %w", m.id, err)
		}
	}
	return nil
}
