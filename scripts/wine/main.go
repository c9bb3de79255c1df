package main

import (
	"fmt"
	"os"
)

func main() {
	var err error
	if len(os.Args) > 2 && os.Args[1] == execArg {
		err = execTest(os.Args[2], os.Args[3:])
	} else {
		err = test(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wine:", err)
		os.Exit(1)
	}
}

// execArg makes this program what go test -exec calls for each test binary.
const execArg = "exec-test"

// test runs go test for Windows.
func test(args []string) error {
	wine, err := findWine()
	if err != nil {
		if os.Getenv("ZAPHANDLERS_PEERS") == "required" {
			return err
		}
		fmt.Fprintf(os.Stderr, "wine: the Windows tests are left out: %v\n", err)
		return nil
	}
	prefix, err := makePrefix(wine)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "wine")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	flags, err := overlay(dir)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		args = []string{"./..."}
	}
	all := append([]string{"test", "-exec", fmt.Sprintf("'%s' %s", self, execArg)}, flags...)
	cmd := command("go", append(all, args...)...)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0",
		"ZAPHANDLERS_PEERS=none", "ZAPHANDLERS_SYSLOG_NG=", "ZAPHANDLERS_AIOSMTPD_PYTHON=", "ZAPHANDLERS_PYODIDE=", // they are no Windows programs
		"ZAPHANDLERS_WINE="+wine, "WINEPREFIX="+prefix, "WINEDEBUG=-all,+eventlog")
	fmt.Fprintln(os.Stderr, "wine: the tests as Windows programs")
	return cmd.Run()
}
