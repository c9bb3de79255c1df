package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// tools are the readers, and whether they are here.
func tools(cfg config) []tool {
	return append(append(append(tails(), shippers()...), watchers()...), packages(cfg)...)
}

// tails are tail -F and its kin.
func tails() []tool {
	return []tool{
		tail("GNU tail -F", "tail"),
		tail("GNU tail -F ---disable-inotify", "tail", "---disable-inotify"),
		tail("busybox tail -F", "busybox", "tail"),
		tail("toybox tail -F", "toybox", "tail").random(0.1),
		tail("uutils tail -F", "/usr/lib/cargo/bin/coreutils/tail").random(0.02),
	}
}

func tail(name, program string, args ...string) tool {
	t := installed(tool{name: name, command: func(f folder) (*exec.Cmd, error) {
		return exec.Command(program, append(args[:len(args):len(args)], "-n", "+1", "-F", f.log)...), nil
	}}, program)
	for _, version := range [][]string{{"--version"}, {"--help"}} {
		if t.missing == nil && !strings.Contains(t.version, ".") {
			t.version, _ = versionOf(program, version...)
		}
	}
	return t
}

// random has a tool judged more mildly, by so much of all records; one that may lose everything is not judged.
func (t tool) random(slack float64) tool { t.slack = slack; return t }

//go:embed programs/watchdog.py
var watchdogProgram string

//go:embed programs/filetail.pl
var fileTailProgram string

// watchers are readers that are made for something else than passing lines on.
func watchers() []tool {
	return []tool{
		watchdog(),
		fail2ban("pyinotify").random(0.02),
		fail2ban("polling").random(0.1),
		installed(tool{name: "logtail2 every 2 s", command: func(f folder) (*exec.Cmd, error) {
			return exec.Command("sh", "-c", `while :; do logtail2 -f "$1" -o offset; sleep 2; done`, "logtail", f.log), nil
		}}, "logtail2").random(1),
		{name: "mtail", missing: errors.New("it counts lines, and prints none")},
		installed(tool{name: "SEC", number: regexp.MustCompile(`seen (\d{7})`), command: sec}, "sec", "--version"),
		perlTail(),
		installed(tool{name: "xtail", command: func(f folder) (*exec.Cmd, error) {
			return exec.Command("xtail", filepath.Dir(f.log)), nil
		}}, "xtail"),
	}
}

func watchdog() tool {
	t := tool{name: "python3-watchdog follower", missing: fmt.Errorf("no Python here has the module watchdog")}
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		version, err := versionOf(python, "-c", "import importlib.metadata, watchdog.observers as w; print('watchdog', importlib.metadata.version('watchdog'))")
		if err == nil && version != "" && version[0] == 'w' {
			t.version, t.missing = version, nil
			t.command = func(f folder) (*exec.Cmd, error) { return exec.Command(python, "-c", watchdogProgram, f.log), nil }
			break
		}
	}
	return t
}

// fail2ban says in its own log which lines match.
func fail2ban(backend string) tool {
	return installed(tool{
		name:   "fail2ban " + backend,
		number: regexp.MustCompile(`Found (\d{7})`),
		command: func(f folder) (*exec.Cmd, error) {
			etc := filepath.Join(f.work, "etc")
			files := map[string]string{
				"fail2ban.conf":         "[Definition]\nloglevel = INFO\nlogtarget = STDOUT\nsocket = " + f.work + "/socket\npidfile = " + f.work + "/pid\ndbfile = None\n",
				"jail.conf":             "[DEFAULT]\n[readers]\nenabled = true\nfilter = readers\nbackend = " + backend + "\nlogpath = " + f.log + "\nmaxretry = 1000000\naction =\n",
				"filter.d/readers.conf": "[Definition]\nfailregex = ^W <F-ID>\\d{7}</F-ID> x+$\ndatepattern = {NONE}\n",
				"action.d/none.conf":    "[Definition]\n",
			}
			for name, text := range files {
				if err := writeFile(filepath.Join(etc, name), text); err != nil {
					return nil, err
				}
			}
			return exec.Command("fail2ban-server", "-f", "-c", etc, "start"), nil
		},
	}, "fail2ban-server", "--version")
}

func sec(f folder) (*exec.Cmd, error) {
	rule := "type=Single\nptype=RegExp\npattern=^W (\\d{7}) x+\ndesc=record\naction=write - seen $1\n"
	if err := writeFile(filepath.Join(f.work, "rules"), rule); err != nil {
		return nil, err
	}
	return exec.Command("sec", "--conf="+filepath.Join(f.work, "rules"), "--input="+f.log), nil
}

func perlTail() tool {
	t := installed(tool{name: "File::Tail", command: func(f folder) (*exec.Cmd, error) {
		return exec.Command("perl", "-e", fileTailProgram, f.log), nil
	}}, "perl", "-MFile::Tail", "-e", `print "File::Tail $File::Tail::VERSION"`)
	if t.missing == nil && (len(t.version) < 4 || t.version[:4] != "File") {
		t.missing = fmt.Errorf("perl has no File::Tail")
	}
	return t
}

// writeFile writes a small file, and makes its folder.
func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// moduleVersion is that of a Go module in this program.
func moduleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == path {
				return dep.Version
			}
		}
	}
	return ""
}
