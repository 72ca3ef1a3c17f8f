package drift

import "slices"

// rule is one line of the classification: the first that matches a change decides.
type rule struct {
	Type      string // glob
	Attribute string // glob over Change.Path
	Actual    string // the live value that it takes; empty for any
	Category  Category
	Reason    string
}

func (r rule) matches(kind string, change Change) bool {
	if !match(r.Type, kind) || !match(r.Attribute, change.Path) {
		return false
	}
	return r.Actual == "" || (change.Actual != nil && *change.Actual == r.Actual)
}

// reasonDeleted is why a deletion is critical.
const reasonDeleted = "it is gone: whatever depends on it is broken or about to be"

// rules are the built-in classification: the first that matches decides. Critical: access was opened or cut off, protection is
// off, or it moved. Major: it behaves, performs or costs differently. Minor: it is described, watched or kept differently.
// There is one table a service, in rules_<service>.go; anyRules, for what no table knows, come last.
var rules = slices.Concat(
	sharedRules,
	computeRules,
	ec2Rules,
	edgeRules,
	identityRules,
	lambdaRules,
	messagingRules,
	networkRules,
	rdsRules,
	storageRules,
	watchRules,
)

// sharedRules hold for every type.
var sharedRules = []rule{
	{"*", "tags.*", "", Minor, "tags change no behaviour, but cost reports and policies read them"},
	{"*", "description", "", Minor, "a description changes no behaviour"},
}

// anyRules judge attributes of types that no reader knows, by their names: they come with a plan (source "refresh",
// drift_report). What has none of these names is Major.
var anyRules = []rule{
	{"*_policy*", "policy", "", Critical, "who may do what has changed"},
	{"*", "*policy", "", Critical, "who may do what has changed"},
	{"*", "policy_arn*", "", Critical, "who may do what has changed"},
	{"*", "*public*", "", Critical, "who may reach it has changed"},
	{"*", "*principal*", "", Critical, "who may do what has changed"},
	{"*", "*deletion_protection*", "true", Minor, "it is protected better than intended; destroying it will fail"},
	{"*", "*deletion_protection*", "", Critical, "nothing keeps it from being deleted"},
	{"*", "*encrypt*", "", Critical, "it is encrypted differently, or not at all"},
	{"*", "*kms_key*", "", Critical, "it is encrypted with another key, or not at all"},
	{"*", "*cidr*", "", Critical, "who may reach it, or what it reaches, has changed"},
	{"*", "*security_group*", "", Critical, "who may reach it has changed"},
	{"*", "*subnet_id*", "", Critical, "it moved in the network"},
	{"*", "vpc_id", "", Critical, "it moved in the network"},
	{"*", "*description", "", Minor, "a description changes no behaviour"},
	{"*", "*tags*", "", Minor, "tags change no behaviour, but cost reports and policies read them"},
	{"*", "*retention*", "", Minor, "something is kept for another time"},
	{"*", "*_window", "", Minor, "maintenance comes at another time"},
}
