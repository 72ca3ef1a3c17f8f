package journal

import (
	"os"
	"path/filepath"
	"regexp"
)

// A process that is killed cannot give its leases up, and whoever comes next would wait until they expire. So each lease
// has, beside its record in the store, a file on the machine of its holder, locked for as long as the holder lives: the
// kernel gives the lock up when the process dies, however it dies. A successor who finds that very file, and nobody
// holding it, knows that the holder is dead.
//
// The file's name is the lease's token, which is random: on another machine, or on a copy of a machine, there is no such
// file, and then nothing is known, and the lease has to expire. The record names the boot of the machine as well, so that a
// folder that several machines share does not mislead: locks across machines prove nothing here.

// tokenPattern is what rand.Text makes. A token comes out of the store and goes into a path.
var tokenPattern = regexp.MustCompile(`^[A-Z2-7]{26}$`)

func presencePath(token string) string {
	return filepath.Join(os.TempDir(), "terraform-provider-reliability-lease-"+token)
}

// dead tells that the holder of a lease certainly lives no more. It is false where that cannot be known.
func (r leaseRecord) dead() bool {
	if r.Boot == "" || r.Boot != bootID() || !tokenPattern.MatchString(r.Token) {
		return false
	}
	return abandoned(presencePath(r.Token))
}

// forget removes the file of a dead holder whose lease was taken over.
func (r leaseRecord) forget() {
	if r.Boot != "" && r.Boot == bootID() && tokenPattern.MatchString(r.Token) {
		_ = os.Remove(presencePath(r.Token)) // it only takes room
	}
}
