package pickle

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// dtype is one of NumPy's, as protocol 1 has it; more is what stands behind the eight parts of its state.
func dtype(code, order, more string) string {
	return "cnumpy\ndtype\n(" + str(code) + "I00\nI01\ntR(K\x03" + str(order) + "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00" + more + "tb"
}

// unit is that of a time.
func unit(name string, n byte) string {
	return "(}(" + chars(name) + "K" + string([]byte{n}) + "K\x01K\x01tt"
}

// chars are bytes, as protocols 1 and 2 have them.
func chars(s string) string {
	var text []rune
	for i := range len(s) {
		text = append(text, rune(s[i]))
	}
	return "c_codecs\nencode\n(" + str(string(text)) + str("latin1") + "tR"
}

func scalar(dtype, bytes string) string {
	return "cnumpy.core.multiarray\nscalar\n(" + dtype + chars(bytes) + "tR"
}

// ndarray is an array whose state has that data.
func ndarray(shape, dtype, columns, data string) string {
	return "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00t" + chars("b") + "tR(K\x01(" + shape + "t" + dtype + columns + data + "tb"
}

// buffer is an array as protocol 5 and NumPy 2 have it.
func buffer(shape, code, order, bytes string) string {
	return "\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(\x96" + string([]byte{byte(len(bytes))}) + "\x00\x00\x00\x00\x00\x00\x00" + bytes +
		"\x8c\x05numpy\x8c\x05dtype\x93\x8c" + string([]byte{byte(len(code))}) + code + "\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb(" +
		shape + "t\x8c\x01" + order + "tR"
}

// masked is a masked array.
func masked(shape, code, data, mask string) string {
	return "cnumpy.ma.core\n_mareconstruct\n(cnumpy.ma.core\nMaskedArray\ncnumpy\nndarray\n(K\x00t" + chars("b") + "tR(K\x01(" + shape + "t" +
		dtype(code, "|", "") + "I00\n" + data + chars(mask) + "Ntb"
}

// record is the dtype of records of that size, with names, dtypes and offsets of their parts.
func record(code string, size int, parts ...any) string {
	names, fields := "", ""
	for i := 0; i < len(parts); i += 3 {
		names += str(parts[i].(string))
		fields += str(parts[i].(string)) + "(" + parts[i+1].(string) + "K" + string([]byte{byte(parts[i+2].(int))}) + "t"
	}
	return "cnumpy\ndtype\n(" + code + "I00\nI01\ntR(K\x03" + str("|") + "N(" + names + "t}(" + fields + "uK" + string([]byte{byte(size)}) + "K\x01K\x10tb"
}

// repeated is the dtype of an array in a record.
func repeated(code, of, shape string) string {
	return "cnumpy\ndtype\n(" + str(code) + "I00\nI01\ntR(K\x03" + str("|") + "(" + of + "(" + shape + "ttNNK\x04K\x01K\x10tb"
}

