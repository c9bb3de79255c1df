package main

import (
	"errors"
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
		{name: "OpenTelemetry file_log", missing: errors.New("the collector takes minutes to build, and is not part of this program")},
	}
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
	program := os.Getenv("ZAPHANDLERS_SYSLOG_NG")
	if program == "" {
		program = "syslog-ng"
	}
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
