//go:build unix

package faults

import "log/syslog"

var logSyslog = []client{{"log/syslog", delimited('\n'), func(address string) (sender, error) {
	w, err := syslog.Dial("tcp", address, syslog.LOG_INFO|syslog.LOG_USER, "shop")
	if err != nil {
		return nil, err
	}
	return sending{w.Info, w.Close}, nil
}}}
