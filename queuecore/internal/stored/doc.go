// Package stored remembers records that an engine has stored although their Append returned an error, because a sync failed or an answer
// was lost. When the same records are appended again, together or in parts, before or after others, they are not stored twice.
//
//	Append ── Without ──► those that are not there yet ── stored? ──no──► Add, an error
//	                                                        └──yes─► Forget, nil
//
// Without leaves out a record as often as the same bytes were added and not forgotten since. Records that were not appended again
// when limit bytes of others have been added are taken as given up, and forgotten.
package stored
