package healthgate_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
	"github.com/project3-ls/terraform-provider-reliability/internal/acctest/dbtest"
)

// TestAccHealthGate_postgres: over a real connection, with a password that is right and one that is wrong.
func TestAccHealthGate_postgres(t *testing.T) {
	acctest.Emulator(t)
	server := dbtest.Postgres(t)
	wrong := *server
	wrong.Password = "hunter2"
	database(t, server, "postgres", server.PostgresDSN(), wrong.PostgresDSN(), "SELECT NOT pg_is_in_recovery()", "true")
}

// TestAccHealthGate_mysql: the same for MariaDB.
func TestAccHealthGate_mysql(t *testing.T) {
	acctest.Emulator(t)
	server := dbtest.MariaDB(t)
	wrong := *server
	wrong.Password = "hunter2"
	database(t, server, "mysql", server.MySQLDSN(), wrong.MySQLDSN(), "SELECT @@read_only", "0")
}

func database(t *testing.T, server *dbtest.Server, engine, dsn, wrong, query, answer string) {
	t.Helper()
	report := t.TempDir() + "/report.json"
	check := func(attribute, dsn, expect string) string {
		return fmt.Sprintf("db = { database = { engine = %q, %s = %q, query = %q, expect = %q } }", engine, attribute, dsn, query, expect)
	}
	more := func(step string) string {
		return fmt.Sprintf("report = { json = %q }\ntriggers = { step = %q }", report, step)
	}
	hidden := func(*terraform.State) error {
		text, err := os.ReadFile(report)
		if err != nil {
			return err
		}
		for _, secret := range []string{dsn, server.Password, server.User, server.Address, "hunter2"} {
			if strings.Contains(string(text), secret) {
				return fmt.Errorf("the report shows %q", secret)
			}
		}
		return nil
	}
	passes := []statecheck.StateCheck{healthy(true)}
	resource.Test(t, resource.TestCase{ProtoV6ProviderFactories: acctest.Factories(), Steps: []resource.TestStep{
		{Config: gateOf(t, check("dsn", dsn, answer), more("1")), ConfigStateChecks: passes, Check: hidden},
		{Config: gateOf(t, check("dsn", dsn, "another"), more("2")), ExpectError: says(`db (database) failed after 1 attempt: the query did not answer "another" but a value of`)},
		{Config: gateOf(t, check("dsn", wrong, answer), more("3")), ExpectError: says("connect: the server does not let this user in: check user and password of the dsn")},
		{Config: gateOf(t, check("dsn", wrong, answer), more("4")+"\non_failure = \"record\""), ConfigStateChecks: []statecheck.StateCheck{healthy(false)}, Check: hidden, ExpectNonEmptyPlan: true},
		{Config: gateOf(t, check("dsn_wo", dsn, answer), more("5")), ConfigStateChecks: passes, Check: hidden},
		{Config: gateOf(t, check("dsn_wo", dsn, "another"), more("6")), ExpectError: says(`did not answer "another"`)},
	}})
}
