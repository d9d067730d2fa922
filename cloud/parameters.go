package cloud

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// StoredParameter is a parameter in Parameter Store.
type StoredParameter struct {
	Name     string
	Value    string
	Advanced bool // of the advanced tier: up to 8 KB, and paid for
}

// Parameter Store lists ten parameters a page, and deletes ten with one call.
const parameterPage = 10

func (a *AWS) ssm() *ssm.Client {
	return ssm.NewFromConfig(a.sdk, func(o *ssm.Options) { o.APIOptions = append(o.APIOptions, a.count) })
}

// Parameters lists the parameters below a path such as /setmend/, sorted by name.
// The tier of each is asked for only if tiers is set: it takes calls of its own.
func (a *AWS) Parameters(ctx context.Context, path string, tiers bool) ([]StoredParameter, error) {
	client := a.ssm()
	var list []StoredParameter
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, getParametersByPath.on("parameters below %s", path), client.GetParametersByPath,
			&ssm.GetParametersByPathInput{Path: aws.String(path), Recursive: aws.Bool(true), MaxResults: aws.Int32(parameterPage), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.Parameters {
			list = append(list, StoredParameter{Name: aws.ToString(p.Name), Value: aws.ToString(p.Value)})
		}
		return out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(x, y StoredParameter) int { return cmp.Compare(x.Name, y.Name) })
	if !tiers || len(list) == 0 {
		return list, nil
	}
	return list, a.readTiers(ctx, path, list)
}

// readTiers fills in which of the listed parameters are of the advanced tier.
func (a *AWS) readTiers(ctx context.Context, path string, list []StoredParameter) error {
	client := a.ssm()
	advanced := map[string]bool{}
	err := pages(func(token *string) (*string, error) {
		out, err := call(ctx, a, describeParameters.on("parameters below %s", path), client.DescribeParameters, &ssm.DescribeParametersInput{
			ParameterFilters: []ssmtypes.ParameterStringFilter{
				{Key: aws.String("Path"), Option: aws.String("Recursive"), Values: []string{strings.TrimSuffix(path, "/")}},
				{Key: aws.String("Tier"), Values: []string{string(ssmtypes.ParameterTierAdvanced)}}},
			MaxResults: aws.Int32(50), NextToken: token})
		if err != nil {
			return nil, err
		}
		for _, p := range out.Parameters {
			advanced[aws.ToString(p.Name)] = true
		}
		return out.NextToken, nil
	})
	for i := range list {
		list[i].Advanced = advanced[list[i].Name]
	}
	return err
}

// PutParameter writes a parameter of type String, whether or not it is there. An
// advanced parameter cannot become a standard one again. Writing the same value twice
// makes two versions of it, which readers of the newest do not notice.
func (a *AWS) PutParameter(ctx context.Context, p StoredParameter) error {
	tier := ssmtypes.ParameterTierStandard
	if p.Advanced {
		tier = ssmtypes.ParameterTierAdvanced
	}
	_, err := call(ctx, a, putParameter.idempotent().on("parameter %s", p.Name), a.ssm().PutParameter, &ssm.PutParameterInput{
		Name: aws.String(p.Name), Value: aws.String(p.Value), Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true), Tier: tier})
	return err
}

// DeleteParameters deletes parameters; that one is not there is fine.
func (a *AWS) DeleteParameters(ctx context.Context, names []string) error {
	client := a.ssm()
	for part := range slices.Chunk(names, parameterPage) {
		if _, err := call(ctx, a, deleteParameters.on("%d parameters from %s on", len(part), part[0]), client.DeleteParameters,
			&ssm.DeleteParametersInput{Names: part}); err != nil {
			return err
		}
	}
	return nil
}
