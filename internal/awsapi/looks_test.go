package awsapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
)

// counting is AWS that counts what it is asked, and that may keep its callers waiting.
type counting struct {
	mu     sync.Mutex
	asked  map[string]int  // by a part of the request
	denied map[string]bool // by that
	size   int             // of the text in an answer
	hold   chan struct{}   // where it is set, answers wait for it
	begun  chan struct{}   // is told of each question
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_, region, _ := strings.Cut(r.Header.Get("Authorization"), "/")
	question := strings.Join([]string{r.Form.Get("Action"), r.Form.Get("GroupId.1"), strings.Split(region, "/")[1]}, " ")
	c.mu.Lock()
	c.asked[question]++
	number, hold, denied := c.asked[question], c.hold, c.denied[question]
	c.mu.Unlock()
	if c.begun != nil {
		c.begun <- struct{}{}
	}
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	if denied {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprint(w, `<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors></Response>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<DescribeSecurityGroupsResponse><securityGroupInfo><item><groupId>sg-%d</groupId><groupDescription>%s</groupDescription></item></securityGroupInfo></DescribeSecurityGroupsResponse>`,
		number, strings.Repeat("x", c.size))
}

func (c *counting) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	for _, times := range c.asked {
		sum += times
	}
	return sum
}

func counted(t *testing.T) (*counting, *Clients) {
	t.Helper()
	service := &counting{asked: map[string]int{}, denied: map[string]bool{}}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return service, New(Config{
		Config:    awsbase.Config{AccessKey: "AKIDEXAMPLE", SecretKey: "example", Region: "eu-west-1", SkipCredsValidation: true, MaxRetries: 1, SuppressDebugLog: true},
		Endpoints: map[string]string{"ec2": server.URL, "sts": server.URL},
	}, "test")
}

// groups asks for security groups and returns the id in the answer, which tells how often that was asked.
func groups(ctx context.Context, clients *Clients, region string, ids ...string) (string, error) {
	client, err := clients.EC2(ctx, region)
	if err != nil {
		return "", err
	}
	found, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: ids})
	if err != nil {
		return "", err
	}
	id := aws.ToString(found.SecurityGroups[0].GroupId)
	found.SecurityGroups[0].GroupId = aws.String("spoilt") // what one look makes of an answer is its own
	return id, nil
}

// Looks that are under way together ask once. Another question, another Region, and a look that begins afterwards, ask again; so does a look
// that asks a second time, and who is no look.
func TestLooksShareWhatWasAskedAfterTheyBegan(t *testing.T) {
	service, clients := counted(t)
	first, second := clients.BeginLook(), clients.BeginLook()
	steps := []struct {
		what   string
		ctx    context.Context
		region string
		ids    []string
		want   string
		asked  int
	}{
		{"the first look", first.Context(t.Context()), "", nil, "sg-1", 1},
		{"the second look", second.Context(t.Context()), "", nil, "sg-1", 1},
		{"no look", t.Context(), "", nil, "sg-2", 2},
		{"another question", second.Context(t.Context()), "", []string{"sg-9"}, "sg-1", 3},
		{"another Region", second.Context(t.Context()), "eu-north-1", nil, "sg-1", 4},
		{"the same look again", first.Context(t.Context()), "", nil, "sg-3", 5},
		{"the other one again, of what was asked again", second.Context(t.Context()), "", nil, "sg-3", 5},
	}
	for _, step := range steps {
		got, err := groups(step.ctx, clients, step.region, step.ids...)
		if err != nil || got != step.want || service.total() != step.asked {
			t.Errorf("%s: %s %v after %d questions, want %s after %d", step.what, got, err, service.total(), step.want, step.asked)
		}
	}
	late := clients.BeginLook()
	defer late.End()
	if got, err := groups(late.Context(t.Context()), clients, ""); err != nil || got != "sg-4" {
		t.Errorf("a look that began later was given %s %v from before", got, err)
	}
	first.End()
	first.End()
	if clients.looks.active != 2 || len(clients.looks.answers) == 0 {
		t.Errorf("%d looks, %d answers", clients.looks.active, len(clients.looks.answers))
	}
	second.End()
	if clients.looks.active != 1 || len(clients.looks.answers) != 0 || clients.looks.kept != 0 {
		t.Errorf("with one look left, %d answers of %d bytes are kept", len(clients.looks.answers), clients.looks.kept)
	}
	if _, err := groups(late.Context(t.Context()), clients, ""); err != nil || len(clients.looks.answers) != 0 {
		t.Errorf("%v; one look alone keeps %d answers", err, len(clients.looks.answers))
	}
}

