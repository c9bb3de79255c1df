package zapcore_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// How large a part of the house may be, so that a person sees all of it at once.
const (
	maxFilesOfAType  = 3   // in which a type has methods
	maxMethods       = 25  // of a type
	maxFilesInAPlace = 20  // of a package, tests left out
	maxLinesOfAFile  = 300 // tests left out
)

// encoderTypes are the types that implement zap's encoder interfaces, which ask for more methods than any other type may have.
func encoderTypes(methods map[string]map[string]string) (names []string) {
	for name, has := range methods {
		if has["AddComplex128"] != "" || has["AppendComplex128"] != "" {
			names = append(names, name)
		}
	}
	return names
}

// ownModules are packages that are modules of their own, and keep the bars all the same.
var ownModules = []string{filepath.Join("..", "queuecore", "jetstream")}

// Every violation of the bars, in every package of the module, and in those that are modules of their own.
func TestRoomsAreSmall(t *testing.T) {
	var found []string
	for _, dir := range append(packages(t), ownModules...) {
		found = append(found, roomsOf(t, dir)...)
	}
	require.Empty(t, found, "%d violations:\n%s", len(found), strings.Join(found, "\n"))
}

// roomsOf returns what is too large in a package, or missing.
func roomsOf(t *testing.T, dir string) (found []string) {
	t.Helper()
	sources := sourcesOf(t, dir)
	pkg := packageOf(dir)
	if len(sources) == 0 {
		return nil // tests alone
	}
	if !slices.Contains(sources, filepath.Join(dir, "doc.go")) {
		found = append(found, pkg+" has no doc.go")
	}
	if len(sources) > maxFilesInAPlace {
		found = append(found, fmt.Sprintf("%s has %d files, %d at most", pkg, len(sources), maxFilesInAPlace))
	}
	for _, name := range sources {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if lines := bytes.Count(text, []byte("\n")); lines > maxLinesOfAFile {
			found = append(found, fmt.Sprintf("%s has %d lines, %d at most", filepath.ToSlash(strings.TrimPrefix(name, "../")), lines, maxLinesOfAFile))
		}
	}
	return append(append(found, largeTypes(t, dir, pkg)...), strangers(t, dir, pkg)...)
}

// largeTypes returns the types with too many methods, or with methods in too many files.
func largeTypes(t *testing.T, dir, pkg string) (found []string) {
	t.Helper()
	methods := methodsOf(t, dir)
	exempt := encoderTypes(methods)
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		files := map[string]bool{}
		for _, file := range methods[name] {
			files[file] = true
		}
		if len(files) > maxFilesOfAType {
			found = append(found, fmt.Sprintf("%s.%s has methods in %d files, %d at most: %s", pkg, name, len(files), maxFilesOfAType,
				strings.Join(slices.Sorted(maps.Keys(files)), " ")))
		}
		if n := len(methods[name]); n > maxMethods && !slices.Contains(exempt, name) {
			found = append(found, fmt.Sprintf("%s.%s has %d methods, %d at most", pkg, name, n, maxMethods))
		}
	}
	return found
}

// partOf are packages that are a part of another, and so may look inside: a program that shows what is there, an engine with a module of its
// own.
var partOf = map[string]string{"queuecore/diskdump": "queuecore", "queuecore/jetstream": "queuecore"}

// strangers returns the internal packages that pkg imports and is not the parent of. The module's own internal folder, which helps
// tests, belongs to all.
func strangers(t *testing.T, dir, pkg string) (found []string) {
	t.Helper()
	for _, file := range parseDir(t, dir) {
		for _, spec := range file.Imports {
			imported, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module+"/")
			parent, _, internal := strings.Cut(imported, "/internal/")
			if ours && internal && parent != pkg && parent != partOf[pkg] && !strings.HasPrefix(pkg, parent+"/internal/") {
				found = append(found, fmt.Sprintf("%s imports %s, which is internal to %s", pkg, imported, parent))
			}
		}
	}
	return found
}

// methodsOf returns the file of each method of each type: a method that several systems have counts once, in the file of one of them.
func methodsOf(t *testing.T, dir string) map[string]map[string]string {
	t.Helper()
	methods := make(map[string]map[string]string)
	for i, file := range parseDir(t, dir) {
		name := filepath.Base(sourcesOf(t, dir)[i])
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			receiver := strings.TrimPrefix(receiverName(f.Recv.List[0].Type), "*")
			if methods[receiver] == nil {
				methods[receiver] = make(map[string]string)
			}
			if methods[receiver][f.Name.Name] == "" {
				methods[receiver][f.Name.Name] = name
			}
		}
	}
	return methods
}

// receiverName is typeName for generic types, too.
func receiverName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiverName(e.X)
	case *ast.IndexExpr:
		return receiverName(e.X)
	case *ast.IndexListExpr:
		return receiverName(e.X)
	}
	return typeName(e)
}

// sourcesOf returns the files that parseDir parses, in its order.
func sourcesOf(t *testing.T, dir string) (sources []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		if !strings.HasSuffix(name, "_test.go") {
			sources = append(sources, name)
		}
	}
	return sources
}

func packageOf(dir string) string {
	return filepath.ToSlash(strings.TrimPrefix(strings.TrimPrefix(dir, ".."), string(filepath.Separator)))
}

// A program that breaks each bar is told so: what is held above is held.
func TestRoomsThatAreTooLargeAreFound(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("package room\n"+text), 0o644))
	}
	write("a.go", `import _ "`+module+`/netcore/internal/pickle"`+"\ntype t struct{}\nfunc (t) A() {}\n"+strings.Repeat("//\n", 300))
	write("b.go", "func (*t) B() {}\ntype g[T any] struct{}\nfunc (g[T]) A() {}")
	write("c.go", "func (t) C() {}")
	write("d.go", "func (t) D() {}\ntype encoder struct{}\nfunc (encoder) AddComplex128() {}\n")
	for n := range 26 {
		write(fmt.Sprintf("m%02d.go", n%17), "")
		text, err := os.ReadFile(filepath.Join(dir, "b.go"))
		require.NoError(t, err)
		more := fmt.Sprintf("\nfunc (g[T]) M%d() {}", n)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "b.go"), append(text, more...), 0o644))
		text, err = os.ReadFile(filepath.Join(dir, "d.go"))
		require.NoError(t, err)
		more = fmt.Sprintf("\nfunc (encoder) M%d() {}", n)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "d.go"), append(text, more...), 0o644))
	}
	write("a_test.go", strings.Repeat("//\n", 999))
	pkg := packageOf(dir)
	require.ElementsMatch(t, []string{
		pkg + " has no doc.go",
		pkg + " has 21 files, 20 at most",
		filepath.ToSlash(filepath.Join(dir, "a.go")) + " has 304 lines, 300 at most",
		pkg + ".t has methods in 4 files, 3 at most: a.go b.go c.go d.go",
		pkg + ".g has 27 methods, 25 at most",
		pkg + " imports netcore/internal/pickle, which is internal to netcore",
	}, roomsOf(t, dir))
}
