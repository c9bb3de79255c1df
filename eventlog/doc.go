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
// An event belongs to a source, and a source is a key in the registry. The key says in which log its events are kept, and
// which file has the texts for their ids. Without it, the Event Viewer shows each event with an apology above it.
//
//	HKLM\SYSTEM\CurrentControlSet\Services\EventLog
//	    └─ Application                 the log: Config.Log
//	           └─ orders               the source: Config.Source
//	                 EventMessageFile  %SystemRoot%\System32\EventCreate.exe: Config.MessageFile
//	                 TypesSupported    7: errors, warnings, information
//	                 CustomSource      1: an application's own, not the system's
//
// Making the key needs the rights of an administrator, writing events does not. So a setup program calls Install once, and the
// service runs without rights. New installs nothing unless Config.InstallIfMissing is set: if the source is missing,
// it returns an error with the commands that an administrator has to run. Remove removes the key; events that are in the
// log stay there.
//
// EventCreate.exe is on every Windows. Its text for the ids 1 to 1000 is just the string that it is given; other ids are
// refused. With a message file of your own, texts can be short, and in many languages: return its ids from
// Config.EventID, and what to insert into its texts from Config.Strings.
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
// The first part is the message, the second everything else as one JSON object, the third the stack, if there is one.
// Config.Encoder makes another text. Debug and Info are shown as Information, Warn as Warning, Error and above as Error.
// The record's own level and time are in the text, because the log has only three levels, and shows the time at which it got the event.
//
// # What happens to the text
//
// An event's strings are UTF-16 and end at the first NUL. Invalid UTF-8 becomes U+FFFD, and a control character becomes
// its picture: NUL is ␀, escape is ␛. Tabs and line ends stay.
//
// The log takes less than Microsoft documents: events of 31,700 units were refused, where 31,839 are promised. So an
// event, its data included, is cut to 31,000 units, and a cut text ends in "… [cut]". A surrogate pair is never split.
//
// The Event Viewer looks for insertion codes even in the strings that it inserts, again and again, and has no way to escape them
// ([MS-EVEN] 3.2.4.1.5): unchanged, the text "%1" would show the event's text inside itself. If a percent sign would be taken for a
// code, an invisible U+200B is put behind it. A percent sign that is no code, as in "100 %" and "%20", is left alone.
//
// # When the log does not answer
//
// A Write is one call of ReportEvent. After an error the core opens the source again and tries once more, because a log service that
// was restarted does not know the handles from before.
//
// A call of Windows has no deadline and cannot be cancelled. So a goroutine of the core makes the calls. After Config.Timeout the
// Write returns an error that is os.ErrDeadlineExceeded; then the log is left alone for a while, and Write fails at once. A call that has
// timed out may still succeed later. Then the event is in the log although its Write returned an error: Config.OnError is told, and
// a queue that tries it again writes it twice.
//
// How long each method waits:
//
//	New                                Timeout, for opening the source; the registry answers at once
//	Write, WriteBatch                  Timeout for each event; not at all while the log is left alone
//	Sync, With, Check, Enabled, Stats  only for the lock of another call
//	Close                              1 s, or Timeout if that is less, and the same again for a call that is under way
//	Install, Remove                    as long as the registry takes: they are for a setup program
//
// Write waits for the log. Put package queuecore in front to write in the background, and to try again.
//
// # How the files hang together
//
//	core.go ─┬─ formatter.go ── event.go, text.go   an event, and how a text is cut for it
//	         └─ emitter.go ── worker.go             the calls, each with a deadline
//	source.go                                       Install, Remove: the registry
//	api.go ── api_windows.go, api_other.go          the calls of Windows
//
// # Differences from Python
//
// Python's handler tries to make the registry key each time it is constructed and ignores a refusal, so that a service without
// rights logs with an unknown source; here that is an error. Python does not change the text as above. In Python an unknown level is an
// Error; here its number decides, like that of any other level.
//
// On other systems New, Install and Remove return an error that is errors.ErrUnsupported.
package eventlog
