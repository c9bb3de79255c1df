// Package eventlog writes zap's records to the Windows event log: Python's NTEventLogHandler.
//
//	core, err := eventlog.New(eventlog.Config{Source: "orders"})
//	if err != nil {
//		return err
//	}
//	defer core.Close()
//	logger := zap.New(core)
//
// # Sources
//
// An event belongs to a source, and Windows knows a source by a key in the registry. The key says in which log its events
// are kept, and which file has the texts for their ids; without it, the Event Viewer shows each event below an apology.
//
//	HKLM\SYSTEM\CurrentControlSet\Services\EventLog
//	    └─ Application                 the log: Config.Log
//	           └─ orders               the source: Config.Source
//	                 EventMessageFile  %SystemRoot%\System32\EventCreate.exe: Config.MessageFile
//	                 TypesSupported    7: errors, warnings, information
//	                 CustomSource      1: an application's own, not the system's
//
// Making the key takes the rights of an administrator, writing events does not. So a setup program calls Install once, and the
// service runs without rights. New does not install anything unless Config.InstallIfMissing says so: where the source is
// missing it returns an error with the commands that an administrator has to run. Removing the key again is what Remove does;
// events that are in the log stay there.
//
// EventCreate.exe is on every Windows, and has a text for the ids 1 to 1000 that is nothing but what it is given. An id outside
// of these is refused. With a message file of your own, texts can be short, and in many languages: give its ids by
// Config.EventID and what is to be inserted into its texts by Config.Strings.
//
// # What a person sees
//
// The Event Viewer shows a list, and below it the chosen event:
//
//	Level        Date and Time         Source   Event ID   Task Category
//	Error        22/11/2026 10:11:12   orders   1          None
//
//	payment refused
//	{"level":"error","time":"2026-11-22T10:11:12.345Z","logger":"shop","caller":"shop/pay.go:42","order":1234}
//
//	goroutine 1 [running]: …
//
// The first part is the message; the second is everything else, as one JSON object; the third is the stack, if there is one.
// Config.Encoder makes another text. Debug and Info are shown as Information, Warn as Warning, Error and all above as Error;
// the record's own level and time are in the text, because the log has only three levels and the time at which it got the event.
//
// # What is done to the text
//
// An event's strings are UTF-16 and end at the first NUL. What is not UTF-8 becomes U+FFFD, and a control character becomes
// its picture: NUL is ␀, escape is ␛. Tabs and line ends stay.
//
// The log takes less than Microsoft documents: events of 31,700 units have been seen refused where 31,839 are promised. So an
// event is cut to 31,000 units, its data counted, and a cut text ends in "… [cut]". A surrogate pair is never split.
//
// The Event Viewer looks for insertion codes even in what it inserts, again and again, and has no way to escape them ([MS-EVEN]
// 3.2.4.1.5): logged as it is, the text "%1" would show the event's text inside itself. Where a percent sign would be taken for a
// code, an invisible U+200B follows it. A percent sign that stands for nothing, as in "100 %" and "%20", is left alone.
//
// # When the log does not answer
//
// A Write is one call of ReportEvent. An error makes the core open the source anew and try once more, since a log service that
// was restarted knows nothing of the handles it gave out. A call has no deadline of its own, and no other way to end it. So the
// calls are made by a goroutine of the core's own: after Config.Timeout the Write returns an error that is os.ErrDeadlineExceeded,
// the log is left alone for a while, and Write fails at once. A call that has timed out may still succeed later: such an event is
// in the log although its Write returned an error, Config.OnError is told, and a queue that tries it again doubles it.
//
//	New                                Timeout, for opening the source; the registry answers at once
//	Write, WriteBatch                  Timeout for each event; nothing while the log is left alone
//	Sync, With, Check, Enabled, Stats  nothing but another call's lock
//	Close                              1 s, or Timeout if that is less, and the same again for a call that is under way
//	Install, Remove                    as long as the registry takes: they are for a setup program
//
// Write waits for the log. Put package queuecore in front to have it done in the background, and tried again.
//
// # How the files hang together
//
//	core.go ─┬─ formatter.go ── event.go, text.go   an event, and how a text is cut for it
//	         └─ emitter.go ── worker.go             the calls, each with a deadline
//	source.go                                       Install, Remove: the registry
//	api.go ── api_windows.go, api_other.go          what is asked of Windows
//
// # Differences from Python
//
// Python's handler tries to make the registry key each time it is made and ignores that it may not, so that a service without
// rights logs with an unknown source; here that is an error. Python prepares no text for the log, as above. An unknown level is an
// Error in Python; here it is what its place among the others makes it.
//
// On other systems New, Install and Remove return an error that is errors.ErrUnsupported.
package eventlog
