package emulator

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ec2Rules know the filters over ids that moto lacks.
type ec2Rules struct{}

func (ec2Rules) reset() {}

// idFilter is a filter over ids of a Describe call, and where the answer has the id.
type idFilter struct{ name, set, id string }

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkAcls.html and
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html.
var idFilters = map[string]idFilter{
	"DescribeNetworkAcls":  {"network-acl-id", "networkAclSet", "networkAclId"},
	"DescribeVpcEndpoints": {"vpc-endpoint-id", "vpcEndpointSet", "vpcEndpointId"},
}

func (ec2Rules) rule(operation string) rule {
	filter, ok := idFilters[operation]
	if !ok {
		return nil
	}
	return func(ctx context.Context, x *exchange) (*answer, error) {
		form := x.form()
		values := filter.takeFrom(form)
		if values == nil {
			return nil, nil
		}
		x.body = []byte(form.Encode())
		reply, err := x.forward(ctx)
		if err != nil || reply.status >= http.StatusBadRequest {
			return reply, err
		}
		reply.body, err = keepItems(reply.body, filter.set, func(item []byte) bool { return slices.Contains(values, element(item, filter.id)) })
		return reply, err
	}
}

// takeFrom takes the filter out of a form, and returns its values; nil when it is not there.
func (f idFilter) takeFrom(form url.Values) []string {
	var values []string
	for i := 1; form.Has(fmt.Sprintf("Filter.%d.Name", i)); i++ {
		prefix := fmt.Sprintf("Filter.%d.", i)
		if form.Get(prefix+"Name") != f.name {
			continue
		}
		values = []string{}
		for key := range form {
			if strings.HasPrefix(key, prefix) {
				if strings.HasPrefix(key, prefix+"Value.") {
					values = append(values, form.Get(key))
				}
				form.Del(key)
			}
		}
	}
	return values
}

// keepItems leaves out of a document the items of a set that keep does not want.
func keepItems(document []byte, set string, keep func(item []byte) bool) ([]byte, error) {
	decoder := xml.NewDecoder(bytes.NewReader(document))
	var kept []byte
	var path []string
	var copied, began int64
	for {
		before := decoder.InputOffset()
		token, err := decoder.Token()
		if token == nil {
			return append(kept, document[copied:]...), ignoreEnd(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(path) > 0 && path[len(path)-1] == set && token.Name.Local == "item" {
				began = before
			}
			path = append(path, token.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
			if len(path) > 0 && path[len(path)-1] == set {
				kept = append(kept, document[copied:began]...)
				if item := document[began:decoder.InputOffset()]; keep(item) {
					kept = append(kept, item...)
				}
				copied = decoder.InputOffset()
			}
		}
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
