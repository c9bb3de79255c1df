package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/benchmarks/suite"
)

// imagined is a suite of tables and rows that are not run, with results that were not measured.
func imagined(area string, units string, tables map[string]map[string]string) (suite.Suite, string) {
	s := suite.Suite{Name: area}
	text := suite.Header()
	for table, rows := range tables {
		t := suite.Table{Name: table}
		for row, values := range rows {
			t.Rows = append(t.Rows, suite.Row{Name: row})
			line := "Benchmark" + strings.ReplaceAll(area+"/"+table+"/"+row, " ", "_") + "-2\t100"
			for i, value := range strings.Fields(values) {
				line += "\t" + value + " " + strings.Fields(units)[i]
			}
			text += line + "\n"
		}
		s.Tables = append(s.Tables, t)
	}
	return s, text
}

// drawn has draw draw what is imagined, and returns the pictures.
func drawn(t *testing.T, all ...func() (suite.Suite, string)) (svgs map[string]string, err error) {
	t.Helper()
	wasSuites, wasDir := suites, *dir
	t.Cleanup(func() { suites, *dir = wasSuites, wasDir })
	suites, *dir = nil, t.TempDir()
	if keep := os.Getenv("KEEP"); keep != "" {
		*dir = keep
	}
	for _, imagine := range all {
		s, text := imagine()
		suites = append(suites, s)
		if text != "" {
			require.NoError(t, os.WriteFile(file(s), []byte(text), 0o600))
		}
	}
	err = draw()
	svgs = map[string]string{}
	paths, _ := filepath.Glob(filepath.Join(*dir, "*.svg"))
	for _, path := range paths {
		svg, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		svgs[filepath.Base(path)] = string(svg)
	}
	return svgs, err
}

func queueResults() (suite.Suite, string) {
	tables := map[string]map[string]string{}
	for i, table := range []string{"discard, 1", "discard, 2", "file, 1", "file, 2"} {
		k := float64(i)
		tables["producer, "+table] = map[string]string{
			"a Core that does nothing":             fmt.Sprint(220+40*k, " 0"),
			"queuecore":                            fmt.Sprint(276+60*k, " 0"),
			"zap, synchronous":                     fmt.Sprint(764+800*k, " 0"),
			"zap BufferedWriteSyncer":              fmt.Sprint(775+100*k, " 0"),
			"Core that copies fields to a channel": fmt.Sprint(452+100*k, " 0"),
			"zap, zerolog's diode":                 fmt.Sprint(968+100*k, " ", 20*k),
			"zerolog, diode":                       fmt.Sprint(483+50*k, " ", 4+20*k),
			"phuslu AsyncWriter":                   fmt.Sprint(441+60*k, " 0"),
			"slog to a channel":                    fmt.Sprint(333+60*k, " 0"),
		}
	}
	return imagined("Queue", "burst-ns lost-%", tables)
}

func fileResults() (suite.Suite, string) {
	return imagined("Files", "ns/op pause-us", map[string]map[string]string{"disk, rotate at 8 MiB": {
		"os.File.Write": "1 12",
		"RotatingFile":  "100 80", "RotatingFile, gzip": "100 110", "TimedRotatingFile": "100 90",
		"lumberjack": "100 210", "lumberjack, gzip": "100 250", "timberjack": "100 310", "timberjack, gzip": "1 330",
		"file-rotatelogs": "100 480", "phuslu/log FileWriter": "100 64", "Python RotatingFileHandler": "100 12345",
	}})
}

func faultResults() (suite.Suite, string) {
	return imagined("Faults", "sent arrived reported lost-silently", map[string]map[string]string{
		"server restarts": {"netcore": "300 200 100 0", "log/syslog": "300 200 99 1"},
		"disk full":       {"File, Buffer": "300 300 0 0", "os.File": "300 100 0 200"},
	})
}

func TestPicturesNameWhatTheyShow(t *testing.T) {
	svgs, err := drawn(t, queueResults, fileResults, faultResults)
	require.NoError(t, err)
	require.Len(t, svgs, 6)
	for _, theme := range []string{"light", "dark"} {
		for name, texts := range map[string][]string{
			"producer": {"queuecore", "zap BufferedWriteSyncer", "zap, zerolog&#39;s diode", "phuslu AsyncWriter", "slog to a channel", "nanoseconds", "drops 60 %", "276 ns: 220 + 56", "sink is a file; 2 goroutines log", "zap&#39;s own part"},
			"pause":    {"RotatingFile, gzip", "lumberjack", "phuslu/log FileWriter", "80 µs", "12.3 ms", "microseconds"},
			"faults":   {"netcore", "log/syslog", "os.File", "File, Buffer", "server restarts", "0.3 % lost", "67 % lost", "33 % told", "all there", "per cent"},
		} {
			svg := svgs[name+"-"+theme+".svg"]
			for _, text := range append(texts, "1 rounds in turns", "2 CPUs", "go1.") {
				assert.Contains(t, svg, text, "%s, %s", name, theme)
			}
		}
	}
	assert.NotContains(t, svgs["producer-light.svg"], ">"+nothing+"<", "it is in every bar")
	assert.NotEqual(t, svgs["pause-light.svg"], svgs["pause-dark.svg"])
}

func TestWhatIsMissingIsSaidAndTheRestDrawn(t *testing.T) {
	svgs, err := drawn(t, func() (suite.Suite, string) {
		s, text := queueResults()
		return s, strings.ReplaceAll(text, "discard,_1/queuecore-2", "discard,_1/another-2")
	}, func() (suite.Suite, string) {
		s, _ := fileResults()
		return s, ""
	})
	require.Error(t, err)
	for _, said := range []string{
		"producer: no result for producer, discard, 1/queuecore burst-ns; go -C benchmarks run ./bench run queue measures it",
		"pause: there are no results", "./bench run files measures it",
		"faults: there is no area Faults",
	} {
		assert.ErrorContains(t, err, said)
	}
	assert.Len(t, svgs, 2)
	assert.Contains(t, svgs["producer-dark.svg"], "queuecore", "of the other tables")
}

func TestATableThatTheSuiteHasNotIsMissing(t *testing.T) {
	svgs, err := drawn(t, func() (suite.Suite, string) {
		return imagined("Files", "ns/op", map[string]map[string]string{"another": {"x": "1"}})
	})
	assert.ErrorContains(t, err, "pause: no result for disk, rotate at 8 MiB")
	assert.Empty(t, svgs)
}

func TestOwn(t *testing.T) {
	for row, ours := range map[string]bool{"queuecore": true, "RotatingFile, gzip": true, "os.File": false, "Python RotatingFileHandler": false} {
		assert.Equal(t, ours, own(row), row)
	}
}
