package zaphandlers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every piece of Go in README.md is part of an Example in this directory, and every Example here is in README.md.
func TestReadme(t *testing.T) {
	blocks := goBlocks(t, "README.md")
	examples := examples(t)
	for _, block := range blocks {
		found := false
		for _, source := range examples {
			found = found || strings.Contains(source, block)
		}
		assert.True(t, found, "this piece of README.md is in no Example:\n%s", block)
	}
	for name, source := range examples {
		found := false
		for _, block := range blocks {
			found = found || strings.Contains(source, block)
		}
		assert.True(t, found, "%s is not in README.md", name)
	}
}

// Every piece of Go in CONTRIBUTING.md is part of a handler that passes the conformance suite.
func TestContributing(t *testing.T) {
	source, err := os.ReadFile("contributing_test.go")
	require.NoError(t, err)
	for _, block := range goBlocks(t, "CONTRIBUTING.md") {
		assert.Contains(t, unindented(string(source)), block, "this piece of CONTRIBUTING.md is not in contributing_test.go")
	}
}

// What the documents link to in this repository is there: files, and headings.
func TestLinks(t *testing.T) {
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
			target, heading, _ := strings.Cut(link[1], "#")
			switch {
			case strings.Contains(target, "://"):
				continue
			case target == "":
				target = name
			}
			linked, err := os.ReadFile(target)
			if info, statErr := os.Stat(target); statErr == nil && info.IsDir() {
				continue
			}
			if assert.NoError(t, err, "%s: %s", name, link[1]) && heading != "" {
				assert.Contains(t, anchors(string(linked)), heading, "%s: %s", name, link[1])
			}
		}
	}
}

// anchors returns what the headings of a document are called in links.
func anchors(text string) (names []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		names = append(names, strings.ReplaceAll(name, " ", "-"))
	}
	return names
}

// goBlocks returns the pieces of Go in a document.
func goBlocks(t *testing.T, name string) (blocks []string) {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	for _, match := range regexp.MustCompile("(?s)\n```go\n(.*?)\n```\n").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, unindented(match[1]))
	}
	require.NotEmpty(t, blocks)
	return blocks
}

// examples returns the text of each Example here, by name.
func examples(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	found := make(map[string]string)
	for _, name := range names {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
				found[f.Name.Name] = unindented(string(source[files.Position(f.Pos()).Offset:files.Position(f.End()).Offset]))
			}
		}
	}
	return found
}

var indent = regexp.MustCompile(`(?m)^[ \t]+`)

// unindented takes the white space off the beginning of every line, for an Example has a piece further in than a document.
func unindented(text string) string { return indent.ReplaceAllString(text, "") }
