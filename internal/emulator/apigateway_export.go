package emulator

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// keepExport keeps what a deployment that was just made serves: moto exports an API as it is now, whatever the stage.
func (a *apigatewayRules) keepExport(ctx context.Context, x *exchange, deployment string) error {
	reply, err := x.ask(ctx, apiPath(x, "stages", "any", "exports", "oas30"))
	if err != nil {
		return err
	}
	var exported struct {
		Info struct{ Title string }
		// Host is the address without the stage.
		Host  string
		Paths map[string]any
	}
	if err := json.Unmarshal(reply.body, &exported); err != nil {
		return fmt.Errorf("read moto's export: %w", err)
	}
	a.exports[stageKey(x, deployment)] = map[string]any{
		"openapi": "3.0.1", "info": map[string]any{"title": exported.Info.Title, "version": deployment},
		"servers": []any{map[string]any{"url": "https://" + exported.Host + "/{basePath}"}}, "paths": exported.Paths, "components": map[string]any{},
	}
	return nil
}

// export is https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html: what the stage serves.
func (a *apigatewayRules) export(ctx context.Context, x *exchange) (*answer, error) {
	parts := strings.Split(strings.Trim(x.request.URL.Path, "/"), "/") // restapis/API/stages/STAGE/exports/TYPE
	name := unescape(parts[3])
	reply, err := x.ask(ctx, apiPath(x, "stages", name))
	if err != nil || reply.status >= http.StatusBadRequest {
		return reply, err
	}
	document := a.exports[stageKey(x, jsonStrings(reply.body)("deploymentId"))]
	if parts[5] != "oas30" || document == nil {
		return x.forward(ctx)
	}
	body, err := json.Marshal(document)
	header := http.Header{"Content-Type": {"application/octet-stream"}, "X-Amzn-Requestid": {requestID}}
	header.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", "oas30_"+name+".json"))
	return &answer{status: http.StatusOK, header: header, body: body}, err
}
