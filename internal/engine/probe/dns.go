package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// DNS asks a resolver for a name.
type DNS struct {
	Domain     string
	Type       uint16   // dns.TypeA and so on; zero means A
	Resolver   string   // host:port; empty means the machine's
	Expect     []string // exactly these answers, in any order; empty means any
	MinAnswers int      // zero means 1
}

// ParseDNSType takes the name of a record type in any case.
func ParseDNSType(text string) (uint16, error) {
	kind, ok := dns.StringToType[strings.ToUpper(text)]
	if !ok {
		return 0, fmt.Errorf("%q is no DNS record type", text)
	}
	return kind, nil
}

// ParseResolver takes an address with or without a port, which is 53 then.
func ParseResolver(text string) (string, error) {
	if net.ParseIP(text) != nil {
		return net.JoinHostPort(text, "53"), nil
	}
	if !strings.Contains(text, ":") {
		text += ":53"
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || port == "" {
		return "", fmt.Errorf("%q is no address of a resolver", text)
	}
	return text, nil
}

// Name is "dns".
func (*DNS) Name() string { return "dns" }

// Probe asks once over UDP, and over TCP when the answer does not fit. Answers are public: reasons show them.
func (d *DNS) Probe(ctx context.Context) Observation {
	started := time.Now()
	kind := d.Type
	if kind == 0 {
		kind = dns.TypeA
	}
	what := dns.TypeToString[kind] + " " + strings.TrimSuffix(d.Domain, ".")
	if cannotExist(d.Domain) {
		return Observation{Status: Fail, Final: true, Latency: time.Since(started), Reason: what + ": the name cannot exist"}
	}
	answer, resolver, err := d.ask(ctx, kind)
	latency := time.Since(started)
	if err != nil {
		return trouble(ctx, "ask for "+what, err, latency)
	}
	what += " at " + resolver
	if answer.Rcode != dns.RcodeSuccess {
		return Observation{Status: Fail, Latency: latency, Reason: fmt.Sprintf("%s: the resolver answered %s", what, dns.RcodeToString[answer.Rcode])}
	}
	var found []string
	for _, record := range answer.Answer {
		if record.Header().Rrtype == kind {
			found = append(found, data(record))
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	seen := Observation{Status: Pass, Latency: latency, Values: map[string]string{"answers": strings.Join(found, " ")}}
	if least := max(d.MinAnswers, 1); len(found) < least {
		return seen.fail("%s: %d answers instead of at least %d (%s)", what, len(found), least, strings.Join(found, ", "))
	}
	if len(d.Expect) == 0 {
		return seen
	}
	var wanted []string
	for _, text := range d.Expect {
		wanted = append(wanted, normal(text))
	}
	slices.Sort(wanted)
	if !slices.Equal(slices.Compact(wanted), found) {
		return seen.fail("%s: answered %s instead of %s", what, strings.Join(found, ", "), strings.Join(wanted, ", "))
	}
	return seen
}

// ask tries each resolver until one answers.
func (d *DNS) ask(ctx context.Context, kind uint16) (answer *dns.Msg, resolver string, err error) {
	resolvers := []string{d.Resolver}
	if d.Resolver == "" {
		if resolvers, err = machineResolvers(); err != nil {
			return nil, "", err
		}
	}
	var errs []error
	for _, resolver := range resolvers {
		answer, err := exchange(ctx, d.Domain, kind, resolver)
		if err == nil {
			return answer, resolver, nil
		}
		errs = append(errs, err)
	}
	return nil, "", errors.Join(errs...)
}

func exchange(ctx context.Context, name string, kind uint16, resolver string) (*dns.Msg, error) {
	question := new(dns.Msg).SetQuestion(dns.Fqdn(name), kind).SetEdns0(1232, false)
	answer, err := over(ctx, "udp", question, resolver)
	if err == nil && answer.Truncated {
		return over(ctx, "tcp", question, resolver)
	}
	return answer, err
}

// over lets the end of ctx cut an exchange short, which the client itself does not.
func over(ctx context.Context, network string, question *dns.Msg, resolver string) (*dns.Msg, error) {
	client := &dns.Client{Net: network, Timeout: 5 * time.Second}
	conn, err := client.DialContext(ctx, resolver)
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // one question, one connection
	release := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer release()
	answer, _, err := client.ExchangeWithConnContext(ctx, question, conn)
	return answer, err
}

func machineResolvers() ([]string, error) {
	config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil || len(config.Servers) == 0 {
		return nil, errors.New("this machine names no resolver in /etc/resolv.conf; set resolver")
	}
	var resolvers []string
	for _, server := range config.Servers {
		resolvers = append(resolvers, net.JoinHostPort(server, config.Port))
	}
	return resolvers, nil
}

// data is what a record holds, as people write it: "192.0.2.1", "www.example.com", "10 mail.example.com".
func data(record dns.RR) string {
	if txt, ok := record.(*dns.TXT); ok {
		return strings.Join(txt.Txt, "")
	}
	return normal(strings.TrimPrefix(record.String(), record.Header().String()))
}

// normal removes what makes no difference: case, and the dot at the end. Text that is an address gets its shortest form.
func normal(text string) string {
	if ip := net.ParseIP(text); ip != nil {
		return ip.String()
	}
	if name, ok := strings.CutSuffix(text, "."); ok {
		return strings.ToLower(name)
	}
	return text
}
