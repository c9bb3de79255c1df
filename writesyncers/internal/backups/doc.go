// Package backups is what becomes of a file once it was rolled out: which name it gets, which names are ours to move and to
// remove, how many of them stay, and their compressed form. It knows no writer and takes no lock: what changes or
// lists names is called with the lock of the log's rotation held, so that nobody else who knows of that lock changes names meanwhile.
//
//	rolled out ── Compress ──► compressed ── Place ──► named ── Retain ──► gone
//	     └────────────────────── Place ────────────────► │ Publish: compressed later, in place
//	     └── Reserve, somebody else's code (a Rotator) ──► named
//
// # Names
//
//	                      Count 3                       Count -1                     Dated
//	the newest            app.log.1                     app.log.9                    app.log.2024-03-02
//	                      app.log.2.gz                  app.log.8.gz                 app.log.2024-03-01.1.gz
//	the oldest            app.log.3                     app.log.7                    app.log.2024-03-01
//	at the next Place     all move up, the last goes    nothing moves: app.log.10    nothing moves
//
// Behind the highest number of 7 digits all get the lowest ones, in their order.
//
// A Namer makes other names of these. It is somebody else's code: it may panic, or give anything. It is asked a bounded number of
// times, and no loop ends by what it says. Where it gives a name twice the number is put behind what it gave (old.log, old.log.2); where
// its name cannot be used (it is empty, or the log's own, or in a directory that is not there) the default name is taken and Report
// told. New refuses such a Namer if it shows on the names of today.
//
// # What is ours
//
// By the name, numbered.number (find.go) or dated.parse (dated.go) says so; by what the file is, names.add and names.marked (names.go).
//
// The same is ours in every Set of a log, whatever its other settings are; so a lower Count, another layout of dates, a Namer, or
// compression that is switched on or off leaves nothing behind that nobody counts, lists and removes:
//
//	numbered   app.log.N, N without leading zeros and of at most 7 digits (longer ones are dates; so are years, 240301, 202403 and
//	           the like, unless a number just before is there as well); and what the Namer makes of it
//	dated      app.log.DATE and app.log.DATE.N, in every layout a date has in the name of a backup; and what the Namer makes of it:
//	           it is asked about each date that can be read from the name, and about those that the time of the last write suggests
//	.gz        behind any of these, if the gzip header bears our mark: a subfield "zh" with the log's name (or the field for the name and
//	           the system as earlier versions wrote them); behind the Namer's own name also without, if the Namer gives a name that
//	           ends so
//
// and in each case a regular file that is no log itself: when it is first seen nobody has it open for writing but writers of this log,
// who may have opened it when it was that (fsys.WrittenByOthers). Anything else that has such a name (a directory, a socket, a symbolic
// link, a .gz that somebody else has made, the log of another program) is foreign: it is never moved, removed or replaced, and its number
// is stepped over; so is that of a backup of ours which cannot be moved at this time (chattr +i, Windows). Default names from before there
// was a Namer are the oldest; what a Namer of before has named otherwise nobody can know.
//
// Files are looked for in the directory of the log and in those that the Namer's names lead to: of every backup placed since the
// start, of today, and, if it has a directory for each day, month or year, of 400 days, three years or five years before. They are
// read once where a Count of up to 256 has backups numbered: after that names are tried one by one, as they are in a directory that
// may be written and not read. Dated ones cannot be found in such a directory, which Retain says.
//
// # What stays
//
// Count is about backups, not numbers: a gap in the numbers, foreign ones among them, or a backup that is there in both forms
// drops nothing early. Empty backups go before all others when there are too many. None goes that a living process has a lock on,
// or open for writing (fsys.InUse), which may then stay beyond Count for as long. MaxAge goes by the last write, which a compressed form
// has from the plain one, and MaxTotalBytes takes the oldest.
//
// # What a crash leaves
//
// Every rename is to a name that nobody has, or to that of the plain file whose complete compressed form it is, where a Namer gives names in
// .gz; so no state between two of them has lost a file:
//
//	in the middle of Place     a gap in the numbers: the next Place moves no more than it has to
//	in the middle of Publish   app.log.1 beside app.log.1.gz: RemoveTwice compares them, and removes the plain one if the other is
//	                           complete and the same
package backups
