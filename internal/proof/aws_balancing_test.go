package proof

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// memoryBalancing has listeners, rules and target groups.
type memoryBalancing struct {
	groups    map[string]string          // name by ARN
	actions   map[string][]memoryForward // of listeners and rules, by ARN
	balancers int
}

type memoryForward struct{ group, weight string }

func newMemoryBalancing() memoryBalancing {
	return memoryBalancing{groups: map[string]string{}, actions: map[string][]memoryForward{}}
}

const balancingARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"

// forwardIn reads the weighted target groups of the first action.
func forwardIn(form url.Values, list string) (found []memoryForward) {
	for i := 1; ; i++ {
		at := fmt.Sprintf("%s.member.1.ForwardConfig.TargetGroups.member.%d.", list, i)
		arn := form.Get(at + "TargetGroupArn")
		if arn == "" {
			return found
		}
		found = append(found, memoryForward{arn, form.Get(at + "Weight")})
	}
}

// actionsXML tells an action as AWS does.
func (b *memoryBalancing) actionsXML(of []memoryForward) string {
	var groups strings.Builder
	for _, each := range of {
		fmt.Fprintf(&groups, "<member><TargetGroupArn>%s</TargetGroupArn><Weight>%s</Weight></member>", each.group, each.weight)
	}
	return "<member><Type>forward</Type><ForwardConfig><TargetGroups>" + groups.String() + "</TargetGroups></ForwardConfig></member>"
}

func (b *memoryBalancing) listener(arn string, of []memoryForward) string {
	return fmt.Sprintf("<Listeners><member><ListenerArn>%s</ListenerArn><DefaultActions>%s</DefaultActions></member></Listeners>", arn, b.actionsXML(of))
}

func (b *memoryBalancing) rule(arn string, of []memoryForward) string {
	return fmt.Sprintf("<Rules><member><RuleArn>%s</RuleArn><Priority>1</Priority><IsDefault>false</IsDefault><Actions>%s</Actions></member></Rules>", arn, b.actionsXML(of))
}

func (m *memoryAWS) balance(form url.Values) reply {
	b, action := &m.balancing, form.Get("Action")
	answer := func(inner string) reply {
		return ok(fmt.Sprintf("<%sResponse><%sResult>%s</%sResult></%sResponse>", action, action, inner, action, action))
	}
	modify := func(arn, list string, tell func(string, []memoryForward) string) reply {
		if b.actions[arn] == nil {
			return xmlRefusal(http.StatusBadRequest, "ListenerNotFound")
		}
		next := forwardIn(form, list)
		if !m.lost("elasticloadbalancing", action) {
			b.actions[arn] = next
		}
		return answer(tell(arn, next))
	}
	switch action {
	case "CreateLoadBalancer":
		b.balancers++
		return answer(fmt.Sprintf("<LoadBalancers><member><LoadBalancerArn>%sloadbalancer/app/%s/%d</LoadBalancerArn></member></LoadBalancers>", balancingARN, form.Get("Name"), b.balancers))
	case "CreateTargetGroup":
		arn := balancingARN + "targetgroup/" + form.Get("Name") + "/1"
		b.groups[arn] = form.Get("Name")
		return answer(fmt.Sprintf("<TargetGroups><member><TargetGroupArn>%s</TargetGroupArn></member></TargetGroups>", arn))
	case "CreateListener":
		arn := strings.Replace(form.Get("LoadBalancerArn"), ":loadbalancer/", ":listener/", 1) + "/" + m.name("l")
		b.actions[arn] = forwardIn(form, "DefaultActions")
		return answer(b.listener(arn, b.actions[arn]))
	case "CreateRule":
		arn := strings.Replace(form.Get("ListenerArn"), ":listener/", ":listener-rule/", 1) + "/" + m.name("r")
		b.actions[arn] = forwardIn(form, "Actions")
		return answer(b.rule(arn, b.actions[arn]))
	case "DescribeListeners":
		arn := form.Get("ListenerArns.member.1")
		if b.actions[arn] == nil {
			return xmlRefusal(http.StatusBadRequest, "ListenerNotFound")
		}
		return answer(b.listener(arn, b.actions[arn]))
	case "DescribeRules":
		arn := form.Get("RuleArns.member.1")
		if b.actions[arn] == nil {
			return xmlRefusal(http.StatusBadRequest, "RuleNotFound")
		}
		return answer(b.rule(arn, b.actions[arn]))
	case "DescribeTargetGroups":
		arn := form.Get("TargetGroupArns.member.1")
		if b.groups[arn] == "" {
			return xmlRefusal(http.StatusBadRequest, "TargetGroupNotFound")
		}
		return answer(fmt.Sprintf("<TargetGroups><member><TargetGroupArn>%s</TargetGroupArn><TargetGroupName>%s</TargetGroupName></member></TargetGroups>", arn, b.groups[arn]))
	case "ModifyListener":
		return modify(form.Get("ListenerArn"), "DefaultActions", b.listener)
	case "ModifyRule":
		return modify(form.Get("RuleArn"), "Actions", b.rule)
	}
	return xmlRefusal(http.StatusNotImplemented, "NotImplemented")
}
