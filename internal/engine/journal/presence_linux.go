package journal

import (
	"os"
	"strings"
	"sync"
	"syscall"
)

// bootID names this run of this machine, or is empty.
var bootID = sync.OnceValue(func() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
})

// presence is a locked file. The descriptor is a bare one: an os.File would be closed, and the lock given up, when
// the garbage collector finds that nobody uses it, and nobody does.
type presence struct {
	path string
	fd   int
}

// appear makes and locks the file of a token. It returns nil where it cannot: then the lease just has to expire.
func appear(token string) *presence {
	path := presencePath(token)
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_EXCL|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil
	}
	p := &presence{path: path, fd: fd}
	if syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		p.leave()
		return nil
	}
	return p
}

// leave takes the file away.
func (p *presence) leave() {
	if p == nil {
		return
	}
	_ = syscall.Unlink(p.path) // a file that stays is of a lease that nobody holds
	_ = syscall.Close(p.fd)
}

// forsake gives the lock up and leaves the file: of a lease that could not be given up in the store, it tells that nobody
// holds it any more.
func (p *presence) forsake() {
	if p != nil {
		_ = syscall.Close(p.fd)
	}
}

// abandoned tells that the file is there and nobody holds it. The file stays: of two successors who both look, both see it, and
// the store decides between them.
func abandoned(path string) bool {
	fd, err := syscall.Open(path, syscall.O_RDWR|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd) //nolint:errcheck // nothing was written
	return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
