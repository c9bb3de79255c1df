package pickle

// The opcodes, with the names that Python's pickletools has for them.
const (
	opMark           = '('
	opStop           = '.'
	opPop            = '0'
	opPopMark        = '1'
	opDup            = '2'
	opBinBytes       = 'B'
	opShortBinBytes  = 'C'
	opFloat          = 'F'
	opBinFloat       = 'G'
	opInt            = 'I'
	opBinInt         = 'J'
	opBinInt1        = 'K'
	opLong           = 'L'
	opBinInt2        = 'M'
	opNone           = 'N'
	opPersID         = 'P'
	opBinPersID      = 'Q'
	opReduce         = 'R'
	opString         = 'S'
	opBinString      = 'T'
	opShortBinString = 'U'
	opUnicode        = 'V'
	opBinUnicode     = 'X'
	opAppend         = 'a'
	opBuild          = 'b'
	opGlobal         = 'c'
	opDict           = 'd'
	opAppends        = 'e'
	opGet            = 'g'
	opBinGet         = 'h'
	opInst           = 'i'
	opLongBinGet     = 'j'
	opList           = 'l'
	opObj            = 'o'
	opPut            = 'p'
	opBinPut         = 'q'
	opLongBinPut     = 'r'
	opSetItem        = 's'
	opTuple          = 't'
	opSetItems       = 'u'
	opEmptyDict      = '}'
	opEmptyList      = ']'
	opEmptyTuple     = ')'

	opProto           = 0x80 // protocol 2
	opNewObj          = 0x81
	opExt1            = 0x82
	opExt2            = 0x83
	opExt4            = 0x84
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opNewTrue         = 0x88
	opNewFalse        = 0x89
	opLong1           = 0x8a
	opLong4           = 0x8b
	opShortBinUnicode = 0x8c // protocol 4
	opBinUnicode8     = 0x8d
	opBinBytes8       = 0x8e
	opEmptySet        = 0x8f
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opNewObjEx        = 0x92
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95
	opByteArray8      = 0x96 // protocol 5
	opReadOnlyBuffer  = 0x98
)

// group says which method executes an instruction. The groups are those of Python's pickletools.
type group uint8

const (
	unknown    group = iota
	constants        // push a value that stands in the pickle
	texts            // the same for texts
	memos            // write or read the memo
	shuffles         // change the stack, or announce something about the pickle
	containers       // make and fill lists, tuples, sets and dicts
	objects          // name globals and call them
)

var groups = func() (of [256]group) {
	for g, ops := range [...][]byte{
		constants: {opNone, opNewTrue, opNewFalse, opInt, opBinInt, opBinInt1, opBinInt2, opLong, opLong1, opLong4, opFloat, opBinFloat,
			opBinBytes, opShortBinBytes, opBinBytes8, opByteArray8, opEmptyTuple, opEmptyList, opEmptySet, opEmptyDict},
		texts:      {opString, opBinString, opShortBinString, opUnicode, opBinUnicode, opShortBinUnicode, opBinUnicode8},
		memos:      {opPut, opBinPut, opLongBinPut, opMemoize, opGet, opBinGet, opLongBinGet},
		shuffles:   {opMark, opPop, opPopMark, opDup, opProto, opFrame, opReadOnlyBuffer},
		containers: {opList, opTuple, opFrozenSet, opDict, opTuple1, opTuple2, opTuple3, opAppend, opSetItem, opAppends, opAddItems, opSetItems},
		objects: {opGlobal, opInst, opStackGlobal, opReduce, opNewObj, opNewObjEx, opObj, opBuild, opPersID, opBinPersID,
			opExt1, opExt2, opExt4},
	} {
		for _, op := range ops {
			of[op] = group(g)
		}
	}
	return of
}()

// lengthSizes is the size of the length before a binary value, in bytes.
var lengthSizes = [256]uint64{
	opBinBytes: 4, opShortBinBytes: 1, opBinBytes8: 8, opByteArray8: 8, opLong1: 1, opLong4: 4,
	opBinUnicode: 4, opShortBinUnicode: 1, opBinUnicode8: 8, opBinString: 4, opShortBinString: 1,
}
