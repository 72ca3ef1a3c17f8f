package drift

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/project3-ls/terraform-provider-reliability/internal/engine/drift/live"
)

// configuration is what to write into the configuration of a changed item so that it says what is live: HCL to paste, under a comment
// for each block that it belongs into. What cannot be pasted, because it is to be taken out or is secret, is in comments. Whole maps and
// policies, and blocks, stand for those of their name; rules of a security group come beside those that are there.
//
// Of what is gone it is the block that lets Terraform forget it (https://developer.hashicorp.com/terraform/language/block/removed), and
// of what nothing manages the one that imports it.
func configuration(item Item, resource Resource, table []live.Attribute) string {
	switch item.Kind {
	case Deleted:
		text := "removed {\n  from = " + WithoutKeys(string(item.Address)) + "\n  lifecycle {\n    destroy = false\n  }\n}\n"
		if WithoutKeys(string(item.Address)) != string(item.Address) {
			text = "# for all instances of it; for this one alone: state rm\n" + text
		}
		return "# instead of its resource block (Terraform 1.7)\n" + text
	case Unmanaged:
		return importBlock(string(item.Address), item.ID)
	case Changed:
	}
	all := edits{item: item, resource: resource, seen: map[string]bool{}}
	for _, change := range item.Changes {
		all.add(change, table)
	}
	var out strings.Builder
	for _, edit := range all.list {
		out.WriteString("# in " + oneLine(string(edit.address)) + "\n")
		for _, note := range edit.notes {
			out.WriteString("# " + oneLine(note) + "\n")
		}
		edit.body.write(&out, 0)
	}
	return out.String()
}

func importBlock(address, id string) string {
	return "import {\n  to = " + address + "\n  id = " + hclQuote(id) + "\n}\n"
}

// edits are those of one item.
type edits struct {
	item     Item
	resource Resource
	list     []*edit
	seen     map[string]bool // what stands for several changes at once
}

// edit is what comes into one block of the configuration.
type edit struct {
	address live.Address
	body    node
	notes   []string
}

func (e *edits) at(address live.Address) *edit {
	for _, edit := range e.list {
		if edit.address == address {
			return edit
		}
	}
	e.list = append(e.list, &edit{address: address})
	return e.list[len(e.list)-1]
}

func (e *edits) add(change Change, table []live.Attribute) {
	if foreign(change, e.resource) {
		return // it comes in as a resource of its own: see adoptRule
	}
	address := e.item.Address
	if change.owner != "" {
		address = change.owner
	}
	to := e.at(address)
	attribute, known := attributeOf(table, change.Path)
	switch {
	case change.sensitive:
		to.note("set " + change.Path + " to its live value, which is not shown")
	case change.rule != nil:
		to.rule(change, e.resource.ID)
	case change.owner != "" && !e.once(string(change.owner)):
	case change.owner != "":
		to.note("what it is for AWS has changed: " + describe(e.changesOf(change.owner)))
	case !known, nested(change.Actual) && attribute.Kind == live.Scalar:
		to.note("set " + change.Path + " to " + shownOr(change.Actual))
	case change.statement != "":
		if e.once(attribute.Path) {
			to.policy(attribute, e.policy(attribute))
		}
	case attribute.Kind == live.Map && attribute.Blocks == nil:
		e.mapChange(to, attribute, change)
	case attribute.Blocks != nil:
		if key := blockKey(attribute, change.Path); e.once(attribute.Path + "\n" + key) {
			e.block(to, attribute, key)
		}
	default:
		to.body.set(attribute.Path, literal(attribute, change.Actual))
	}
}

func (e *edits) once(what string) bool {
	first := !e.seen[what]
	e.seen[what] = true
	return first
}

func (e *edits) changesOf(owner live.Address) []Change {
	return slices.DeleteFunc(slices.Clone(e.item.Changes), func(c Change) bool { return c.owner != owner })
}

