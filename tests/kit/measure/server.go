package measure

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Serve runs app on a free loopback port in a process that Start began. It prints the address. It ends when its
// standard input does, and so when the process that began it ends, however that happens.
func Serve(app *fiber.App) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		bufio.NewReader(os.Stdin).ReadByte()
		os.Exit(0)
	}()
	return app.Listener(listener)
}

// Start runs this program once more, with args that make it call Serve. Requests are POST to path.
func Start(name, path string, args ...string) (t *Target, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	process := exec.Command(self, args...)
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := process.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() {
		input.Close()
		process.Wait()
	}
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("the server %q ended: %w", name, err)
	}
	t, err = NewTarget(name, fiber.MethodPost, "http://"+strings.TrimSpace(address)+path, []int{process.Process.Pid})
	return t, stop, err
}
