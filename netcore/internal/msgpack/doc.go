// Package msgpack writes and reads MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md. It allocates nothing.
//
//	nil c0 · false c2 · true c3 · 0…127 00…7f · -32…-1 e0…ff · float ca cb · texts a0…bf d9 da db · bytes c4 c5 c6
//	array 90…9f dc dd, and its values · map 80…8f de df, and its keys and values · extension d4…d8 c7 c8 c9, kind, bytes
//
// The Append functions write a number in the fewest bytes that hold it. The count of an array or a map is known only when its values
// are written. So it is a [Container]: a head of an expected size, which Close fills in, and enlarges if the count needs more.
//
// [Next] reads one value of a message, or the head of a container. [Size] returns the size of a complete value with everything in it. Both
// read untrusted input: they do not recurse, and do not trust a length that goes beyond the input.
package msgpack
