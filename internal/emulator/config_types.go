package emulator

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// clients are a configuration for moto itself, in an account and Region.
func (c *configRules) clients(place configPlace) aws.Config {
	key := place.key
	if key == "" {
		key = accessKey
	}
	return aws.Config{
		Region: place.region, BaseEndpoint: aws.String("http://" + c.moto), Credentials: credentials.NewStaticCredentialsProvider(key, secretKey, ""),
		HTTPClient: &http.Client{Transport: inAccount{place.account, place.host, c.upstream}},
	}
}

// inAccount is a way to moto that names the account, which moto takes before that of the access key.
type inAccount struct {
	account string // "" for that of the access key
	host    string // "" for moto's own
	next    http.RoundTripper
}

// RoundTrip adds the account and the host.
func (a inAccount) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	if a.host != "" {
		request.Host = a.host
	}
	if a.account != "" {
		request.Header.Set("X-Moto-Account-Id", a.account)
	}
	return a.next.RoundTrip(request)
}

func (c *configRules) accountOf(ctx context.Context, place configPlace) (string, error) {
	identity, err := sts.NewFromConfig(c.clients(place)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return "", err
	}
	return aws.ToString(identity.Account), nil
}

// configTypes are the resource types that are recorded, each with how moto is asked for all of it.
var configTypes = map[string]func(context.Context, aws.Config) ([]configObject, error){
	"AWS::EC2::SecurityGroup": func(ctx context.Context, config aws.Config) ([]configObject, error) {
		out, err := ec2.NewFromConfig(config).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{})
		return objectsOf(err, func() (all []configObject) {
			for _, group := range out.SecurityGroups {
				object := recordedAs(group, "description", "groupId", "groupName", "ipPermissions", "ipPermissionsEgress", "ownerId", "vpcId")
				permissionsAsRecorded(object)
				all = append(all, object.named(*group.GroupId, *group.GroupName, ec2Recorded(group.Tags)))
			}
			return all
		})
	},
	"AWS::EC2::VPC": func(ctx context.Context, config aws.Config) ([]configObject, error) {
		out, err := ec2.NewFromConfig(config).DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		return objectsOf(err, func() (all []configObject) {
			for _, vpc := range out.Vpcs {
				object := recordedAs(vpc, "cidrBlock", "cidrBlockAssociationSet", "dhcpOptionsId", "instanceTenancy", "ipv6CidrBlockAssociationSet", "isDefault", "ownerId", "vpcId")
				all = append(all, object.named(*vpc.VpcId, "", ec2Recorded(vpc.Tags)))
			}
			return all
		})
	},
	"AWS::EC2::Subnet": func(ctx context.Context, config aws.Config) ([]configObject, error) {
		out, err := ec2.NewFromConfig(config).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
		return objectsOf(err, func() (all []configObject) {
			for _, subnet := range out.Subnets {
				object := recordedAs(subnet, "assignIpv6AddressOnCreation", "availabilityZone", "cidrBlock", "defaultForAz", "ipv6CidrBlockAssociationSet", "mapPublicIpOnLaunch", "ownerId", "subnetId", "vpcId")
				all = append(all, object.named(*subnet.SubnetId, "", ec2Recorded(subnet.Tags)))
			}
			return all
		})
	},
	"AWS::EC2::InternetGateway": func(ctx context.Context, config aws.Config) ([]configObject, error) {
		out, err := ec2.NewFromConfig(config).DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{})
		return objectsOf(err, func() (all []configObject) {
			for _, gateway := range out.InternetGateways {
				all = append(all, recordedAs(gateway, "attachments", "internetGatewayId", "ownerId").named(*gateway.InternetGatewayId, "", ec2Recorded(gateway.Tags)))
			}
			return all
		})
	},
	"AWS::EC2::Volume": func(ctx context.Context, config aws.Config) ([]configObject, error) {
		out, err := ec2.NewFromConfig(config).DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})
		return objectsOf(err, func() (all []configObject) {
			for _, volume := range out.Volumes {
				all = append(all, recordedAs(volume, "availabilityZone", "encrypted", "iops", "kmsKeyId", "size", "volumeId", "volumeType").named(*volume.VolumeId, "", ec2Recorded(volume.Tags)))
			}
			return all
		})
	},
	"AWS::IAM::Role":         configRoles,
	"AWS::RDS::DBInstance":   configInstances,
	"AWS::Lambda::Function":  configFunctions,
	"AWS::DynamoDB::Table":   configTables,
	"AWS::SNS::Topic":        configTopics,
	"AWS::SQS::Queue":        configQueues,
	"AWS::CloudWatch::Alarm": configAlarms,
	"AWS::S3::Bucket":        configBuckets,
}

func objectsOf(err error, all func() []configObject) ([]configObject, error) {
	if err != nil {
		return nil, err
	}
	return all(), nil
}

// recordedAs makes an item's configuration of an answer of the API: names in camel case, and of the top level only those of keep.
func recordedAs(answer any, keep ...string) configObject {
	text, err := json.Marshal(answer)
	var plain map[string]any
	if err == nil {
		err = json.Unmarshal(text, &plain)
	}
	if err != nil {
		return configObject{"configuration": map[string]any{}}
	}
	camel, _ := camelCased(plain).(map[string]any)
	for name := range camel {
		if !slices.Contains(keep, name) {
			delete(camel, name)
		}
	}
	return configObject{"configuration": camel}
}

// irregular are the names that AWS Config does not write in plain camel case.
var irregular = map[string]string{"KMSKeyArn": "kmskeyArn", "OKActions": "okactions", "SSEDescription": "ssedescription", "KMSMasterKeyArn": "kmsmasterKeyArn", "SSEType": "ssetype"}

func camelCased(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, element := range value {
			if element == nil || element == "" {
				continue
			}
			if renamed, ok := irregular[name]; ok {
				name = renamed
			} else {
				name = lowerCamel(name)
			}
			out[name] = camelCased(element)
		}
		return out
	case []any:
		out := make([]any, 0, len(value))
		for _, element := range value {
			out = append(out, camelCased(element))
		}
		return out
	}
	return value
}

// named adds what every item has.
func (o configObject) named(id, name string, tags []map[string]string) configObject {
	o["resourceId"], o["tags"] = id, tags
	if name != "" {
		o["resourceName"] = name
	}
	return o
}

func recordedTags(pairs map[string]string) []map[string]string {
	tags := []map[string]string{}
	for key, value := range pairs {
		tags = append(tags, map[string]string{"key": key, "value": value, "tag": key + "=" + value})
	}
	slices.SortFunc(tags, func(a, b map[string]string) int { return strings.Compare(a["key"], b["key"]) })
	return tags
}

func ec2Recorded(tags []ec2types.Tag) []map[string]string {
	pairs := map[string]string{}
	for _, tag := range tags {
		pairs[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return recordedTags(pairs)
}

// permissionsAsRecorded: the ranges of a group's rule are ipv4Ranges, and ipRanges are their bare texts.
func permissionsAsRecorded(object configObject) {
	configuration, _ := object["configuration"].(map[string]any)
	for _, name := range []string{"ipPermissions", "ipPermissionsEgress"} {
		list, _ := configuration[name].([]any)
		for _, element := range list {
			permission, _ := element.(map[string]any)
			ranges, _ := permission["ipRanges"].([]any)
			texts := []any{}
			for _, entry := range ranges {
				if entry, ok := entry.(map[string]any); ok {
					texts = append(texts, entry["cidrIp"])
				}
			}
			permission["ipv4Ranges"], permission["ipRanges"] = ranges, texts
		}
	}
}