// What was denied is asked again, and so is what is too large to keep.
func TestLooksShareNoErrorsAndNothingTooLarge(t *testing.T) {
	service, clients := counted(t)
	clients.looks.largest, clients.looks.most = 1000, 10_000
	first, second := clients.BeginLook(), clients.BeginLook()
	defer first.End()
	defer second.End()
	service.denied["DescribeSecurityGroups  eu-west-1"] = true
	for i, look := range []*Look{first, second} {
		if got, err := groups(look.Context(t.Context()), clients, ""); err == nil || service.total() != i+1 {
			t.Errorf("%s %v after %d questions", got, err, service.total())
		}
	}
	service.size = 1000
	for i, look := range []*Look{first, second} {
		if got, err := groups(look.Context(t.Context()), clients, "", "sg-9"); err != nil || service.total() != 3+i {
			t.Errorf("%s %v after %d questions", got, err, service.total())
		}
	}
	if clients.looks.kept != 0 || len(clients.looks.answers) != 0 {
		t.Errorf("%d bytes are kept in %d answers", clients.looks.kept, len(clients.looks.answers))
	}
	service.size = 500
	for i := range 40 {
		if _, err := groups(first.Context(t.Context()), clients, "", fmt.Sprint("sg-1", i)); err != nil {
			t.Fatal(i, err)
		}
	}
	if clients.looks.kept > 10_000 || clients.looks.kept < 5000 {
		t.Errorf("%d bytes are kept", clients.looks.kept)
	}
}

// Who waits for an answer gives up when he is told to, without harm to the others; when the one who asked gives up, one of those who wait asks.
func TestLooksGiveUpEachForItself(t *testing.T) {
	service, clients := counted(t)
	service.hold, service.begun = make(chan struct{}), make(chan struct{}, 10)
	type asking struct {
		look   *Look
		giveUp context.CancelFunc
		id     string
		err    error
		done   chan struct{}
	}
	var all []*asking
	for range 3 {
		all = append(all, &asking{look: clients.BeginLook(), done: make(chan struct{})})
	}
	for i, one := range all {
		ctx, giveUp := context.WithCancel(one.look.Context(t.Context()))
		one.giveUp = giveUp
		go func() { // owner: the test waits for done
			defer close(one.done)
			one.id, one.err = groups(ctx, clients, "")
		}()
		if i == 0 {
			<-service.begun
		}
	}
	waiting := func(want int) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
			clients.looks.mu.Lock()
			given := 0
			for _, answer := range clients.looks.answers {
				given += len(answer.given)
			}
			clients.looks.mu.Unlock()
			if given == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d looks are at it, not %d", given, want)
			}
		}
	}
	waiting(3)
	all[1].giveUp()
	<-all[1].done
	if !errors.Is(all[1].err, context.Canceled) || service.total() != 1 {
		t.Errorf("who gave up waiting got %q %v after %d questions", all[1].id, all[1].err, service.total())
	}
	all[0].giveUp()
	<-all[0].done
	if all[0].err == nil {
		t.Errorf("who gave up asking got %q", all[0].id)
	}
	<-service.begun
	close(service.hold)
	<-all[2].done
	if all[2].id != "sg-2" || all[2].err != nil {
		t.Errorf("who waited on got %q %v", all[2].id, all[2].err)
	}
	for _, one := range all {
		one.giveUp()
		one.look.End()
	}
}

// Clients of the same role share, and not those of another one.
func TestLooksTellRolesApart(t *testing.T) {
	_, clients := counted(t)
	identities := map[string]bool{clients.identity: true}
	for _, made := range []*Clients{
		clients.AssumeRole("arn:aws:iam::111122223333:role/a", "", "x"), clients.AssumeRole("arn:aws:iam::111122223333:role/b", "", "x"),
		clients.AssumeRole("arn:aws:iam::111122223333:role/a", "external", "x"),
		clients.AssumeRole("arn:aws:iam::111122223333:role/a", "", "x").AssumeRole("arn:aws:iam::111122223333:role/b", "", "x"),
	} {
		if identities[made.identity] || made.looks != clients.looks {
			t.Errorf("%q is not told apart", made.identity)
		}
		identities[made.identity] = true
	}
	if twin := clients.AssumeRole("arn:aws:iam::111122223333:role/a", "", "x"); !identities[twin.identity] {
		t.Errorf("%q shares nothing with its twin", twin.identity)
	}
}

// An answer that is at hand takes no turn of the pace, from which AWS's limit is learnt.
func TestLooksTakeNoTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		retryer, ok := keepPace(standard(), 0.01).(*paced)
		if !ok {
			t.Fatal("it keeps no pace")
		}
		began := time.Now()
		for i, ctx := range []context.Context{t.Context(), context.WithValue(t.Context(), replayKey{}, &recorded{whole: true}), t.Context()} {
			release, err := retryer.GetAttemptToken(ctx)
			if err != nil || release(nil) != nil {
				t.Fatal(i, err)
			}
			if waited := time.Since(began); (i < 2) != (waited == 0) {
				t.Errorf("call %d began after %s", i, waited)
			}
		}
		if through := len(retryer.pace.through); through != 1 { // the first one is forgotten by now
			t.Errorf("%d calls went through", through)
		}
	})
}
