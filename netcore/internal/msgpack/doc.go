// Package msgpack writes and reads MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md. It allocates nothing.
//
//	nil c0 · false c2 · true c3 · 0…127 00…7f · -32…-1 e0…ff · float ca cb · texts a0…bf d9 da db · bytes c4 c5 c6
//	array 90…9f dc dd, and its values · map 80…8f de df, and its keys and values · extension d4…d8 c7 c8 c9, kind, bytes
//
// The Append functions write a number in the fewest bytes that hold it. How many values an array or a map has is known when they are
// written, so it has a [Container]: a head of some bytes that Close fills in, and makes longer where that does not do.
//
// [Next] takes one value off a message, or the head of a container; [Size] says how long a whole value is, whatever is in it. Both
// read what comes from outside: they go no deeper for a deeper value, and believe no length that is not there.
package msgpack
