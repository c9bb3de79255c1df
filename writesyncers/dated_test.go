package writesyncers

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDatedNames(t *testing.T) {
	d := dated{base: filepath.FromSlash("/logs/app.log"), schedule: Schedule{When: "midnight"}, compress: true}
	for _, tt := range []struct {
		name  string
		label string
		n     int
		ours  bool
	}{
		{"app.log.2024-03-01", "2024-03-01", 0, true},
		{"app.log.2024-03-01.2", "2024-03-01", 2, true},
		{"app.log.2024-03-01.10.gz", "2024-03-01", 10, true},
		{"app.log.2024-03-01.gz", "2024-03-01", 0, true},
		{"app.log.2024-13-99", "2024-13-99", 0, true},
		{"app.log.2024-03-01.02", "", 0, false},
		{"app.log.2024-03-01.0", "", 0, false},
		{"app.log.2024-03-01.", "", 0, false},
		{"app.log.2024-03-01_10", "", 0, false},
		{"app.log.2024-03-011", "", 0, false},
		{"app.log.2024-03-01.2.gz.gz", "", 0, false},
		{"app.log", "", 0, false},
		{"app.log.1", "", 0, false},
		{"other.2024-03-01", "", 0, false},
	} {
		label, n, ours := d.parse(tt.name)
		assert.Equal(t, tt.ours, ours, tt.name)
		assert.Equal(t, tt.label, label, tt.name)
		assert.Equal(t, tt.n, n, tt.name)
	}
}

// Whatever lies in the directory: a file is ours only if we would give it that very name.
func FuzzDatedName(f *testing.F) {
	f.Add("app.log.2024-03-01.2.gz", "midnight", false)
	f.Add("app-2024-03-01_10.log", "H", true)
	f.Fuzz(func(t *testing.T, name, when string, moved bool) {
		d := dated{base: filepath.FromSlash("/logs/app.log"), schedule: Schedule{When: when}, compress: true}
		if d.schedule.Check() != nil {
			return
		}
		if moved {
			d.namer = func(s string) string { return strings.Replace(s, "app.log.", "app-", 1) + ".log" }
		}
		label, n, ours := d.parse(name)
		if !ours {
			return
		}
		want := d.base + "." + label
		if n > 0 {
			want += "." + strconv.Itoa(n)
		}
		want = filepath.Base(named(d.namer, want))
		assert.Contains(t, []string{want, want + gz}, name)
	})
}
