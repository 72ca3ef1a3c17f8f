package proof

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// memoryAWS stands where moto stands, behind the strict proxy: it keeps things and refuses next to nothing, because that
// is what the proxy does. It knows as much of each service as the routers and the services ask for. What it must show of
// AWS beyond that (versions of objects, of parameters and of functions that stay) it does itself.
type memoryAWS struct {
	mu        sync.Mutex
	zones     map[string]string // name by id
	functions map[string]*memoryFunction
	balancing memoryBalancing
	edge      map[string]*memoryDistribution
	apis      map[string]*memoryAPI
	buckets   map[string]*memoryBucket
	parameter map[string]*memoryParameter
	made      int // things so far, to name them apart

	// loses is for showing that a simulation can fail: a write that it picks is answered as if it had been done, and is not.
	loses func(service, operation string) bool
	// partly picks objects that a call over several of them does not do, with an answer that says so.
	partly func(key string) bool
}

func newMemoryAWS() *memoryAWS {
	return &memoryAWS{
		zones: map[string]string{}, functions: map[string]*memoryFunction{}, balancing: newMemoryBalancing(), edge: map[string]*memoryDistribution{},
		apis: map[string]*memoryAPI{}, buckets: map[string]*memoryBucket{}, parameter: map[string]*memoryParameter{},
	}
}

// reply is an answer.
type reply struct {
	status int
	header map[string]string
	body   any // a string as it is, anything else as JSON
}

func ok(body any) reply { return reply{status: http.StatusOK, body: body} }

// lost tells whether a write is to get lost.
func (m *memoryAWS) lost(service, operation string) bool {
	return m.loses != nil && m.loses(service, operation)
}

// name is one that nothing else has.
func (m *memoryAWS) name(prefix string) string {
	m.made++
	return fmt.Sprintf("%s%06d", prefix, m.made)
}

// ServeHTTP serves one call that the proxy lets through.
func (m *memoryAWS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, after, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope := strings.Split(after, "/")
	service := "s3"
	if len(scope) > 3 {
		service = scope[3]
	}
	form, _ := url.ParseQuery(string(body)) // what is none has no action
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var answered reply
	switch service {
	case "route53":
		answered = m.route53(r, parts, body)
	case "lambda":
		answered = m.lambda(r, parts, body)
	case "elasticloadbalancing":
		answered = m.balance(form)
	case "cloudfront":
		answered = m.cloudfront(r, parts, body)
	case "apigateway":
		answered = m.apigateway(r, parts, body)
	case "s3":
		answered = m.s3(r, parts, body)
	case "ssm":
		answered = m.ssm(r.Header.Get("X-Amz-Target"), body)
	case "iam":
		answered = ok(fmt.Sprintf("<CreateRoleResponse><CreateRoleResult><Role><Arn>arn:aws:iam::123456789012:role/%s</Arn></Role></CreateRoleResult></CreateRoleResponse>", form.Get("RoleName")))
	case "ec2":
		answered = ok(fmt.Sprintf("<Response><vpc><vpcId>%s</vpcId></vpc><subnet><subnetId>%s</subnetId></subnet></Response>", m.name("vpc-"), m.name("subnet-")))
	default:
		answered = reply{status: http.StatusNotImplemented, body: "nobody serves " + service}
	}
	answered.write(w)
}

func (a reply) write(w http.ResponseWriter) {
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	for name, value := range a.header {
		w.Header().Set(name, value)
	}
	text, plain := a.body.(string)
	if !plain {
		text = encode(a.body)
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, text)
}

// refusal is an error of a service that speaks JSON.
func refusal(status int, code string) reply {
	return reply{status: status, header: map[string]string{"X-Amzn-Errortype": code}, body: map[string]string{"__type": code, "message": code}}
}

// xmlRefusal is an error of a service that speaks XML.
func xmlRefusal(status int, code string) reply {
	return reply{status: status, body: "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + code + "</Message></Error></ErrorResponse>"}
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder takes everything
	return out.String()
}

// route53 has zones; the records are the proxy's.
func (m *memoryAWS) route53(r *http.Request, parts []string, body []byte) reply {
	if r.Method == http.MethodPost && len(parts) == 2 {
		var asked struct{ Name string }
		_ = xml.Unmarshal(body, &asked) // the SDK wrote it
		id := m.name("Z")
		m.zones[id] = asked.Name
		return ok(fmt.Sprintf("<CreateHostedZoneResponse><HostedZone><Id>/hostedzone/%s</Id><Name>%s</Name><CallerReference>x</CallerReference></HostedZone>"+
			"<ChangeInfo><Id>/change/C</Id><Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo></CreateHostedZoneResponse>", id, asked.Name))
	}
	if len(parts) < 3 || m.zones[parts[2]] == "" {
		return xmlRefusal(http.StatusNotFound, "NoSuchHostedZone")
	}
	if parts[len(parts)-1] == "rrset" {
		record := func(kind, value string) string {
			return fmt.Sprintf("<ResourceRecordSet><Name>%s.</Name><Type>%s</Type><TTL>900</TTL><ResourceRecords><ResourceRecord><Value>%s</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>",
				strings.TrimSuffix(m.zones[parts[2]], "."), kind, value)
		}
		return ok("<ListResourceRecordSetsResponse><ResourceRecordSets>" + record("NS", "ns-1.test.") + record("SOA", "ns-1.test. hostmaster.test. 1 7200 900 1209600 86400") + "</ResourceRecordSets></ListResourceRecordSetsResponse>")
	}
	return ok(fmt.Sprintf("<GetHostedZoneResponse><HostedZone><Id>/hostedzone/%s</Id><Name>%s.</Name></HostedZone></GetHostedZoneResponse>", parts[2], strings.TrimSuffix(m.zones[parts[2]], ".")))
}

// memoryDistribution is a distribution as it was asked for; its versions are the proxy's.
type memoryDistribution struct{ config string }

func (m *memoryAWS) cloudfront(r *http.Request, parts []string, body []byte) reply {
	whole := func(id string) string {
		return fmt.Sprintf("<Distribution><Id>%s</Id><ARN>arn:aws:cloudfront::123456789012:distribution/%s</ARN><Status>Deployed</Status><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime>"+
			"<InProgressInvalidationBatches>0</InProgressInvalidationBatches><DomainName>%s.cloudfront.test</DomainName>%s</Distribution>", id, id, strings.ToLower(id), m.edge[id].config)
	}
	if r.Method == http.MethodPost {
		id := m.name("E")
		m.edge[id] = &memoryDistribution{config: withoutProlog(body)}
		return reply{status: http.StatusCreated, body: whole(id)}
	}
	if len(parts) < 3 || m.edge[parts[2]] == nil {
		return xmlRefusal(http.StatusNotFound, "NoSuchDistribution")
	}
	switch id := parts[2]; {
	case r.Method == http.MethodPut:
		if !m.lost("cloudfront", "UpdateDistribution") {
			m.edge[id].config = withoutProlog(body)
		}
		return ok(whole(id))
	case parts[len(parts)-1] == "config":
		return ok(m.edge[id].config)
	default:
		return ok(whole(id))
	}
}

func withoutProlog(document []byte) string {
	text := string(document)
	if at := strings.Index(text, "?>"); at >= 0 {
		text = text[at+2:]
	}
	return strings.Replace(text, ` xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"`, "", 1)
}
