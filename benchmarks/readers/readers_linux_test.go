package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "-as" { // the roles of this program in processes of their own
		main()
		return
	}
	os.Exit(m.Run())
}

func TestFlagsThatMakeNoSense(t *testing.T) {
	for _, args := range [][]string{
		{"-count", "-1"}, {"-runs", "0"}, {"-parallel", "0"}, {"-every", "often"}, {"-every", "1s,"}, {"-unknown"}, {"extra"},
	} {
		var said bytes.Buffer
		assert.Equal(t, 2, command(t.Context(), args, &said, &said), args)
		assert.NotEmpty(t, said.String(), args)
	}
}

func TestNoSuchTool(t *testing.T) {
	var said bytes.Buffer
	require.Equal(t, 1, command(t.Context(), []string{"-tools", "no such tool"}, &said, &said))
	require.Contains(t, said.String(), "-list has them")
}

// What is counted: a record once, again, never; in lines that come in pieces, with a greeting that does not count.
func TestSeen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "printed")
	s := newSeen(path, record)
	n, err := s.read()
	require.NoError(t, err, "a tool that has printed nothing yet")
	require.Zero(t, n)

	text := appendRecord(appendRecord(appendRecord(appendRecord(nil, greeting), 1), 3), 1)
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	fresh := 0
	for _, piece := range [][]byte{text[:150], text[150:250], text[250:]} {
		_, err := f.Write(piece)
		require.NoError(t, err)
		n, err := s.read()
		require.NoError(t, err)
		fresh += n
	}
	require.Equal(t, 3, fresh)
	require.True(t, s.greeted)
	require.Equal(t, 1, s.lost(3), "number 2")
	require.Equal(t, 1, s.again, "number 1")
}

func TestJudge(t *testing.T) {
	strict, mild := tool{name: "strict"}, tool{name: "mild", slack: 0.1}
	plain, ours := writer{name: "plain"}, writer{name: "ours", plain: "plain"}
	for name, test := range map[string]struct {
		tool        tool
		plain, ours outcome
		complaints  int
	}{
		"nothing is lost":                        {strict, outcome{}, outcome{}, 0},
		"one record, and none with the plain":    {strict, outcome{}, outcome{lost: 1}, 1},
		"repeated, and not with the plain":       {strict, outcome{}, outcome{again: 1}, 1},
		"as many as with the plain, and a bit":   {strict, outcome{lost: 100}, outcome{lost: 150}, 0},
		"many more than with the plain":          {strict, outcome{lost: 100}, outcome{lost: 500}, 1},
		"at random, within bounds":               {mild, outcome{}, outcome{lost: 100}, 0},
		"at random, beyond them":                 {mild, outcome{}, outcome{lost: 101}, 1},
		"a tool that failed says nothing":        {strict, outcome{}, outcome{lost: 1000, failed: "x"}, 0},
		"the plain one's failure says no better": {strict, outcome{failed: "x"}, outcome{lost: 1000}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			table := newTable([]tool{test.tool}, []writer{plain, ours}, 1000)
			table.add(plain, map[string]outcome{test.tool.name: test.plain})
			table.add(ours, map[string]outcome{test.tool.name: test.ours})
			assert.Len(t, table.judge(), test.complaints, "%v", table.judge())
		})
	}
}

// What is tried again is what there are complaints about, with the writers that it is compared with.
func TestDoubted(t *testing.T) {
	good, bad := tool{name: "good"}, tool{name: "bad"}
	plain, ours, others := writer{name: "plain"}, writer{name: "ours", plain: "plain"}, writer{name: "others", plain: "plain"}
	table := newTable([]tool{good, bad}, []writer{plain, ours, others}, 1000)
	for _, w := range table.writers {
		table.add(w, map[string]outcome{"good": {}, "bad": {}})
	}
	require.Empty(t, table.judge())
	table.add(ours, map[string]outcome{"bad": {lost: 1}})
	again := table.doubted(table.judge())
	require.Equal(t, []complaint{{"bad", "ours", "1 lost, and 0 with plain"}}, table.judge())
	require.Len(t, again.tools, 1)
	require.Equal(t, "bad", again.tools[0].name)
	require.Len(t, again.writers, 2)
	require.Empty(t, again.judge())
}