func describe(changes []Change) string {
	var words []string
	for _, change := range changes {
		words = append(words, change.Path+" is "+shownOr(change.Actual))
	}
	return strings.Join(words, ", ")
}

func shownOr(value *string) string {
	if value == nil {
		return "absent"
	}
	return *value
}

func (e *edit) note(text string) { e.notes = append(e.notes, text) }

// attributeOf is the line of the table that a change's path belongs to.
func attributeOf(table []live.Attribute, path string) (found live.Attribute, ok bool) {
	for _, attribute := range table {
		name := attribute.Name()
		if (path == name || strings.HasPrefix(path, name+".")) && (!ok || len(name) > len(found.Name())) {
			found, ok = attribute, true
		}
	}
	return found, ok
}

// nested tells that a value of a type that no reader knows is more than a list of texts: whether it is an attribute or blocks, nobody knows.
func nested(value *string) bool {
	return value != nil && (strings.HasPrefix(*value, "{") || strings.HasPrefix(*value, "[{") || strings.HasPrefix(*value, "[["))
}

// liveMap is what a map, or blocks, are live: what the state holds, with the item's changes.
func (e *edits) liveMap(attribute live.Attribute, before map[string]string) (values map[string]string, hidden []string) {
	values = maps.Clone(before)
	if values == nil {
		values = map[string]string{}
	}
	for _, change := range e.item.Changes {
		key, ok := strings.CutPrefix(change.Path, attribute.Name()+".")
		switch {
		case !ok || change.owner != "":
		case change.sensitive:
			hidden = append(hidden, key)
			delete(values, key)
		case change.Actual == nil:
			delete(values, key)
		default:
			values[key] = *change.Actual
		}
	}
	for key := range values {
		if attribute.Hidden || e.resource.isSensitive(attribute.Name()+"."+key) {
			hidden = append(hidden, key)
			delete(values, key)
		}
	}
	slices.Sort(hidden)
	return values, slices.Compact(hidden)
}

// mapChange writes a map as it is live, once; where some of it is not shown, only this change of it. Tags that only default_tags of the
// provider gives are left out.
func (e *edits) mapChange(to *edit, attribute live.Attribute, change Change) {
	before, _ := attribute.Expected(e.resource.Resource)
	values, hidden := e.liveMap(attribute, as[map[string]string](before))
	if len(hidden) > 0 {
		to.note("set " + change.Path + " to " + literal(live.Attribute{}, change.Actual))
		return
	}
	if !e.once(attribute.Path) {
		return
	}
	if own, ok := e.resource.Value(attribute.Name()).(map[string]any); ok && attribute.Path == "tags" {
		changed := map[string]bool{}
		for _, change := range e.item.Changes {
			changed[strings.TrimPrefix(change.Path, "tags.")] = true
		}
		maps.DeleteFunc(values, func(key, _ string) bool { return own[key] == nil && !changed[key] })
	}
	var out strings.Builder
	out.WriteString("{\n")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		out.WriteString("  " + hclQuote(key) + " = " + hclQuote(values[key]) + "\n")
	}
	to.body.set(attribute.Path, out.String()+"}")
}

// blockKey is which of repeated blocks a path leads into; "" where there is only one.
func blockKey(attribute live.Attribute, path string) string {
	if len(attribute.Blocks.Key) == 0 {
		return ""
	}
	rest := strings.TrimPrefix(path, attribute.Name()+".")
	for _, field := range attribute.Blocks.Fields {
		if key, ok := strings.CutSuffix(rest, "."+strings.ReplaceAll(field, ".0.", ".")); ok {
			return key
		}
	}
	return rest
}

