package browser

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// reaping waits for the number of a process group, and then for the end of its input. It kills the group and removes
// the folder, which processes that are ending may still write to.
const reaping = `read -r group; read -r _
[ -n "$group" ] && kill -s KILL -- "-$group"
for try in 1 2 3 4 5 6 7 8 9 10; do rm -rf -- "$1" && exit; sleep 0.2; done`

// reaper is a process that ends a browser and removes its profile once this program has ended. Only another process can
// do that for a browser that outlives its tests: a program that is killed, panics or calls os.Exit does nothing more.
type reaper struct {
	profile string
	process *exec.Cmd
	input   io.WriteCloser // the kernel closes it with this program
}

func startReaper() (*reaper, error) {
	profile, err := os.MkdirTemp("", "browser-profile-")
	if err != nil {
		return nil, err
	}
	r := &reaper{profile: profile, process: exec.Command("sh", "-c", reaping, "sh", profile)}
	r.process.SysProcAttr = ownGroup() // or it would get the ^C that ends this program
	if r.input, err = r.process.StdinPipe(); err == nil {
		err = r.process.Start()
	}
	if err != nil {
		_ = os.RemoveAll(profile)
		return nil, err
	}
	return r, nil
}

// ownGroup starts a process at the head of a group, in which its children are too.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// watch says which process is to end with this program. It was started in a group of its own.
func (r *reaper) watch(process *os.Process) { _, _ = fmt.Fprintln(r.input, process.Pid) }

// reap has the process end now, and returns when it has.
func (r *reaper) reap() {
	_ = r.input.Close()
	_ = r.process.Wait()
}
