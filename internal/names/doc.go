// Package names makes the names in a document distinct, whatever the fields of a record are called. Backends refuse a document
// that has a member twice, or uses one name for a value and for an object; some store one value under the other's name.
//
// The rule, as packages httpcore and netcore document it: each value has a path, which is the names of the objects around it and its
// own, joined by dots. So "a.b", and b inside a, are the same path. A document has each path once, and no path leads through a value that
// is not an object. The members of the record itself (message, time, level, ...) come first, then the fields in order. A field that
// would break the rule gets an underscore behind the part of its name that collides and, if that name is taken too, a number from 2 on:
//
//	message  message_  message_2  message_3  message_4.part
//
// A part of a name that is empty or blank becomes an underscore.
//
//	record ─► hash of its names ─┬─ seen before, and right ─► the record itself
//	                             └─ else: look at each name ─┬─ right ─► the record itself, and remember
//	                                                         └─ not ───► a record with other names
//
// Its contract: Rule.Distinct returns a record whose names follow the rule. If the given one does, it returns that one.
package names
