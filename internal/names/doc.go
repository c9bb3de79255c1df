// Package names makes the names in a document distinct, whatever the fields of a record are called. Backends refuse a document
// that has a member twice, or one name for a value and for an object; some store the one value under the other's name.
//
// The rule, as packages httpcore and netcore document it: each value has a path, the names of the objects around it and its own, joined by
// dots, so that "a.b" and b inside a are one path. In a document a path is there once, and none leads through a value that is
// no object. What the record itself has (message, time, level, ...) comes first, then the fields in order; one that would
// break the rule gets an underscore behind the part of its name that is in the way, and if that is taken too a number from 2 on:
//
//	message  message_  message_2  message_3  message_4.part
//
// A part of a name that is empty or blank becomes an underscore.
//
//	record ─► hash of its names ─┬─ seen before, and right ─► the record itself
//	                             └─ else: look at each name ─┬─ right ─► the record itself, and remember
//	                                                         └─ not ───► a record with other names
//
// Its contract: Rule.Distinct gives a record of which the names follow the rule, and the record itself wherever it does.
package names
