package main

import (
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func watchedKind(d *watchedFile) kind { return kind{"watched", func() destination { return d }} }

func TestTheWatchedFileLosesNothingThoughItIsRenamed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nobody renames an open file on Windows")
	}
	for _, producers := range []int{1, 8} {
		t.Run(strconv.Itoa(producers)+" producers", func(t *testing.T) {
			cfg := config{requests: 3000, producers: producers, keep: true}
			ok, dir, stdout, _ := try(t, t.Context(), cfg, watchedKind(new(watchedFile)))
			assert.True(t, ok, stdout)
			assert.Regexp(t, `(?m)^watched +3,000 +3,000 +0 +0 +0 +3,0\d\d +\d{3},\d{3} +6$`, stdout)
			files, err := filepath.Glob(filepath.Join(dir, "*", "1", "app.log.*"))
			require.NoError(t, err)
			assert.Len(t, files, 5, "renamed at 128, 256, 512, 1024 and 2048 records")
		})
	}
}

// TestOnlyWhatTheFileSaysIsFoundTwice is the account of a file that says it wrote n records twice.
func TestOnlyWhatTheFileSaysIsFoundTwice(t *testing.T) {
	for _, tt := range []struct {
		name          string
		twice, saying uint64
		want          []string
	}{
		{"nothing", 0, 0, nil},
		{"as it says", 2, 2, nil},
		{"though it says nothing", 1, 0, []string{"1 record: doubled: records 0"}},
		{"more than it says", 3, 2, []string{"3 records: doubled: records 0–2", "2 records: doubled on purpose, says the destination"}},
		{"less than it says", 1, 2, []string{"1 record: doubled: records 0", "2 records: doubled on purpose, says the destination"}},
		{"nothing, though it says so", 0, 1, []string{"1 record: doubled on purpose, says the destination"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tally := newTally(10)
			tally.repeated = tt.saying
			for i := range 10 + tt.twice {
				r := record{Seq: i % 10}
				r.Sum = r.checksum()
				tally.add(&r, "")
			}
			assert.Equal(t, tt.want, tally.problems())
		})
	}
}
