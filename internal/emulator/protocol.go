package emulator

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// protocol is how a service speaks: https://smithy.io/2.0/aws/protocols/index.html.
type protocol int

const (
	protocolRESTJSON protocol = iota // Lambda, API Gateway, ...
	protocolRESTXML                  // Route 53, CloudFront
	protocolS3                       // restXml without the <ErrorResponse> around an error
	protocolJSON                     // X-Amz-Target
	protocolQuery                    // IAM, STS, RDS, SNS, ...
	protocolEC2
	protocolCBOR
)

// speaks tells a call's protocol by its shape, and by its service where the shape is only REST.
func (x *exchange) speaks() protocol {
	header := x.request.Header
	switch {
	case strings.Contains(header.Get("Smithy-Protocol"), "rpc-v2-cbor"):
		return protocolCBOR
	case header.Get("X-Amz-Target") != "":
		return protocolJSON
	case x.Service == "s3" && strings.HasPrefix(x.request.URL.Path, s3Control):
		return protocolRESTXML
	case x.Service == "s3":
		return protocolS3
	case x.Service == "route53" || x.Service == "cloudfront":
		return protocolRESTXML
	case x.form().Has("Action"):
		if x.Service == "ec2" {
			return protocolEC2
		}
		return protocolQuery
	}
	return protocolRESTJSON
}

const requestID = "00000000-0000-0000-0000-000000000000"

// fail returns an error in the shape of the call's protocol.
func (x *exchange) fail(status int, code, message string) *answer {
	header := http.Header{"X-Amzn-Requestid": {requestID}}
	quoted := html.EscapeString(message)
	var text string
	switch x.protocol {
	case protocolRESTJSON, protocolJSON:
		kind := "User"
		if status >= http.StatusInternalServerError {
			kind = "Service"
		}
		header.Set("Content-Type", "application/json")
		header.Set("X-Amzn-Errortype", code)
		encoded, _ := json.Marshal(map[string]string{"__type": code, "Type": kind, "message": message})
		text = string(encoded)
	case protocolCBOR:
		header.Set("Content-Type", "application/cbor")
		header.Set("Smithy-Protocol", "rpc-v2-cbor")
		text = string(cbor.Encode(cbor.Map{"__type": cbor.String(code), "message": cbor.String(message)}))
	case protocolEC2:
		header.Set("Content-Type", "text/xml;charset=UTF-8")
		text = fmt.Sprintf("<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors><RequestID>%s</RequestID></Response>",
			code, quoted, requestID)
	case protocolS3:
		header.Set("Content-Type", "application/xml")
		header.Set("X-Amz-Request-Id", requestID)
		text = fmt.Sprintf("<Error><Code>%s</Code><Message>%s</Message><RequestId>%s</RequestId></Error>", code, quoted, requestID)
		if x.request.Method == http.MethodHead {
			text = ""
		}
	default:
		kind := "Sender"
		if status >= http.StatusInternalServerError {
			kind = "Receiver"
		}
		header.Set("Content-Type", "text/xml")
		text = fmt.Sprintf("<ErrorResponse><Error><Type>%s</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>%s</RequestId></ErrorResponse>",
			kind, code, quoted, requestID)
	}
	return &answer{status: status, header: header, body: []byte(text), code: code}
}

// throttled is each service's own word for "slower", from its API reference's list of errors.
func (x *exchange) throttled() *answer {
	switch {
	case x.Service == "lambda" || x.Service == "apigateway":
		// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
		return x.fail(http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")
	case x.Service == "s3":
		// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
		return x.fail(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	case x.Service == "ec2":
		// https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
		return x.fail(http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded.")
	case x.protocol == protocolRESTJSON || x.protocol == protocolJSON || x.protocol == protocolCBOR:
		return x.fail(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	}
	// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html and the query services
	return x.fail(http.StatusBadRequest, "Throttling", "Rate exceeded")
}

// spoiled is an error with what a fault gives of it; the rest is what the service would say.
func (x *exchange) spoiled(status int, code string) *answer {
	if status == 0 {
		status = http.StatusBadRequest
	}
	if code == "" {
		code = genericCode(x.Service, status)
	}
	return x.fail(status, code, "injected by a fault of the emulator")
}

func genericCode(service string, status int) string {
	switch {
	case status == http.StatusServiceUnavailable:
		return "ServiceUnavailable"
	case status >= http.StatusInternalServerError && service == "lambda":
		return "ServiceException"
	case status >= http.StatusInternalServerError && (service == "s3" || service == "ec2"):
		return "InternalError"
	case status >= http.StatusInternalServerError:
		return "InternalFailure"
	case status == http.StatusForbidden:
		return "AccessDenied"
	case status == http.StatusPreconditionFailed:
		return "PreconditionFailed"
	case status == http.StatusNotFound:
		return "NotFound"
	}
	return "ValidationError"
}

// judge names the error in moto's answer, and turns what moto does not implement (an HTML page, which the SDKs retry)
// into a plain 501.
func (x *exchange) judge(reply *answer) *answer {
	if reply.status < http.StatusBadRequest {
		return reply
	}
	page := bytes.HasPrefix(bytes.TrimSpace(reply.body), []byte("<!doctype")) || bytes.HasPrefix(bytes.TrimSpace(reply.body), []byte("<!DOCTYPE"))
	if page || bytes.Contains(reply.body, []byte("not been implemented")) {
		return x.fail(http.StatusNotImplemented, "NotImplemented", "the emulator does not serve "+x.Service+" "+x.Operation)
	}
	reply.code = codeIn(reply)
	if reply.code == "" && reply.status == http.StatusNotFound {
		reply.code = "NotFound" // as the SDKs name an answer without a body
	}
	return reply
}

// codeIn finds the AWS error code of an answer of any protocol.
func codeIn(reply *answer) string {
	code := reply.header.Get("X-Amzn-Errortype")
	if code == "" {
		if body := bytes.TrimSpace(reply.body); bytes.HasPrefix(body, []byte("{")) {
			get := jsonStrings(body)
			code = get("__type")
			if code == "" {
				code = get("code")
			}
		} else {
			code = codeInXML(body)
		}
	}
	if _, after, found := strings.Cut(code, "#"); found {
		code = after
	}
	code, _, _ = strings.Cut(code, ":")
	return code
}

func codeInXML(body []byte) string {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := decoder.Token()
		if err != nil {
			return ""
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "Code" {
			var code string
			if decoder.DecodeElement(&code, &start) != nil {
				return ""
			}
			return code
		}
	}
}

// jsonStrings returns what looks up the strings of a JSON object.
func jsonStrings(body []byte) func(string) string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // no object has no names
	return func(name string) string {
		var value string
		_ = json.Unmarshal(fields[name], &value)
		return value
	}
}
