package emulator

import (
	"encoding/json"
	"net/http"
)

// adminPrefix is where the emulator itself is spoken to, by those outside this process.
const adminPrefix = "/_emulator/"

// serveAdmin serves
//
//	GET    /_emulator/calls   the calls so far, as a JSON list
//	DELETE /_emulator/calls   forget them
//	POST   /_emulator/reset   forget everything
func (e *Emulator) serveAdmin(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "GET " + adminPrefix + "calls":
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(e.Calls())
	case "DELETE " + adminPrefix + "calls":
		e.ResetCalls()
		w.WriteHeader(http.StatusNoContent)
	case "POST " + adminPrefix + "reset":
		if err := e.Reset(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
}
