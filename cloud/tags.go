package cloud

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
)

// tagReaders is how many accounts' tags are read side by side.
const tagReaders = 8

// AccountTags reads the tags of accounts in the organization, one call each.
func (a *AWS) AccountTags(ctx context.Context, ids []fleet.AccountID) (map[fleet.AccountID]map[string]string, error) {
	tags := map[fleet.AccountID]map[string]string{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(tagReaders)
	for _, id := range ids {
		group.Go(func() error {
			own := map[string]string{}
			err := pages(func(token *string) (*string, error) {
				out, err := call(ctx, a, listTagsForResource.on("account %s", id), a.org.ListTagsForResource,
					&organizations.ListTagsForResourceInput{ResourceId: aws.String(string(id)), NextToken: token})
				if err != nil {
					return nil, err
				}
				for _, tag := range out.Tags {
					own[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
				}
				return out.NextToken, nil
			})
			if err != nil {
				return fmt.Errorf("reading the tags of account %s: %w", id, err)
			}
			mu.Lock()
			defer mu.Unlock()
			tags[id] = own
			return nil
		})
	}
	return tags, group.Wait()
}
