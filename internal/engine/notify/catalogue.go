package notify

import "slices"

// MetricKind is one metric that the provider sends: what a dashboard or an alarm can count on.
type MetricKind struct {
	Name string
	Unit string // a CloudWatch unit
	// Drift says which namespace it lies in: that of drift, else that of deployments.
	Drift bool
	// Dimensions are those of which one may split it, besides the dimensions of the provider block. A datum has one of them, or none.
	Dimensions []string
	Meaning    string
}

// The dimensions that the provider sets itself: the name of a deployment, the id of a switch.
const (
	Deployment = "Deployment"
	Switch     = "Switch"
)

// The metrics. Catalogue lists them all.
var (
	MetricHealthCheckDuration = MetricKind{
		Name: "HealthCheckDuration", Unit: "Milliseconds", Dimensions: []string{Deployment},
		Meaning: "How long the checks of a gate took together. A gate with a `deployment_id` sends it with the dimension `Deployment`.",
	}
	MetricDeploymentSuccess = MetricKind{
		Name: "DeploymentSuccess", Unit: "Count", Dimensions: []string{Deployment},
		Meaning: "A deployment was closed as succeeded.",
	}
	MetricDeploymentFailure = MetricKind{
		Name: "DeploymentFailure", Unit: "Count", Dimensions: []string{Deployment},
		Meaning: "A deployment was closed as failed.",
	}
	MetricRollbackTriggered = MetricKind{
		Name: "RollbackTriggered", Unit: "Count", Dimensions: []string{Deployment, Switch},
		Meaning: "A rollback began, or a switch reverted (then with the dimension `Switch`).",
	}
	MetricRollbackSuccess = MetricKind{
		Name: "RollbackSuccess", Unit: "Count", Dimensions: []string{Deployment},
		Meaning: "`1` when a rollback put everything back, `0` when it did not.",
	}
	MetricRecoveryTime = MetricKind{
		Name: "RecoveryTime", Unit: "Seconds", Dimensions: []string{Deployment},
		Meaning: "From the start of a rollback until everything was put back and verified.",
	}
	MetricSwitchDuration = MetricKind{
		Name: "SwitchDuration", Unit: "Seconds", Dimensions: []string{Switch},
		Meaning: "From the first step of a switch to its end.",
	}
	MetricSwitchRecoveryDuration = MetricKind{
		Name: "SwitchRecoveryDuration", Unit: "Seconds", Dimensions: []string{Switch},
		Meaning: "From the decision to revert until traffic was back.",
	}
	MetricTotalDrift = MetricKind{
		Name: "TotalDrift", Unit: "Count", Drift: true,
		Meaning: "Drifted resources in one look, of all categories.",
	}
	MetricCriticalDrift = MetricKind{
		Name: "CriticalDrift", Unit: "Count", Drift: true,
		Meaning: "Drifted resources of category critical.",
	}
	MetricMajorDrift = MetricKind{
		Name: "MajorDrift", Unit: "Count", Drift: true,
		Meaning: "Drifted resources of category major.",
	}
	MetricMinorDrift = MetricKind{
		Name: "MinorDrift", Unit: "Count", Drift: true,
		Meaning: "Drifted resources of category minor.",
	}
	MetricDriftCostImpact = MetricKind{
		Name: "DriftCostImpact", Unit: "None", Drift: true,
		Meaning: "What the drift costs a month, in US dollars, as far as prices are known; may be negative.",
	}
)

// Catalogue is every metric that the provider sends.
func Catalogue() []MetricKind {
	return []MetricKind{
		MetricHealthCheckDuration, MetricDeploymentSuccess, MetricDeploymentFailure, MetricRollbackTriggered, MetricRollbackSuccess, MetricRecoveryTime, MetricSwitchDuration, MetricSwitchRecoveryDuration,
		MetricTotalDrift, MetricCriticalDrift, MetricMajorDrift, MetricMinorDrift, MetricDriftCostImpact,
	}
}

// Splits says whether data of the metric may carry the dimension.
func (k MetricKind) Splits(dimension string) bool { return slices.Contains(k.Dimensions, dimension) }

// Of is one datum of the metric.
func (k MetricKind) Of(value float64) Metric {
	return Metric{Name: k.Name, Value: value, Unit: k.Unit}
}
