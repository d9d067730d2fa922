// Package organizations is AWS Organizations: one organization, its tree of
// organizational units, its accounts and their life cycle, trusted access,
// delegated administrators and service control policies.
//
// The tree. A unit's path from the root is fixed when it is made, because AWS
// can move accounts but not OUs; that makes an account's place one pointer. The
// sorted list of accounts below a unit is computed when first asked for and kept
// until a membership changes, so an organization of 10,000 accounts is paged
// through without being sorted again for every page.
//
// Life cycle. An account that leaves is no member any more and is not found; its
// last state is remembered for STS, which must go on refusing roles in closed
// accounts. Closing takes AWS minutes, and 90 days later the account is gone from
// the list. Every change is told to whoever asked with OnChange: that is how
// automatic deployment learns of newcomers.
//
// There are two ways in. The API, with AWS's permissions and errors, is in
// Service; filling a world goes through the exported methods (Create, AddOU,
// AddAccount tell nobody; Join, Leave, Move, SetState do).
package organizations