// TestDecodeNumPy holds that scalars and arrays are their values. The frames are those of NumPy 1.24.
func TestDecodeNumPy(t *testing.T) {
	const i2 = "\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00"
	for _, test := range []struct{ name, value, want string }{
		{"int64", scalar(dtype("i8", "<", ""), "\xfd\xff\xff\xff\xff\xff\xff\xff"), "-3"},
		{"int64 of NumPy 2", strings.ReplaceAll(scalar(dtype("i8", "<", ""), "\xfd\xff\xff\xff\xff\xff\xff\xff"), "numpy.core", "numpy._core"), "-3"},
		{"int64 of Python 2", "cnumpy.core.multiarray\nscalar\n(" + dtype("i8", "<", "") + "U\x08\xfd\xff\xff\xff\xff\xff\xff\xfftR", "-3"},
		{"uint64", scalar(dtype("u8", "<", ""), "\x01\x00\x00\x00\x00\x00\x00\x80"), "9223372036854775809"},
		{"int8", scalar(dtype("i1", "|", ""), "\xff"), "-1"},
		{"uint8", scalar(dtype("u1", "|", ""), "\xff"), "255"},
		{"int32, big-endian", scalar(dtype("i4", ">", ""), "\xff\xff\xff\xfe"), "-2"},
		{"float64", scalar(dtype("f8", "<", ""), "\x00\x00\x00\x00\x00\x00\xe0\x3f"), "0.5"},
		{"float32", scalar(dtype("f4", "<", ""), "\x00\x00\xc0\x3f"), "1.5"},
		{"float16", scalar(dtype("f2", "<", ""), "\x00\xbe"), "-1.5"},
		{"the least float16", scalar(dtype("f2", "<", ""), "\x01\x00"), "5.960464477539063e-08"},
		{"infinity", scalar(dtype("f2", "<", ""), "\x00\xfc"), "-Inf"},
		{"no number", scalar(dtype("f2", "<", ""), "\x01\x7c"), "NaN"},
		{"complex128", scalar(dtype("c16", "<", ""), "\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x00\xc0"), "(1-2i)"},
		{"longdouble of amd64", scalar(dtype("f16", "<", ""), "\xcd\xcc\xcc\xcc\xcc\xcc\xcc\xcc\xfb\xbf\x00\x00\x00\x00\x00\x00"), "-0.1"},
		{"longdouble of i386", scalar(dtype("f12", "<", ""), "\x00\x00\x00\x00\x00\x00\x00\xc0\xff\x3f\x00\x00"), "1.5"},
		{"longdouble, zero", scalar(dtype("f16", "<", ""), strings.Repeat("\x00", 16)), "0"},
		{"longdouble, infinity", scalar(dtype("f16", "<", ""), "\x00\x00\x00\x00\x00\x00\x00\x80\xff\x7f\x00\x00\x00\x00\x00\x00"), "+Inf"},
		{"longdouble beyond float64", scalar(dtype("f16", "<", ""), "\xe6\xf9\x9f\xcb\xc8\x3f\x76\xda\x2f\xc5\x00\x00\x00\x00\x00\x00"), `"-1e+400"`},
		{"longdouble behind which something was", scalar(dtype("f16", "<", ""), "\xab\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xfd\x3f\x12\x7f\x34\x7f\x00\x00"), "0.3333333333333333"},
		{"longdouble of i386 likewise", scalar(dtype("f12", "<", ""), "\x00\x00\x00\x00\x00\x00\x00\xc0\xff\x3f\xf0\x3f"), "1.5"},
		{"longdouble, zero likewise", scalar(dtype("f16", "<", ""), strings.Repeat("\x00", 10)+"\x12\x7f\x34\x7f\x00\x00"), "0"},
		{"longdouble behind which a float64 was", scalar(dtype("f16", "<", ""), "\xab\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xfd?\x00\x00\x00\x00\xf0?"),
			"\"\ufffd?" + strings.Repeat(`\x00`, 4) + "\ufffd?\""},
		{"longdouble of PowerPC", scalar(dtype("f16", "<", ""), "\x00\x00\x00\x00\x00\x00\xf8?"+strings.Repeat("\x00", 8)),
			`"` + strings.Repeat(`\x00`, 6) + "\ufffd?" + strings.Repeat(`\x00`, 8) + `"`},
		{"longdouble of arm64", scalar(dtype("f16", "<", ""), strings.Repeat("\x00", 15)+"@"), `"` + strings.Repeat(`\x00`, 15) + `@"`},
		{"clongdouble of amd64", scalar(dtype("c32", "<", ""), "\x00\x00\x00\x00\x00\x00\x00\x80\xff\x3f"+strings.Repeat("\x00", 6)+
			"\x00\x00\x00\x00\x00\x00\x00\x80\x00\xc0"+strings.Repeat("\x00", 6)), "(1-2i)"},
		{"clongdouble of i386", ndarray("K\x01", dtype("c24", "<", ""), "I00\n", chars("\x00\x00\x00\x00\x00\x00\x00\xc0\xff\x3f\x00\x00"+strings.Repeat("\x00", 12))), "[(1.5+0i)]"},
		{"clongdouble of arm64", scalar(dtype("c32", "<", ""), strings.Repeat(strings.Repeat("\x00", 15)+"@", 2)), `"` + strings.Repeat(strings.Repeat(`\x00`, 15)+`@`, 2) + `"`},
		{"bool", scalar(dtype("b1", "|", ""), "\x01"), "True"},
		{"str_", scalar(dtype("U3", "<", ""), "h\x00\x00\x00\xe9\x00\x00\x00\x00\x00\x00\x00"), `"hé"`},
		{"an empty str_", scalar(dtype("U0", "<", ""), ""), `""`},
		{"bytes_", scalar(dtype("S2", "|", ""), "ab"), `"ab"`},
		{"datetime64", scalar(dtype("M8", "<", unit("ms", 1)), "\x24\xfa\xff\xff\xff\xff\xff\xff"), `"1969-12-31T23:59:58.500"`},
		{"datetime64 of a day", scalar(dtype("M8", "<", unit("D", 1)), "\x1a\x50\x00\x00\x00\x00\x00\x00"), `"2026-02-22"`},
		{"datetime64 of ten minutes", scalar(dtype("M8", "<", unit("m", 10)), "\xfe\xff\xff\xff\xff\xff\xff\xff"), `"1969-12-31T23:40"`},
		{"datetime64 of a month", scalar(dtype("M8", "<", unit("M", 1)), "\x02\x00\x00\x00\x00\x00\x00\x00"), `"1970-03"`},
		{"datetime64 of ten months", scalar(dtype("M8", "<", unit("M", 10)), "\xff\xff\xff\xff\xff\xff\xff\xff"), `"1969-03"`},
		{"datetime64 of a year", scalar(dtype("M8", "<", unit("Y", 1)), "\x32\x00\x00\x00\x00\x00\x00\x00"), `"2020"`},
		{"datetime64 of a year that is far", scalar(dtype("M8", "<", unit("Y", 1)), "\x40\x42\x0f\x00\x00\x00\x00\x00"), `1000000`},
		{"timedelta64 of months", scalar(dtype("m8", "<", unit("M", 1)), "\x02\x00\x00\x00\x00\x00\x00\x00"), `2`},
		{"void", scalar(dtype("V3", "|", ""), "abc"), `"abc"`},
		{"masked", masked("K\x03", "i1", chars("\x07\x08\x09"), "\x00\x01\x00"), "[7, None, 9]"},
		{"masked rows", masked("K\x02K\x02", "i1", chars("\x01\x02\x03\x04"), "\x00\x01\x01\x00"), "[[1, None], [None, 4]]"},
		{"masked objects", masked("K\x02", "O8", "]("+str("a")+str("b")+"e", "\x01\x00"), `[None, "b"]`},
		{"a mask that is cut", masked("K\x03", "i1", chars("\x07\x08\x09"), "\x00"), `"<numpy.ndarray of i1, 3>"`},
		{"a record", scalar(record(str("V3"), 3, "a", dtype("i1", "|", ""), 0, "b", dtype("i2", "<", ""), 1), "\x07\x01\x01"), `{"a": 7, "b": 257}`},
		{"a record of records", scalar(record(str("V2"), 2, "in", record(str("V2"), 2, "a", dtype("S2", "|", ""), 0), 0), "xy"), `{"in": {"a": "xy"}}`},
		{"a record array", ndarray("K\x02", record("cnumpy\nrecord\n", 1, "a", dtype("i1", "|", ""), 0), "I00\n", chars("\x07\x08")), `[{"a": 7}, {"a": 8}]`},
		{"a record with an array", scalar(record(str("V4"), 4, "a", repeated("V4", dtype("i1", "|", ""), "K\x02K\x02"), 0), "\x01\x02\x03\x04"),
			`{"a": [[1, 2], [3, 4]]}`},
		{"a record whose parts lie above each other", ndarray("K\x01", record(str("V2"), 2, "a", dtype("i2", "<", ""), 0, "b", dtype("i1", "|", ""), 1), "I00\n", chars("ab")),
			`"<numpy.ndarray of V2, 1>"`},
		{"a record that is cut", ndarray("K\x01", record(str("V3"), 3, "a", dtype("i1", "|", ""), 0, "b", dtype("i2", "<", ""), 2), "I00\n", chars("abc")),
			`"<numpy.ndarray of V3, 1>"`},
		{"datetime64 that is far", scalar(dtype("M8", "<", unit("W", 1)), "\x00\x00\x00\x00\x00\x00\x00\x40"), `4611686018427387904`},
		{"NaT", scalar(dtype("M8", "<", unit("ms", 1)), "\x00\x00\x00\x00\x00\x00\x00\x80"), `"NaT"`},
		{"timedelta64", scalar(dtype("m8", "<", unit("ms", 1)), "\x24\xfa\xff\xff\xff\xff\xff\xff"), `-1.5s`},
		{"timedelta64 that is long", scalar(dtype("m8", "<", unit("D", 1)), "\x24\xfa\xff\xff\xff\xff\x00\x00"), `281474976709156`},
		{"an array", ndarray("K\x06", dtype("i2", "<", ""), "I00\n", chars(i2)), "[1, 2, 3, 4, 5, 6]"},
		{"rows", ndarray("K\x02K\x03", dtype("i2", "<", ""), "I00\n", chars(i2)), "[[1, 2, 3], [4, 5, 6]]"},
		{"columns", ndarray("K\x02K\x03", dtype("i2", "<", ""), "I01\n", chars(i2)), "[[1, 3, 5], [2, 4, 6]]"},
		{"a cube", ndarray("K\x01K\x02K\x03", dtype("i2", "<", ""), "\x89", chars(i2)), "[[[1, 2, 3], [4, 5, 6]]]"},
		{"a cube of columns", ndarray("K\x01K\x02K\x03", dtype("i2", "<", ""), "\x88", chars(i2)), "[[[1, 3, 5], [2, 4, 6]]]"},
		{"a buffer", buffer("K\x02K\x03", "i2", "C", i2), "[[1, 2, 3], [4, 5, 6]]"},
		{"a buffer of columns", buffer("K\x02K\x03", "i2", "F", i2), "[[1, 3, 5], [2, 4, 6]]"},
		{"objects", ndarray("K\x03", dtype("O8", "|", ""), "I00\n", "](K\x01"+str("a")+"Ne"), `[1, "a", None]`},
		{"an array in an array", ndarray("K\x01", dtype("O8", "|", ""), "I00\n", "]("+scalar(dtype("i1", "|", ""), "\x07")+"e"), `[7]`},
		{"no dimensions", ndarray("", dtype("i1", "|", ""), "I00\n", chars("\x07")), "7"},
		{"nothing", ndarray("K\x00", dtype("f8", "<", ""), "I00\n", "c__builtin__\nbytes\n)R"), "[]"},
		{"too many elements", ndarray("M\x00\x01M\x01\x01", dtype("i1", "|", ""), "I00\n", "C\x00"), `"<numpy.ndarray of i1, 256 × 257>"`},
		{"too many in a buffer", buffer("M\x00\x01M\x01\x01", "f8", "C", "x"), `"<numpy.ndarray of f8, 256 × 257>"`},
		{"elements that are not known", ndarray("K\x02", dtype("f16", "<", ""), "I00\n", "C\x00"), `"<numpy.ndarray of f16, 2>"`},
		{"an array that contains itself", "]q\x05" + ndarray("K\x01", dtype("O8", "|", ""), "I00\n", "h\x05") + "a",
			`[["<numpy.core.multiarray._reconstruct>"]]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := decode(beside(test.value))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(appendText(nil, v.(*Dict).Items[3])))
			assert.Equal(t, "A", String(v.(*Dict).Items[5]))
		})
	}
}

// TestDecodeNumPyIsBounded holds that what an array says of itself costs no more than what it is.
func TestDecodeNumPyIsBounded(t *testing.T) {
	i1, none := dtype("i1", "|", ""), dtype("S0", "|", "")
	for name, value := range map[string]string{
		"more elements than bytes":        ndarray("J\xff\xff\xff\x7f", i1, "I00\n", chars("a")),
		"a shape that overflows":          ndarray(strings.Repeat("J\xff\xff\xff\x7f", 4), i1, "I00\n", chars("a")),
		"nothing, very often":             ndarray("J\xff\xff\xff\x7f", none, "I00\n", chars("")),
		"a negative length":               ndarray("J\xff\xff\xff\xff", i1, "I00\n", chars("a")),
		"a long dimension around nothing": ndarray("J\xff\xff\xff\x7fK\x00", i1, "I00\n", chars("")),
		"too many dimensions":             ndarray(strings.Repeat("K\x01", 1000), i1, "I00\n", chars("a")),
		"a size that is none":             scalar(dtype("U99999999999999999999", "<", ""), "a"),
		"a huge size":                     scalar(dtype("U2147483647", "<", ""), "a"),
		"a dtype that is none":            scalar(str("i8"), "a"),
		"a scalar that is cut":            scalar(dtype("i8", "<", ""), "abc"),
		"parts that have names":           scalar("cnumpy\ndtype\n("+str("V8")+"I00\nI01\ntR(K\x03"+str("|")+"N("+str("a")+"t}"+str("a")+"("+i1+"K\x00tsK\x08K\x01K\x10tb", "abcdefgh"),
	} {
		t.Run(name, func(t *testing.T) {
			v, err := decode(beside(value))
			require.NoError(t, err)
			assert.Equal(t, "A", String(v.(*Dict).Items[5]))
		})
	}
	for name, one := range map[string]string{
		"nothing": ndarray("J\xff\xff\x00\x00", none, "I00\n", "h\x09"),
		"records": ndarray("J\xff\xff\x00\x00", "h\x0a", "I00\n", "h\x09"),
		"texts":   ndarray("K\x01", dtype("U250000", "<", ""), "I00\n", "h\x08"),
	} {
		t.Run(name+", again and again", func(t *testing.T) {
			start := time.Now()
			parts := "" // each of which is as many
			for range 8 {
				parts = record(str("V0"), 0, "a", record(str("V0"), 0, "a", none, 0, "b", none, 0, "c", none, 0), 0, "b", repeated("V0", none, "K\x64"), 0)
			}
			frame := parts + "q\x0a0](" + "B\x40\x42\x0f\x00" + strings.Repeat("a\x00\x00\x00", 250000) + "q\x080C\x00q\x090" + strings.Repeat("("+strings.Repeat(one, 100)+"l", 50) + "e."
			_, err := decode(frame)
			require.NoError(t, err)
			assert.Less(t, time.Since(start), 10*time.Second)
		})
	}
}

// TestDecodePandas holds that the times of pandas are what those of Python are. The frames are those of pandas 1.5.
func TestDecodePandas(t *testing.T) {
	timestamp := func(args string) string {
		return "cpandas._libs.tslibs.timestamps\n_unpickle_timestamp\n(" + args + "tR"
	}
	timedelta := func(args string) string {
		return "cpandas._libs.tslibs.timedeltas\n_timedelta_unpickle\n(" + args + "tR"
	}
	const nanos = "L1577934245678901234L\n"
	for _, test := range []struct{ name, value, want string }{
		{"a Timestamp", timestamp("L1577934245678901000L\nNNK\x0a"), `"2020-01-02T03:04:05.678901"`},
		{"nanoseconds", timestamp(nanos + "NNK\x0a"), `"2020-01-02T03:04:05.678901234"`},
		{"before 1970", timestamp("I-1\nNNK\x09"), `"1969-12-31T23:59:59.999999"`},
		{"in seconds", timestamp("I1577934245\nNNK\x07"), `"2020-01-02T03:04:05"`},
		{"before pandas 1.5", timestamp(nanos + "NN"), `"2020-01-02T03:04:05.678901234"`},
		{"in UTC", timestamp(nanos + "Ncpytz\n_UTC\n)RK\x0a"), `2020-01-02T03:04:05.678901234Z`},
		{"with a zone", timestamp(nanos + "N" + zoneInfoOf("Europe/Berlin") + "K\x0a"), `2020-01-02T04:04:05.678901234+01:00`},
		{"with a zone that is not there", timestamp(nanos + "N" + zoneInfoOf("Mars/Phobos") + "K\x0a"), `2020-01-02T03:04:05.678901234Z`},
		{"in another unit", timestamp("K\x01NNK\x01"), `(1, None, None, 1)`},
		{"far away", timestamp("L9223372036854775807L\nNNK\x07"), `(9223372036854775807, None, None, 7)`},
		{"a Timedelta", timedelta("L93600000000000L\nK\x0a"), `26h0m0s`},
		{"a Timedelta in milliseconds", timedelta("I-1500\nK\x08"), `-1.5s`},
		{"a Timedelta in another unit", timedelta("K\x01K\x01"), `(1, 1)`},
		{"a long Timedelta", timedelta("L9223372036854775807L\nK\x07"), `(9223372036854775807, 7)`},
		{"a Timedelta before pandas 1.5", "cpandas._libs.tslibs.timedeltas\nTimedelta\n(K\x07tR", `7ns`},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := decode(beside(test.value))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(appendText(nil, v.(*Dict).Items[3])))
		})
	}
}
