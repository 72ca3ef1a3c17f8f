// Package live reads what is really in AWS, many resources a call, for comparison with a Terraform state. Reading never
// changes anything.
//
// # How to add a type
//
// One file an AWS service (ec2.go, lambda.go, ...), its tables in the same file or in <service>_<what>.go, a line in
// Readers (registry.go), and the types' lines in drift/rules_<service>.go. A service is a list of kinds; most kinds are a
// listing: pages, id, probe, table. See ec2_vpc.go for one with further calls, ec2_groups.go for one with pieces.
//
//	func newThings(clients *awsapi.Clients) Reader {
//		client := func(ctx context.Context, region string) (ThingsAPI, error) { return clients.Things(ctx, region) }
//		return service{
//			listing[types.Thing, ThingsAPI]{client: client, pages: thingPages, id: thingID, probe: thingProbe, table: thingTable, thing: thingThing}.
//				kind(Spec{Type: "aws_thing", Doc: "https://docs.aws.amazon.com/...", Context: []string{"name"}}),
//		}
//	}
//
// ThingsAPI is an interface of exactly the calls that are made; awsapi's facade of the service satisfies it, and a fake of
// the package's tests. Every call goes through call or pages, with the batch's Caller: that counts it and bounds how many
// run at once.
//
// # The table
//
// A table is the whole of what is compared: a line is an Attribute (Terraform's path, the API's field that it comes from,
// how both sides are normalised) and a function that takes the value out of the API's answer. Path steps into the only block of
// its kind with "0". In the table are what a user can set and AWS can tell. Not in it are: what AWS computes by itself,
// what changes on its own, what cannot be changed at all, what a deployment pipeline owns (a function's code) and what
// autoscaling owns (a desired count, a capacity inside its band). Ways to bring both sides to one form:
//
//   - Kind: Scalar, Set, List, Map, Rules, Policy (IAM's equivalence, each statement by itself), JSON;
//   - Default: what an absent value means; Fold: case does not count; Canon: any other form (a final dot, a CIDR block, an ARN);
//   - Blocks (with Kind Map): repeated blocks, each by its key, each of its fields by itself;
//   - IfSet: compared only where the state holds something, for what AWS chooses when nobody says;
//   - Expect: takes the value out of the state where Path does not do it; Hidden: compared and never shown;
//   - get receives the resource of the state too: a value that is pending and is the one in the state counts as done.
//
// get returns unread for what the answer does not tell. An attribute that is unread is absent, and nothing absent is ever
// compared; nor is what the state does not hold. tagsAttribute and tagMap are for tags. Further attributes of the state
// that reading, comparing or pricing needs are named in Spec.Context; nothing else is kept of a state, secrets above all.
//
// # Listing
//
// Batches are of one type, account and Region. pages uses filters for up to the number of values that one filter takes
// (200 in EC2), else full pages at their maximum size. Never a list of ids: one deleted id fails the whole call. A filter whose
// values need not exist is no list of ids. What needs one call a resource (DNS attributes of a VPC, tags of a function, the
// sub-resources of a bucket) is read in outcome, and only where the state holds the attribute.
//
// # Deleted
//
// A resource is Deleted only after two proofs: a complete listing without it, and asking for exactly it, answered with
// "not found" (awsapi.IsNotFound). missing does the second, and looks whether the credentials are those of the resource's
// account: another account's eyes see nothing. An API without a targeted call asks its listing a second time, narrowed to the
// one resource by a filter; an empty answer to that is returned as awsapi.ErrNotFound.
//
// # Unverified
//
// Whatever could not be read is Unverified with a reason, never clean: a failing listing returns its error (the whole batch is
// unverified because of it), a failing call for one resource returns Outcome{Reason, Err}. When a resource was found and a
// part of it was not read, the Outcome is Found with Reason and Err, and the attributes that were not read are absent.
//
// # Pieces
//
// A type that is no thing of its own (a rule of a group, a route of a table) has a Part: it is compared with its owner, to
// which it adds rules or a block. The owner's remedies then name the piece.
//
// # Unmanaged
//
// A listing with thing can be asked for everything of its type. Thing.ID is what terraform import takes; Aliases are the
// other texts that a state may hold as id or arn. What AWS makes by itself says so in Excluded (a default VPC and what is
// in it, a service-linked role): the documented list of exclusions is the set of those texts. Attributes are what pricing needs.
//
// # Price
//
// engine/drift/cost.go knows which attributes of which type set a price, under Terraform's names: name them in Context where
// the table does not hold them, and in Thing.Attributes.
package live
