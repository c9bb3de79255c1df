package sysloghandler

import (
	"fmt"

	"go.uber.org/zap/zapcore"
)

// Priority is the urgency of a message, from 0, the most urgent, to 7. RFC 5424 section 6.2.1 calls it severity, Python priority.
type Priority uint8

// The priorities of RFC 5424 table 2, with Python's names.
const (
	Emerg Priority = iota // the system is unusable; shown to all who are logged in
	Alert
	Crit
	Err
	Warning
	Notice
	Info
	Debug
)

// Facility is the kind of program that a message comes from: RFC 5424 table 1.
type Facility uint8

// The facilities, with Python's names.
const (
	Kern Facility = iota
	User
	Mail
	Daemon
	Auth
	Syslog
	LPR
	News
	UUCP
	Cron
	AuthPriv
	FTP
	NTP
	Security
	Console
	SolarisCron
	Local0
	Local1
	Local2
	Local3
	Local4
	Local5
	Local6
	Local7
)

// priorityNames is Python's SysLogHandler.priority_names.
var priorityNames = map[string]Priority{
	"alert": Alert, "crit": Crit, "critical": Crit, "debug": Debug, "emerg": Emerg, "err": Err, "error": Err,
	"info": Info, "notice": Notice, "panic": Emerg, "warn": Warning, "warning": Warning,
}

// facilityNames is Python's SysLogHandler.facility_names.
var facilityNames = map[string]Facility{
	"auth": Auth, "authpriv": AuthPriv, "console": Console, "cron": Cron, "daemon": Daemon, "ftp": FTP, "kern": Kern,
	"lpr": LPR, "mail": Mail, "news": News, "ntp": NTP, "security": Security, "solaris-cron": SolarisCron, "syslog": Syslog,
	"user": User, "uucp": UUCP, "local0": Local0, "local1": Local1, "local2": Local2, "local3": Local3, "local4": Local4,
	"local5": Local5, "local6": Local6, "local7": Local7,
}

// ParsePriority returns the priority with that name: "emerg" or "panic", "alert", "crit" or "critical", "err" or "error", "warning"
// or "warn", "notice", "info", "debug". As in Python, case matters.
func ParsePriority(name string) (Priority, error) {
	if p, ok := priorityNames[name]; ok {
		return p, nil
	}
	return 0, fmt.Errorf("sysloghandler: priority %q is unknown", name)
}

// ParseFacility returns the facility with that name: "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp",
// "cron", "authpriv", "ftp", "ntp", "security", "console", "solaris-cron", "local0" to "local7". As in Python, case matters.
func ParseFacility(name string) (Facility, error) {
	if f, ok := facilityNames[name]; ok {
		return f, nil
	}
	return 0, fmt.Errorf("sysloghandler: facility %q is unknown", name)
}

// facilityOf returns the facility for Config.Facility, a name or a constant.
func facilityOf(named any) (Facility, error) {
	switch f := named.(type) {
	case nil:
		return User, nil
	case Facility:
		if f <= Local7 {
			return f, nil
		}
		return 0, wrong("Facility", "%d is unknown: the last is %d, Local7", f, Local7)
	case string:
		if f == "" {
			return User, nil
		}
		if known, ok := facilityNames[f]; ok {
			return known, nil
		}
		return 0, wrong("Facility", "%q is unknown: there are \"user\", \"daemon\", \"local0\" and more, see ParseFacility", f)
	}
	return 0, wrong("Facility", `must be a name, "local0", or a constant, sysloghandler.Local0, and is of type %T`, named)
}

// EncodePriority returns the number at the beginning of a message: eight times the facility plus the priority (Python:
// encodePriority).
func EncodePriority(f Facility, p Priority) int { return int(f)<<3 | int(p) }

// mapPriority is Python's mapPriority for zap's levels, for Python's form: a level that is none of zap's is a warning.
func mapPriority(l zapcore.Level) Priority {
	if l < zapcore.DebugLevel || l > zapcore.FatalLevel {
		return Warning
	}
	return severity(l)
}

// severity returns the priority of a level. Above Error it is crit, Python's CRITICAL, and not emerg, which daemons show on every
// terminal. A custom level is debug below zap's Debug, and crit above its Fatal.
func severity(l zapcore.Level) Priority {
	switch {
	case l <= zapcore.DebugLevel:
		return Debug
	case l == zapcore.InfoLevel:
		return Info
	case l == zapcore.WarnLevel:
		return Warning
	case l == zapcore.ErrorLevel:
		return Err
	default:
		return Crit
	}
}
