package sysloghandler

import (
	"fmt"

	"go.uber.org/zap/zapcore"
)

// Priority is how urgent a message is, from 0, the most urgent, to 7. RFC 5424 section 6.2.1 calls it severity, Python
// priority.
type Priority uint8

// The priorities of RFC 5424 table 2, by Python's names.
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

// Facility is what kind of program a message comes from: RFC 5424 table 1.
type Facility uint8

// The facilities by Python's names.
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

// ParsePriority returns the priority of a name: "emerg" or "panic", "alert", "crit" or "critical", "err" or "error",
// "warning" or "warn", "notice", "info", "debug". As in Python, case matters.
func ParsePriority(name string) (Priority, error) {
	if p, ok := priorityNames[name]; ok {
		return p, nil
	}
	return 0, fmt.Errorf("sysloghandler: priority %q is unknown", name)
}

// ParseFacility returns the facility of a name: "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp",
// "cron", "authpriv", "ftp", "ntp", "security", "console", "solaris-cron", "local0" to "local7". As in Python, case matters.
func ParseFacility(name string) (Facility, error) {
	if f, ok := facilityNames[name]; ok {
		return f, nil
	}
	return 0, fmt.Errorf("sysloghandler: facility %q is unknown", name)
}

// EncodePriority returns the number that a message begins with: eight times the facility plus the priority (Python:
// encodePriority).
func EncodePriority(f Facility, p Priority) int { return int(f)<<3 | int(p) }

// mapPriority is Python's mapPriority for zap's levels. What is above Error is CRITICAL there, not emerg, which daemons shout
// at every terminal; levels that zap does not know are warnings.
func mapPriority(l zapcore.Level) Priority {
	switch l {
	case zapcore.DebugLevel:
		return Debug
	case zapcore.InfoLevel:
		return Info
	case zapcore.WarnLevel:
		return Warning
	case zapcore.ErrorLevel:
		return Err
	case zapcore.DPanicLevel, zapcore.PanicLevel, zapcore.FatalLevel:
		return Crit
	default:
		return Warning
	}
}
