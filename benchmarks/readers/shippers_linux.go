package main

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// shippers are the daemons that read files to pass them on.
func shippers() []tool {
	return []tool{
		rsyslog("app.log", "inotify"),
		rsyslog("app.log", "polling").random(0.05),
		rsyslog("app.log*", "inotify").random(0.1),
		rsyslog("app.log*", "polling").random(0.1),
		syslogNG("file()", `file("LOG" flags(no-parse))`),
		syslogNG("wildcard-file() inotify", `wildcard-file(base-dir("DIR") filename-pattern("app.log") monitor-method("inotify") flags(no-parse))`),
		syslogNG("wildcard-file() poll", `wildcard-file(base-dir("DIR") filename-pattern("app.log") monitor-method("poll") flags(no-parse))`),
		fileLog("file_log app.log", "app.log"),
		fileLog("file_log app.log*", "app.log*"),
	}
}

// fileLog is the receiver of the OpenTelemetry Collector, which scripts/readers.sh builds.
func fileLog(name, pattern string) tool {
	cache, err := os.UserCacheDir()
	if err != nil {
		return tool{name: name, missing: err}
	}
	program := filepath.Join(cache, "zaphandlers", "readers", "filelog")
	t := tool{name: name, version: "OpenTelemetry Collector contrib 0.165.1", command: func(f folder) (*exec.Cmd, error) {
		return exec.Command(program, filepath.Join(filepath.Dir(f.log), pattern)), nil
	}}
	if _, err := os.Stat(program); err != nil {
		t.missing = fmt.Errorf("%s is not there; scripts/readers.sh builds it", program)
	}
	return t
}

func rsyslog(pattern, mode string) tool {
	return installed(tool{name: "rsyslog imfile " + pattern + " " + mode, command: func(f folder) (*exec.Cmd, error) {
		config := fmt.Sprintf(`global(workDirectory=%q)
module(load="imfile" mode=%q pollingInterval="1")
input(type="imfile" file=%q tag="readers:" ruleset="readers")
template(name="line" type="string" string="%%msg%%\n")
ruleset(name="readers") { action(type="omfile" file=%q template="line") }
`, f.work, mode, filepath.Join(filepath.Dir(f.log), pattern), f.printed)
		name := filepath.Join(f.work, "rsyslog.conf")
		return exec.Command("rsyslogd", "-n", "-f", name, "-i", filepath.Join(f.work, "pid")), writeFile(name, config)
	}}, "rsyslogd", "-v")
}

func syslogNG(name, source string) tool {
	program := cmp.Or(os.Getenv("ZAPHANDLERS_SYSLOG_NG"), "syslog-ng")
	return installed(tool{name: "syslog-ng " + name, command: func(f folder) (*exec.Cmd, error) {
		config := fmt.Sprintf(`@version: 3.38
options { stats-freq(0); };
source s { %s; };
destination d { file(%q template("${MSG}\n")); };
log { source(s); destination(d); };
`, strings.NewReplacer("LOG", f.log, "DIR", filepath.Dir(f.log)).Replace(source), f.printed)
		name := filepath.Join(f.work, "syslog-ng.conf")
		own := func(s string) string { return filepath.Join(f.work, s) }
		return exec.Command(program, "-F", "-f", name, "-p", own("pid"), "-c", own("control"), "-R", own("state"),
			"--no-caps"), writeFile(name, config)
	}}, program, "--version")
}