// The worst of several runs is kept.
func TestTheWorstRunCounts(t *testing.T) {
	table := newTable([]tool{{name: "tool"}}, []writer{{name: "w"}}, 10)
	for _, o := range []outcome{{lost: 1, again: 5}, {lost: 3}, {lost: 2, again: 7}} {
		table.add(writer{name: "w"}, map[string]outcome{"tool": o})
	}
	require.Equal(t, outcome{lost: 3, again: 7}, table.cells["tool"]["w"])
}

// Every writer rotates, and every record is in its files: or its column would tell nothing about readers.
func TestWritersKeepAllRecords(t *testing.T) {
	const records = 3*recordsPerFile + 10
	for _, w := range writers() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(w.name, "Python") && installed(tool{}, "python3").missing != nil {
				t.Skip("python3 is not installed")
			}
			log := filepath.Join(t.TempDir(), "app.log")
			r := rotation{limit: fileBytes, backups: 100, every: 400 * time.Millisecond}
			if strings.Contains(w.name, "Timed") {
				r.every = time.Second // the shortest that these know
			}
			file, err := w.open(log, r)
			require.NoError(t, err)
			_, err = file.Write(appendRecord(nil, greeting))
			require.NoError(t, err)
			require.NoError(t, appeared(t.Context(), log), "one in a process of its own is there")
			require.NoError(t, write(t.Context(), file, records, r))
			require.NoError(t, file.Close())
			times, files := map[int]int{}, 0
			require.Eventually(t, func() bool { // lumberjack goes on when it is closed
				clear(times)
				files = 0
				names, _ := filepath.Glob(filepath.Join(filepath.Dir(log), "*"))
				for _, name := range names {
					if text, err := contents(name); err == nil {
						files++
						count(text, times)
					}
				}
				return len(times) == records+1
			}, 10*time.Second, 20*time.Millisecond)
			require.Greater(t, files, 1, "it has rotated")
		})
	}
}

// The whole program, with a reader that loses nothing.
func TestGNUTailOverAPlainRotation(t *testing.T) {
	if missing := tails()[0].missing; missing != nil {
		t.Skip(missing)
	}
	var out, said bytes.Buffer
	args := []string{"-tools", "GNU tail -F", "-writers", plainNumbered + " gzip", "-count", "1500", "-every", "500ms", "-runs", "1"}
	code := command(t.Context(), args, &out, &said)
	require.Equal(t, 0, code, "%s%s", out.String(), said.String())
	require.Regexp(t, `GNU tail -F +0/0`, out.String())
}

// Processes that are killed lose nothing on the file system of temporary files.
func TestKilledWriters(t *testing.T) {
	s, err := survive(t.Context(), t.TempDir(), 2, 4000)
	require.NoError(t, err)
	require.Zero(t, s.lost)
	require.Zero(t, s.torn)
	require.GreaterOrEqual(t, s.acknowledged, 4000-2*s.kills)
	require.Greater(t, s.files, 1)
}

// A lost and a torn record are found.
func TestReadBackFindsWhatIsMissing(t *testing.T) {
	dir := t.TempDir()
	text := appendRecord(appendRecord(nil, 1), 3)
	text = append(text, "W 0000004 xx\n"...)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.log"), text, 0o644))
	s, err := readBack(dir, 1, map[int]bool{1: true, 2: true, 3: true})
	require.NoError(t, err)
	require.Equal(t, survival{acknowledged: 3, lost: 1, torn: 1, files: 1}, s)
}

func TestACancelledRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var said bytes.Buffer
	require.Equal(t, 1, command(ctx, []string{"-tools", "GNU tail -F", "-writers", plainNumbered}, &said, &said))
}

func TestWritePage(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	require.NoError(t, os.WriteFile(page, []byte("before\n<!-- readers -->\nold\n<!-- /readers -->\nafter\n"), 0o644))
	table := newTable([]tool{{name: "t"}}, []writer{{name: "w"}}, 10)
	table.add(writer{name: "w"}, map[string]outcome{"t": {lost: 1}})
	for range 2 { // again, over itself
		require.NoError(t, writePage(page, "readers", table.markdown(time.Second, 1)))
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.Equal(t, "before\n<!-- readers -->\n\n10 records, a rotation every 1s, the worst of 1 runs; lost/repeated:\n\n"+
			"| tool | w |\n|---|---|\n| t | 1/0 |\n\n<!-- /readers -->\nafter\n", string(text))
	}
	require.Error(t, writePage(page, "filesystems", nil))
}
