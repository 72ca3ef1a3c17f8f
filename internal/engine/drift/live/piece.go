package live

// policyPiece makes the Part of a policy that is a resource of its own: what it says counts as the owner's policy, whatever the
// state holds there, which is older. key names the attribute with the owner's id.
func policyPiece(ownerType, key string) *Part {
	return &Part{OwnerType: ownerType, Owner: func(part Resource) (id string, adds Addition) {
		return part.Text(key), Addition{Path: "policy", Block: map[string]any{"policy": part.Value("policy")}, Source: part.Address}
	}}
}

// ownPolicy is the policy attribute of a type that policyPiece adds to.
func ownPolicy(api string) Attribute {
	return Attribute{Path: "policy", API: api, Kind: Policy, Expect: func(resource Resource) (any, bool) {
		for _, addition := range resource.Merged {
			if addition.Path == "policy" && addition.Block != nil {
				return addition.Block["policy"], true
			}
		}
		return resource.State.Get("policy")
	}}
}
