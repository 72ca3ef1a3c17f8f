// Package livetest runs whole stories against a real AWS account, with `make testacc-aws`, and the same stories against
// the emulator in every other run, so that they are known to work before somebody pays for them. Each story settles
// some of the assumptions that DESIGN.md lists as unverified live.
//
// A real account is only ever touched when RELIABILITY_LIVE_ACCOUNT holds its number and AWS says that the credentials
// are of that account.
package livetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/emulator"
)

const (
	// accountVariable holds the number of the account that may be used: the consent of its owner.
	accountVariable = "RELIABILITY_LIVE_ACCOUNT"
	// domainVariable holds a domain of the owner's, below which hosted zones may be made. They are never delegated.
	domainVariable = "RELIABILITY_LIVE_DOMAIN"

	// mark begins the name of everything that this room makes.
	mark = "rel-live-"
)

// live is the configuration of the real account, nil when the emulator stands in for it.
var live *aws.Config

// run is what the names of this run begin with: the mark, the minute it began and something random.
var run = mark + strconv.FormatInt(time.Now().Unix()/60, 36) + "-" + random()

func random() string {
	b := make([]byte, 2)
	_, _ = rand.Read(b) // never fails: https://pkg.go.dev/crypto/rand#Read
	return hex.EncodeToString(b)
}

func TestMain(m *testing.M) {
	number := os.Getenv(accountVariable)
	if number == "" {
		acctest.Main(m)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	config, err := enter(ctx, number)
	if err != nil {
		fmt.Fprintln(os.Stderr, "livetest:", err)
		os.Exit(1) //nolint:gocritic // nothing is open
	}
	live = &config
	fmt.Fprintf(os.Stderr, "Account %s, Region %s. Everything is named %s-...\n%s", number, config.Region, run, estimate())
	resource.TestMain(m) // knows -sweep
}

var errWrongAccount = errors.New("the credentials are of another account than " + accountVariable + " names")

// enter loads the configuration as the AWS CLI would, and proves that it leads to the account that was named.
func enter(ctx context.Context, number string) (aws.Config, error) {
	if !regexp.MustCompile(`^\d{12}$`).MatchString(number) {
		return aws.Config{}, fmt.Errorf("%s is %q, not the twelve digits of an account", accountVariable, number)
	}
	config, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, err
	}
	if config.Region == "" {
		return aws.Config{}, errors.New("no Region: set AWS_REGION")
	}
	who, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return aws.Config{}, err
	}
	if aws.ToString(who.Account) != number {
		return aws.Config{}, fmt.Errorf("%w (%s, not %s): nothing was made", errWrongAccount, aws.ToString(who.Account), number)
	}
	return config, nil
}

// account is where a story plays.
type account struct {
	t      *testing.T
	config aws.Config
	name   string // what the names of this story begin with
	live   bool
}

// open returns the account for one story, whose things are removed when it ends. Without TF_ACC the test is skipped.
func open(t *testing.T, story string, sweepers ...string) *account {
	t.Helper()
	t.Parallel()
	a := &account{t: t, name: run + "-" + story, live: live != nil}
	if a.live {
		a.config = *live
	} else {
		a.config = acctest.Emulator(t).AWSConfig()
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		for _, name := range sweepers {
			if err := swept[name](ctx, a.config, func(thing string) bool { return strings.HasPrefix(thing, a.name) }); err != nil {
				t.Errorf("sweeping %s: %v; `make sweep-aws` tries again", name, err)
			}
		}
	})
	return a
}

// must ends the test on an error.
func (a *account) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// ctx outlives the test's own, which ends before its clean-up.
func (a *account) ctx() context.Context { return context.WithoutCancel(a.t.Context()) }

// born is when the run began that made the thing of this name; false for what is not ours.
func born(name string) (time.Time, bool) {
	rest, ours := strings.CutPrefix(name, mark)
	if !ours {
		return time.Time{}, false
	}
	minutes, _, more := strings.Cut(rest, "-")
	at, err := strconv.ParseInt(minutes, 36, 64)
	if !more || err != nil || at <= 0 {
		return time.Time{}, false
	}
	return time.Unix(at*60, 0), true
}

// TestAccTheAccountMustBeTheOneThatWasNamed: credentials that lead elsewhere end the run before anything is made.
func TestAccTheAccountMustBeTheOneThatWasNamed(t *testing.T) {
	if live != nil {
		t.Skip("a real account was entered already")
	}
	acctest.Emulator(t) // which the environment leads to
	for number, want := range map[string]string{emulator.AccountID: "", "210987654321": "nothing was made", "12345": "twelve digits", "": "twelve digits"} {
		_, err := enter(t.Context(), number)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("account %q: %v, want %q", number, err, want)
		}
	}
}
