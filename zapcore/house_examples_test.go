package zapcore_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// examplesOf returns the Examples in the tests of one folder.
func examplesOf(t *testing.T, dir string) []*doc.Example {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	return doc.Examples(files...)
}

// An Example without an Output is compiled and never run, so it may be wrong.
func TestEveryExampleIsRun(t *testing.T) {
	seen := 0
	for _, dir := range packages(t) {
		for _, example := range examplesOf(t, dir) {
			seen++
			run := example.Output != "" || example.EmptyOutput
			assert.True(t, run || strings.Contains(example.Doc, "It is not run:"),
				"%s: Example%s has no // Output:, and does not say why: \"It is not run: …\"", dir, example.Name)
		}
	}
	assert.Greater(t, seen, 30, "the examples were looked for in the wrong place")
}

func TestEveryConstructorHasAnExample(t *testing.T) {
	seen := 0
	for _, dir := range packages(t) {
		if internal(dir) {
			continue // nobody outside can call them
		}
		examples := make(map[string]bool)
		for _, example := range examplesOf(t, dir) {
			name, _, _ := strings.Cut(example.Name, "_")
			examples[name] = true
		}
		for _, name := range exported(parseDir(t, dir)) {
			rest, ok := strings.CutPrefix(name, "New")
			if !ok || rest != "" && !token.IsExported(rest) {
				continue
			}
			seen++
			assert.True(t, examples[name], "%s: there is no Example%s", dir, name)
		}
	}
	assert.Greater(t, seen, 15, "the constructors were looked for in the wrong place")
}

// extensionPoints is what Python has one override, or set, in its handlers.
var extensionPoints = map[string][]string{
	"writesyncers": {"mode", "encoding", "delay", "setStream", "flush", "reopenIfNeeded", "maxBytes", "backupCount", "namer", "rotator",
		"shouldRollover", "doRollover", "computeRollover", "getFilesToDelete", "atTime", "utc"},
	"netcore":       {"host", "port", "makeSocket", "makePickle", "retryStart", "retryFactor", "retryMax"},
	"sysloghandler": {"address", "facility", "socktype", "createSocket", "encodePriority", "mapPriority", "append_nul", "ident"},
	"eventlog":      {"appname", "dllname", "logtype", "getMessageID", "getEventCategory", "getEventType"},
	"mailcore":      {"mailhost", "fromaddr", "toaddrs", "subject", "getSubject", "credentials", "secure", "timeout"},
	"httpcore":      {"host", "url", "method", "secure", "credentials", "context", "mapLogRecord"},
	"buffercore":    {"capacity", "shouldFlush", "flush", "setTarget", "flushLevel", "flushOnClose"},
	"queuecore":     {"prepare", "enqueue", "dequeue", "start", "stop", "respect_handler_level"},
}

// Who comes from Python finds what they knew by its name.
func TestPythonsNamesAreInTheComments(t *testing.T) {
	for pkg, names := range extensionPoints {
		var comments strings.Builder
		sources, err := filepath.Glob(filepath.Join("..", pkg, "*.go"))
		require.NoError(t, err)
		for _, source := range sources {
			file, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
			require.NoError(t, err)
			for _, comment := range file.Comments {
				comments.WriteString(comment.Text())
			}
		}
		for _, name := range names {
			said := regexp.MustCompile(`(?s)Python.{0,120}\b` + name + `\b|\b` + name + `\b.{0,120}Python`)
			assert.True(t, said.MatchString(comments.String()), "%s: no comment says what became of Python's %s", pkg, name)
		}
	}
}
