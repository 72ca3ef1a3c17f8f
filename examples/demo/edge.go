package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/miekg/dns"
)

const shopName = "www.shop.example."

// edge is what stands between the customers and the shop: a DNS server that answers by the weights of Route 53, and an
// HTTP proxy that asks it for every request and goes where the answer points.
type edge struct {
	url      string
	zoneID   string
	client   *route53.Client
	backends map[string]*url.URL // by the address in the record
	dns      *dns.Server
	http     *http.Server
	cancel   context.CancelFunc
	done     sync.WaitGroup

	mu      sync.Mutex
	records []weighted
	// onChange is told of each change of the weights.
	onChange func(blue, green int64)
}

type weighted struct {
	colour  string
	address string
	weight  int64
}

// followEvery is how often the name server looks at the zone. The record's TTL of one second comes on top in life; every
// customer here is a new one with an empty cache.
const followEvery = 100 * time.Millisecond

func startEdge(ctx context.Context, client *route53.Client, zoneID string, backends map[string]*url.URL, onChange func(blue, green int64)) (*edge, error) {
	ctx, cancel := context.WithCancel(ctx)
	e := &edge{zoneID: zoneID, client: client, backends: backends, cancel: cancel, onChange: onChange}
	if err := e.follow(ctx); err != nil {
		cancel()
		return nil, err
	}
	listen := &net.ListenConfig{}
	packets, err := listen.ListenPacket(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		cancel()
		return nil, err
	}
	e.dns = &dns.Server{PacketConn: packets, Handler: dns.HandlerFunc(e.answer)}
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		cancel()
		_ = packets.Close()
		return nil, err
	}
	e.url = "http://" + listener.Addr().String()
	e.http = &http.Server{Handler: e.proxy(packets.LocalAddr().String()), ReadHeaderTimeout: 5 * time.Second}
	e.done.Go(func() { _ = e.dns.ActivateAndServe() })
	e.done.Go(func() { _ = e.http.Serve(listener) })
	e.done.Go(func() {
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_ = e.follow(ctx) // a name server goes on with what it knows
			}
		}
	})
	return e, nil
}

func (e *edge) stop() {
	e.cancel()
	_ = e.http.Close()
	_ = e.dns.Shutdown()
	e.done.Wait()
}

// follow reads the weights out of the zone.
func (e *edge) follow(ctx context.Context) error {
	out, err := e.client.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(e.zoneID), StartRecordName: aws.String(shopName), StartRecordType: "A",
	})
	if err != nil {
		return err
	}
	var records []weighted
	weights := map[string]int64{}
	for _, set := range out.ResourceRecordSets {
		if aws.ToString(set.Name) != shopName || set.Weight == nil || len(set.ResourceRecords) == 0 {
			continue
		}
		colour := aws.ToString(set.SetIdentifier)
		records = append(records, weighted{colour, aws.ToString(set.ResourceRecords[0].Value), *set.Weight})
		weights[colour] = *set.Weight
	}
	if len(records) != 2 {
		return fmt.Errorf("the zone holds %d records of %s, not 2", len(records), shopName)
	}
	e.mu.Lock()
	changed := len(e.records) == 0
	for _, old := range e.records {
		changed = changed || weights[old.colour] != old.weight
	}
	e.records = records
	e.mu.Unlock()
	if changed {
		e.onChange(weights["blue"], weights["green"])
	}
	return nil
}

// pick draws a record by weight, as Route 53 does; weights of all zero count as equal.
func (e *edge) pick() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var total int64
	for _, record := range e.records {
		total += record.weight
	}
	if total == 0 {
		return e.records[rand.IntN(len(e.records))].address //nolint:gosec // a demo's lot, not a secret
	}
	lot := rand.Int64N(total) //nolint:gosec // as above
	for _, record := range e.records {
		if lot < record.weight {
			return record.address
		}
		lot -= record.weight
	}
	return e.records[0].address
}

func (e *edge) answer(w dns.ResponseWriter, question *dns.Msg) {
	reply := new(dns.Msg)
	reply.SetReply(question)
	if len(question.Question) == 1 && question.Question[0].Name == shopName && question.Question[0].Qtype == dns.TypeA {
		reply.Answer = append(reply.Answer, &dns.A{
			Hdr: dns.RR_Header{Name: shopName, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1},
			A:   net.ParseIP(e.pick()),
		})
	} else {
		reply.Rcode = dns.RcodeNameError
	}
	_ = w.WriteMsg(reply)
}

// proxy resolves the shop's name for each request and passes the request on.
func (e *edge) proxy(nameServer string) http.Handler {
	resolver := &dns.Client{Timeout: 2 * time.Second}
	forward := map[string]*httputil.ReverseProxy{}
	for address, backend := range e.backends {
		forward[address] = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(backend) }}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := new(dns.Msg)
		query.SetQuestion(shopName, dns.TypeA)
		answer, _, err := resolver.ExchangeContext(r.Context(), query, nameServer)
		if err == nil && (len(answer.Answer) != 1) {
			err = errors.New("no address")
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		record, ok := answer.Answer[0].(*dns.A)
		if !ok || forward[record.A.String()] == nil {
			http.Error(w, "no such backend", http.StatusBadGateway)
			return
		}
		forward[record.A.String()].ServeHTTP(w, r)
	})
}
