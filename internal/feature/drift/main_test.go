package drift_test

import (
	"testing"

	"github.com/project3-ls/terraform-provider-reliability/internal/acctest"
)

func TestMain(m *testing.M) { acctest.Main(m, "drift/", "notices/", "provider/") }
