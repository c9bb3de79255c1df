package zaphandlers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pages are README.md and what it leads to.
func pages(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("docs", "*.md"))
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return append(names, "README.md")
}

// Every piece of Go in README.md and docs is part of an Example in this directory, or one of JetStream's, and every Example here is in one of them.
func TestReadme(t *testing.T) {
	examples := examples(t)
	shown := make(map[string]bool)
	for _, page := range pages(t) {
		for _, block := range goBlocks(t, page) {
			found := false
			for name, source := range examples {
				if strings.Contains(source, block) {
					found, shown[name] = true, true
				}
			}
			assert.True(t, found, "this piece of %s is in no Example:\n%s", page, block)
		}
	}
	for name := range examples {
		assert.True(t, shown[name], "%s is in no page", name)
	}
}

// A person who opens README.md reads it to its end.
func TestReadmeIsShort(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.LessOrEqual(t, strings.Count(string(text), "\n"), 250, "lines")
}

// Every piece of Go in CONTRIBUTING.md is part of a handler that passes the conformance suite.
func TestContributing(t *testing.T) {
	source, err := os.ReadFile("contributing_test.go")
	require.NoError(t, err)
	blocks := goBlocks(t, "CONTRIBUTING.md")
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		assert.Contains(t, unindented(string(source)), block, "this piece of CONTRIBUTING.md is not in contributing_test.go")
	}
}

// What the documents link to in this repository is there: files, and headings.
func TestLinks(t *testing.T) {
	all := append(pages(t), "CONTRIBUTING.md", "CHANGELOG.md")
	for _, name := range append(all, filepath.Join("findings", "README.md")) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
			target, heading, _ := strings.Cut(link[1], "#")
			switch {
			case strings.Contains(target, "://"):
				continue
			case target == "":
				target = name
			default:
				target = filepath.Join(filepath.Dir(name), target)
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
	return blocks
}

// examples returns the text of each Example here, by name.
func examples(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	names = append(names, filepath.Join("queuecore", "jetstream", "example_test.go")) // of a module of its own
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

// A test that a page names is there.
func TestPagesNameTestsThatExist(t *testing.T) {
	there := make(map[string]bool)
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, match := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(source, -1) {
			there[string(match[1])] = true
		}
		return err
	}))
	require.True(t, there["TestPagesNameTestsThatExist"])
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, name := range regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(text, -1) {
			assert.True(t, there[string(name[1])], "%s names %s, and no test has that name", page, name[1])
		}
	}
}

// CONTRIBUTING.md has every package: those that can be imported, and commands, in the table of floors, and what is internal in the picture.
func TestContributingHasEveryPackage(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	require.NoError(t, err)
	_, picture, found := strings.Cut(string(text), "\nwritesyncers   the face")
	require.True(t, found)
	picture, _, _ = strings.Cut("\nwritesyncers   the face"+picture, "\n```")
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != "." && fileExists(filepath.Join(path, "go.mod")), d.Name() == "testdata", d.Name() == "scripts", path == "internal":
			return fs.SkipDir
		}
		if sources, _ := filepath.Glob(filepath.Join(path, "*.go")); len(sources) == 0 || path == "." {
			return nil
		}
		if d.Name() == "messagetest" { // helps the tests of two packages
			return nil
		}
		face, name, internal := strings.Cut(filepath.ToSlash(path), "/internal/")
		if !internal {
			assert.Contains(t, string(text), "`"+face+"`", "the table of floors")
			return nil
		}
		_, section, _ := strings.Cut(picture, "\n"+face+" ")
		if next := regexp.MustCompile(`\n\w`).FindStringIndex(section); next != nil {
			section = section[:next[0]]
		}
		assert.Regexp(t, `(?m)^  `+name+` `, section, "the picture: %s", path)
		return nil
	}))
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
