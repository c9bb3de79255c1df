package zapcore_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The rules of the house, held by reading the source.

const module = "example.com/zaphandlers"

// needsGo skips where tests run without the go command, as those built for another system do.
func needsGo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command here")
	}
}

// parseDir parses the Go files of one folder but for its tests.
func parseDir(t *testing.T, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	return files
}

// dirOf asks the go command where a package lies.
func dirOf(t *testing.T, pkg string) string {
	t.Helper()
	needsGo(t)
	out, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// exported returns the package-level identifiers that files export.
func exported(files []*ast.File) []string {
	var names []string
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names = append(names, id.Name)
		}
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						add(s.Name)
					case *ast.ValueSpec:
						for _, id := range s.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	return names
}

func TestEveryConstructorOfZapHasACase(t *testing.T) {
	for _, file := range parseDir(t, dirOf(t, "go.uber.org/zap")) {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !f.Name.IsExported() || f.Type.Results == nil || len(f.Type.Results.List) != 1 {
				continue
			}
			if result, ok := f.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == "Field" {
				assert.NotEmpty(t, constructors[f.Name.Name], "zap.%s makes a Field: give it a case in constructors", f.Name.Name)
			}
		}
	}
}

func TestNoNameIsZapsToo(t *testing.T) {
	ours := exported(parseDir(t, "."))
	require.Contains(t, ours, "Handler")
	theirs := exported(parseDir(t, dirOf(t, "go.uber.org/zap/zapcore")))
	require.Contains(t, theirs, "NewCore")
	for _, name := range ours {
		assert.NotContains(t, theirs, name, "an import tool could pick the wrong zapcore for %s", name)
	}
}

// packages returns the folders of this module that hold Go packages, other modules inside left out.
func packages(t *testing.T) []string {
	t.Helper()
	needsGo(t)
	var dirs []string
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); path != ".." && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		if mods, _ := filepath.Glob(filepath.Join(path, "go.mod")); path != ".." && len(mods) > 0 {
			return fs.SkipDir
		}
		if names, _ := filepath.Glob(filepath.Join(path, "*.go")); len(names) > 0 {
			dirs = append(dirs, path)
		}
		return nil
	}))
	require.Contains(t, dirs, filepath.Join("..", "zapcore"))
	return dirs
}

// A Handler's Check registers the Handler itself, so a method of zapcore.Core on the type around it would never be called.
func TestNoTypeAroundAHandlerRedefinesACoreMethod(t *testing.T) {
	coreMethods := []string{"Enabled", "Level", "With", "Check", "Write", "Sync"}
	for _, dir := range packages(t) {
		files := parseDir(t, dir)
		around := typesAroundHandler(files)
		for _, file := range files {
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if !ok || f.Recv == nil {
					continue
				}
				receiver := strings.TrimPrefix(typeName(f.Recv.List[0].Type), "*")
				if slices.Contains(around, receiver) {
					assert.NotContains(t, coreMethods, f.Name.Name, "%s: (%s).%s would never be called", dir, receiver, f.Name.Name)
				}
			}
		}
	}
}

// typesAroundHandler returns the structs that embed a *Handler.
func typesAroundHandler(files []*ast.File) []string {
	var names []string
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if s, ok := spec.Type.(*ast.StructType); ok {
				for _, field := range s.Fields.List {
					if name := typeName(field.Type); len(field.Names) == 0 && (name == "*base.Handler" || name == "*Handler") {
						names = append(names, spec.Name.Name)
					}
				}
			}
			return true
		})
	}
	return names
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return "*" + typeName(e.X)
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	}
	return ""
}

// floors says which packages of this module a package may import: only those below it.
var floors = map[string][]string{
	"zapcore":             {},
	"zapcore/coretest":    {"zapcore"},
	"writesyncers":        {"zapcore", "internal/errno"},
	"internal/fields":     {"zapcore"},
	"internal/names":      {"zapcore"},
	"internal/hosts":      {},
	"internal/tlshooks":   {"zapcore"},
	"internal/tees":       {},
	"internal/errno":      {},
	"internal/filelock":   {"internal/errno"},
	"netcore":             {"zapcore", "internal/fields", "internal/names", "internal/hosts", "internal/tlshooks"},
	"httpcore":            {"zapcore", "internal/fields", "internal/names", "internal/hosts", "internal/tlshooks"},
	"mailcore":            {"zapcore", "internal/hosts", "internal/tlshooks"},
	"eventlog":            {"zapcore"},
	"buffercore":          {"zapcore", "zapcore/arena", "internal/tees"},
	"queuecore":           {"zapcore", "zapcore/arena", "internal/tees", "internal/filelock", "internal/errno"},
	"queuecore/queuetest": {"zapcore"},
	"queuecore/diskdump":  {"zapcore"},
	"sysloghandler":       {"zapcore", "netcore", "internal/hosts"},
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, dir := range packages(t) {
		pkg := filepath.ToSlash(strings.TrimPrefix(dir, ".."+string(filepath.Separator)))
		pkg, _, _ = strings.Cut(pkg, "/internal/") // an internal package stands on its parent's floor
		for _, file := range parseDir(t, dir) {
			for _, spec := range file.Imports {
				imported, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module+"/")
				if !ours {
					continue
				}
				allowed := slices.Contains(floors[faceOf(pkg)], imported) || within(pkg, imported)
				assert.True(t, allowed, "%s imports %s, which is not below it", pkg, imported)
			}
		}
	}
}

// internal tells whether a folder is inside one that is called internal.
func internal(dir string) bool {
	return slices.Contains(strings.Split(filepath.ToSlash(dir), "/"), "internal")
}

// faceOf returns the package that has pkg inside: an internal package may import what its face may.
func faceOf(pkg string) string {
	face, _, _ := strings.Cut(pkg, "/internal/")
	return face
}

// within tells whether a and b are parts of one package's folder: queuecore and queuecore/queuetest.
func within(a, b string) bool {
	first := func(s string) string { s, _, _ = strings.Cut(s, "/"); return s }
	return first(a) == first(b)
}
