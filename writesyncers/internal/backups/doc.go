// Package backups knows the backups of a log: which name a file gets when it was rolled over, which files are backups, how many of them
// stay, and their compressed form. It knows no writer and takes no lock: methods that change or list names are called with the lock
// of the log's rotation held, so that no other writer of the log changes names meanwhile.
//
//	rolled over ── Compress ──► compressed ── Place ──► named ── Retain ──► gone
//	     └────────────────────── Place ────────────────► │ Publish: compressed later, in place
//	     └── Reserve, then the user's Rotator ───────────► named
//
// # Names
//
//	                      Count 3                       Count -1                     Dated
//	the newest            app.log.1                     app.log.9                    app.log.2024-03-02
//	                      app.log.2.gz                  app.log.8.gz                 app.log.2024-03-01.1.gz
//	the oldest            app.log.3                     app.log.7                    app.log.2024-03-01
//	at the next Place     all move up, the last goes    nothing moves: app.log.10    nothing moves
//
// When the numbers of 7 digits are used up, all backups get the lowest numbers, in their order.
//
// The user's Namer turns these names into others. It may panic, or return anything. It is called a bounded number of times, and no
// loop depends on its answers. If it gives a name twice, the number is put behind it (old.log, old.log.2). If its name cannot be used
// (it is empty, or the log's own, or in a directory that does not exist), the default name is taken and Report is called. New
// returns an error if that shows with today's names.
//
// # Which files are ours
//
// The name decides, in numbered.number (numbered.go) and dated.parse (dated.go), and then the file itself, in names.add and
// names.marked (names.go). The same files are ours whatever the other settings of a Set are. So after a lower Count, another layout of
// dates, a new Namer, or a change of Compress, all backups are still counted, listed and removed. These names are ours:
//
//	numbered   app.log.N, where N has no leading zeros and at most 7 digits, and what the Namer makes of it. Longer numbers are dates; so
//	           are years, 240301, 202403 and the like, unless there is a number just before
//	dated      app.log.DATE and app.log.DATE.N, in every layout of a date, and what the Namer makes of them. The Namer is called with
//	           each date that can be read from the name, and with those that the time of the last write suggests
//	.gz        behind any of these, if the gzip header has our mark: a subfield "zh" with the log's name, or the name and system
//	           fields as earlier versions wrote them. If the Namer's names end in .gz, no mark is needed
//
// In each case the file must be a regular one and not a log itself: when it is first seen, nobody may have it open for writing except
// writers of this log, who may have opened it when it was the log (fsys.WrittenByOthers).
//
// Anything else with such a name is foreign: a directory, a socket, a symbolic link, a .gz that somebody else has made, the log of another
// program. It is never moved, removed or replaced, and its number is skipped. So is the number of one of our backups that cannot be moved
// at the moment (chattr +i, Windows). After a Namer was added, backups with default names are the oldest. Names that an earlier Namer gave
// cannot be recognised.
//
// # Where backups are looked for
//
// In the directory of the log, and in the directories of the Namer's names: for every backup placed since the start, for today and,
// if the Namer has a directory for each day, month or year, for the 400 days, three years or five years before.
//
// With numbers and a Count of up to 256, directories are read once, and after that names are tried one by one. So they are in a
// directory that may be written and not read. Dated backups cannot be found in such a directory; Retain returns that error.
//
// # Which backups stay
//
// Count is a number of backups, not the highest number: gaps, foreign files, and backups that exist in both forms make no backup go
// early. If there are too many, empty backups go first. A backup stays, even beyond Count, while a living process has a lock on it
// or has it open for writing (fsys.InUse). MaxAge goes by the last write; a compressed form has the time of the plain one.
// MaxTotalBytes removes the oldest.
//
// # What a crash leaves
//
// A rename never replaces a file, with one exception: where a Namer gives names in .gz, a complete compressed form replaces its plain file.
// So no file is lost between two renames:
//
//	in the middle of Place     a gap in the numbers: the next Place moves only the backups below it
//	in the middle of Publish   app.log.1 beside app.log.1.gz: RemoveTwice compares them, and removes the plain one if the other is
//	                           complete and the same
package backups
