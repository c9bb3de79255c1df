// Package stored remembers the records that an engine has though their Append returned an error, because a sync failed or an answer
// was lost, so that whoever appends the same ones again, together or in parts, before or behind others, does not have them twice.
//
//	Append ── Without ──► those that are not there yet ── stored? ──no──► Add, an error
//	                                                        └──yes─► Forget, nil
//
// Contract: of records with the same bytes as many are left out as were added and not forgotten since. What has not been appended again
// by the time that limit bytes of others were added has been given up, and is forgotten.
package stored
