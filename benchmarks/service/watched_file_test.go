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
			files, err := filepath.Glob(filepath.Join(dir, "*", "1", "archived.*"))
			require.NoError(t, err)
			assert.Len(t, files, 5, "rotated at 128, 256, 512, 1024 and 2048 records")
		})
	}
}

// TestRunSaysWhatIsDoubledOnPurpose is one of a destination that knows of it, and one of a destination that is wrong.
func TestRunSaysWhatIsDoubledOnPurpose(t *testing.T) {
	for knows, want := range map[uint64]string{
		1: "file: 1 record, as it says, written twice on purpose: records 42\n",
		0: "file: 1 record: doubled: records 42\n",
	} {
		d := &repeating{knows: knows}
		d.tamper = func(lines []string) []string { return append(lines, "\n", lines[42]) }
		ok, _, stdout, _ := try(t, t.Context(), config{requests: 100, producers: 1}, kind{"file", func() destination { return d }})
		assert.Equal(t, knows == 1, ok, stdout)
		assert.Contains(t, stdout, want)
	}
}

type repeating struct {
	fake
	knows uint64
}

func (d *repeating) readBack(t *tally) error {
	t.repeated = d.knows
	return d.fake.readBack(t)
}

// TestOnlyWhatTheFileSaysIsFoundTwice is the account of a file that says how many records it wrote twice.
func TestOnlyWhatTheFileSaysIsFoundTwice(t *testing.T) {
	for _, tt := range []struct {
		name          string
		twice, saying uint64
		want          []string
	}{
		{"nothing", 0, 0, nil},
		{"as it says", 2, 2, nil},
		{"though it says nothing", 1, 0, []string{"1 record: doubled: records 0"}},
		{"more than it says", 3, 2, []string{"3 records: doubled: records 0–2"}},
		{"less than it says, for nobody read the other file", 1, 2, nil},
		{"nothing, though it says so", 0, 1, nil},
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
