package suite

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// Python runs a program of Python that does b.N operations and prints how many nanoseconds one took by its own clock, which
// becomes the row's time: the start of the interpreter is not measured. The program finds b.N as n. Rows of it are for scale.
func Python(b *testing.B, program string) error {
	path, err := exec.LookPath("python3")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLeftOut, err)
	}
	var errs strings.Builder
	cmd := exec.Command(path, "-c", fmt.Sprintf("n = %d\n%s", b.N, program))
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("python3: %w: %s", err, &errs)
	}
	var nanoseconds float64
	if _, err := fmt.Sscan(string(out), &nanoseconds); err != nil {
		return fmt.Errorf("python3 printed %q, no number: %w", out, err)
	}
	b.ReportMetric(nanoseconds, "ns/op")
	return nil
}
