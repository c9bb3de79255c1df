package writesyncers

// Stats counts what a writer did since it was made. Every counter only grows.
type Stats struct {
	Records    uint64 // records written whole
	Bytes      uint64 // bytes that reached the file or stream, header and torn records included
	Errors     uint64 // records whose Write returned an error
	Opens      uint64 // times a file was opened, the first time included
	Rotations  uint64 // rollovers done
	Compressed uint64 // backups compressed
	Refused    uint64 // steps that failed where nobody waited for the answer: each was or will be tried again
}