// block writes one of repeated blocks as it is live, or says that it is gone.
func (e *edits) block(to *edit, attribute live.Attribute, key string) {
	before, _ := attribute.Expected(e.resource.Resource)
	values, hidden := e.liveMap(attribute, as[map[string]string](before))
	prefix := strings.TrimPrefix(key+".", ".")
	name := strings.ReplaceAll(attribute.Path, ".0", "")
	into := &node{name: name}
	found := values[key] != ""
	keys := keyFields(attribute.Blocks.Key, key)
	for _, field := range slices.Sorted(maps.Keys(keys)) {
		into.set(field, hclValue(keys[field]))
	}
	for _, field := range attribute.Blocks.Fields {
		if value, set := values[prefix+strings.ReplaceAll(field, ".0.", ".")]; set && keys[field] == "" {
			found = true
			into.set(field, hclValue(value))
		}
	}
	if slices.ContainsFunc(hidden, func(path string) bool { return strings.HasPrefix(path, prefix) }) {
		to.note("set what is secret in the " + name + " " + key + " to its live value, which is not shown")
	}
	switch {
	case !found:
		to.note("take out the " + strings.TrimSpace(name+" "+key))
	case keys == nil && key != "":
		to.note("this is the " + name + " " + key)
		fallthrough
	default:
		if key != "" {
			to.note("it stands for the " + name + " " + key + ", if there is one")
		}
		to.body.children = append(to.body.children, into)
	}
}

// keyFields are the fields that say which block it is, where the key alone tells them: one field, or one of several of which the key's
// shape tells which, as with the destinations of routes.
func keyFields(fields []string, key string) map[string]string {
	if len(fields) == 1 {
		return map[string]string{fields[0]: key}
	}
	for _, field := range fields {
		address := strings.HasSuffix(field, "cidr_block")
		switch {
		case strings.HasPrefix(key, "pl-") && strings.HasSuffix(field, "prefix_list_id"),
			address && strings.Contains(key, ":") && strings.Contains(field, "ipv6"),
			address && strings.Contains(key, "/") && !strings.Contains(key, ":") && !strings.Contains(field, "ipv6"):
			return map[string]string{field: key}
		}
	}
	return nil
}

// rule writes what became of an inline rule of a security group, or of a standalone one.
func (e *edit) rule(change Change, group string) {
	switch {
	case strings.HasSuffix(change.Path, ".description") && change.rule.Source == "" && change.owner == "":
		e.note("the description of " + strings.TrimSuffix(change.Path, ".description") + " " + change.rule.String() + ":")
		e.note("description = " + literal(live.Attribute{}, change.Actual))
	case strings.HasSuffix(change.Path, ".description"):
		e.body.set("description", literal(live.Attribute{}, change.Actual))
	case change.Actual == nil && change.owner != "":
		e.note("it is gone: take its block out after a state rm of " + shellQuote(string(change.owner)) + ", or put a removed block in its place (Terraform 1.7)")
	case change.Actual == nil:
		e.note("take out: " + change.Path + " " + change.rule.String())
	default:
		e.body.children = append(e.body.children, ruleBlock(change.Path, *change.rule, group))
	}
}

// policy is a policy as it is live: the statements of the state that are still there, and those that came.
func (e *edits) policy(attribute live.Attribute) []string {
	before, _ := attribute.Expected(e.resource.Resource)
	statements := slices.Clone(as[[]string](before))
	for _, change := range e.item.Changes {
		switch {
		case change.Path != attribute.Name() || change.statement == "":
		case change.Expected != nil:
			statements = slices.DeleteFunc(statements, func(s string) bool { return s == change.statement })
		default:
			statements = append(statements, change.statement)
		}
	}
	return statements
}

func (e *edit) policy(attribute live.Attribute, statements []string) {
	for _, statement := range statements {
		if !json.Valid([]byte(statement)) {
			e.note("the text of " + attribute.Name() + " is no policy: set it to its live value")
			return
		}
	}
	for i, statement := range statements {
		statements[i] = live.Spell(statement)
	}
	text := untemplated(strings.Join(statements, ",\n    "))
	e.body.set(attribute.Path, "jsonencode({\n  \"Version\" = \"2012-10-17\"\n  \"Statement\" = [\n    "+text+"\n  ]\n})")
}
