package pickle

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// decode reads a frame.
func decode(frame string) (any, error) {
	d := Decoder{MaxBytes: 1 << 22}
	return d.Decode([]byte(frame))
}

// str is a pickled str.
func str(s string) string { return string(AppendText(nil, s)) }

// beside is a frame of a dict with a value, between two texts.
func beside(value string) string {
	return "}(" + str("before") + str("B") + str("v") + value + str("after") + str("A") + "u."
}

// bomb makes a list of 2^40 leaves from less than 300 bytes.
func bomb() string {
	return "](]q\x00(K\x01K\x01eq\x00" + strings.Repeat("]q\x01(h\x00h\x00eq\x00", 40) + "e"
}

// zonesOf is a list of so many time zones of which there is none.
func zonesOf(n int) string {
	frame := "](czoneinfo\nZoneInfo._unpickle\nq\x000"
	for i := range n {
		frame += "h\x00(" + str(fmt.Sprint("Mars/", i)) + "K\x01tR"
	}
	return frame + "e."
}

func TestDecodeRefuses(t *testing.T) {
	for _, test := range []struct {
		name  string
		frame string
		want  string
	}{
		{"nothing", "", "ends too early"},
		{"what ends too early", "}(X\x05\x00\x00\x00ab", "ends too early"},
		{"a huge string", "X\xff\xff\xff\xffab.", "ends too early"},
		{"a huge string of protocol 4", "\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.", "ends too early"},
		{"an unknown opcode", "}\xfe.", "unknown opcode"},
		{"an unknown protocol", "\x80\x09}.", "unknown protocol 9"},
		{"an empty stack", "0.", "empty stack"},
		{"an object without a state", "b.", "empty stack"},
		{"an object without a class", "(o.", "empty stack"},
		{"a dict taken through a mark", "}(0u.", "no mark"},
		{"a memo that is not there", "h\x07.", "no memo 7"},
		{"a call of a number", "K\x01)R.", "cannot be called"},
		{"too many values", strings.Repeat("2", maxValues+2), "empty stack"},
		{"too many values of one", "N" + strings.Repeat("2", maxValues+2), "more than"},
		{"too many marks", strings.Repeat("(", maxValues+2), "more than"},
		{"calls that copy the same list again and again", "cbuiltins\nlist\nq\x00((" + strings.Repeat("N", 5000) + "lq\x01tq\x02" +
			strings.Repeat("h\x00h\x02R", 200000), "more than"},
		{"calls that encode the same text again and again", "c_codecs\nencode\nq\x00(X\x00\x00\x08\x00" + strings.Repeat("a", 1<<19) + "tq\x02" +
			strings.Repeat("h\x00h\x02R", 100000), "more than"},
		{"time zones that are looked for again and again", zonesOf(20000), "more than"},
		{"arrays of the same bytes again and again", "carray\n_array_reconstructor\nq\x00(NNK\x00B\x00\x00\x01\x00" + strings.Repeat("a", 1<<16) + "tq\x02" +
			strings.Repeat("h\x00h\x02R", 100000), "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, err := decode(test.frame)
			require.ErrorContains(t, err, test.want)
			assert.Less(t, time.Since(start), 10*time.Second)
		})
	}
	assert.Less(t, len(bomb()), 600)
}

// TestDecodeLosesOneValue holds that a value that cannot be shown costs nothing beside it.
func TestDecodeLosesOneValue(t *testing.T) {
	const large = `"<too large when what it shares is written out>"`
	dense := "" // ten lists, each of which contains all ten: 10! ways through them
	for i := range 10 {
		dense += "]q" + string(rune(i))
	}
	for i := range 10 {
		dense += "h" + string(rune(i)) + "("
		for j := range 10 {
			dense += "h" + string(rune(j))
		}
		dense += "e0"
	}
	node := func(memo, inside string) string { return "capp\nNode\n)\x81q" + memo + "}" + str("to") + inside + "sb" }
	for _, test := range []struct {
		name, value, want string
	}{
		{"a list that contains itself", "]q\x00h\x00a", `["[...]"]`},
		{"a dict that contains itself", "}q\x00" + str("me") + "h\x00s", `{"me": "{...}"}`},
		{"an object that contains itself", node("\x00", "h\x00"), `{"to": "<app.Node>"}`},
		{"two objects that contain each other", node("\x00", node("\x01", "h\x00")), `{"to": {"to": "<app.Node>"}}`},
		{"an exception that is its own argument", "capp\nAnError\n(]q\x00tRq\x01h\x00h\x01a0", `"app.AnError: [\"<app.AnError>\"]"`},
		{"a class called with itself", "capp\nC\n(]q\x00h\x00atR", `["[...]"]`},
		{"lists nested deeply", strings.Repeat("(", 5000) + strings.Repeat("t", 5000), strings.Repeat("(", 100) + `"<nested deeper than 100>"` + strings.Repeat(")", 100)},
		{"objects nested deeply", strings.Repeat("capp\nC\n(K\x07", 5000) + strings.Repeat("tR", 5000), ""},
		{"what expands to 2^40 leaves", bomb(), large},
		{"an object that expands", "capp\nC\n(" + bomb() + "tR", large},
		{"a state that expands", "capp\nC\n)R" + bomb() + "b", large},
		{"an exception that expands", "capp\nAnError\n(" + bomb() + "tR", large},
		{"exceptions whose texts are quoted again and again", strings.Repeat("capp\nAnError\n(](", 90) + str(`"`) + strings.Repeat("etR", 90), large},
		{"a key that expands", "}(" + bomb() + "Nu", large},
		{"texts that expand", "](X\x00\x00\x10\x00" + strings.Repeat("a", 1<<20) + "q\x00" + strings.Repeat("h\x00", 10) + "e", large},
		{"lists that contain each other", "](" + dense + "e", ""},
		{"an integer of a million digits", "L" + strings.Repeat("9", 1000000) + "L\n", `"<an integer of more than 4300 digits>"`},
		{"a binary integer of a million digits", "\x8b\x00\x00\x08\x00" + strings.Repeat("9", 1<<19), `"<an integer of more than 4300 digits>"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			v, err := decode(beside(test.value))
			require.NoError(t, err)
			d := v.(*Dict)
			require.Len(t, d.Items, 6)
			if test.want != "" {
				assert.Equal(t, test.want, string(appendText(nil, d.Items[3])))
			}
			assert.Equal(t, "B", String(d.Items[1]))
			assert.Equal(t, "A", String(d.Items[5]))
			assert.Less(t, time.Since(start), 10*time.Second)
		})
	}
}

// TestDecodeEndsInTime holds that values that are too large do not cost their time again and again.
func TestDecodeEndsInTime(t *testing.T) {
	frame := "}q\x63(" + str("bomb") + bomb() + "q\x05"
	for range 50000 {
		frame += "Nh\x05"
	}
	start := time.Now()
	v, err := decode(frame + str("msg") + str("good") + "u.")
	require.NoError(t, err)
	got, _ := v.(*Dict).get("msg")
	assert.Equal(t, "good", String(got))
	assert.Less(t, time.Since(start), 10*time.Second)
}

// TestDecodeManyMemos holds that what protocols 4 and 5 note without a number has the next one, however many there are.
func TestDecodeManyMemos(t *testing.T) {
	const n = maxNear + 10
	frame := []byte("\x80\x04]\x94(") // the list has number 0
	for range n {
		frame = append(frame, "]\x94Na"...)
	}
	for _, number := range []int{1, maxNear - 1, maxNear, maxNear + 1, n} {
		frame = binary.LittleEndian.AppendUint32(append(frame, 'j'), uint32(number))
	}
	v, err := decode(string(frame) + "e.")
	require.NoError(t, err)
	items := v.(*List).Items
	require.Len(t, items, n+5)
	for i, number := range []int{1, maxNear - 1, maxNear, maxNear + 1, n} {
		require.Same(t, items[number-1], items[n+i], "number %d", number)
	}
}

// TestDecodeExecutesNothing holds that what a pickle names and calls stays a name, with its arguments.
func TestDecodeExecutesNothing(t *testing.T) {
	marker := filepath.ToSlash(t.TempDir()) + "/ran"
	command := "touch " + marker
	for _, value := range []string{
		"cos\nsystem\n(" + str(command) + "tR",
		"(S'" + command + "'\nios\nsystem\n",
		"(cos\nsystem\n" + str(command) + "o",
		"\x8c\x02os\x8c\x06system\x93" + str(command) + "\x85R",
		"cos\nsystem\n" + str(command) + "\x85\x81",
	} {
		v, err := decode(beside(value))
		require.NoError(t, err, "%q", value)
		assert.Equal(t, command, String(v.(*Dict).Items[3]))
	}
	_, err := os.Stat(marker)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestDecodeObjects(t *testing.T) {
	for _, test := range []struct{ name, value, want string }{
		{"a class", "capp\nC\n", `"<app.C>"`},
		{"Python 2's names", "c__builtin__\nlong\n", `"<builtins.int>"`},
		{"a method", "c__builtin__\ngetattr\n(capp\nColor\n" + str("RED") + "tR", `"<app.Color.RED>"`},
		{"a persistent id", str("id") + "Q", `"id"`},
		{"a persistent id of protocol 0", "Pid\n", `"id"`},
		{"an extension", "\x82\x05", `"<copyreg.extension 5>"`},
		{"arguments", "capp\nC\n(K\x01K\x02tR", `(1, 2)`},
		{"arguments and attributes", "capp\nC\n(K\x01tR}" + str("x") + "K\x02sb", `{"args": 1, "x": 2}`},
		{"slots and attributes", "capp\nC\n)\x81}" + str("x") + "K\x01s}" + str("y") + "K\x02s\x86b", `{"x": 1, "y": 2}`},
		{"a state of its own", "capp\nC\n)\x81](K\x01K\x02eb", `[1, 2]`},
		{"items that were added", "capp\nC\n)\x81(K\x01K\x02e", `[1, 2]`},
		{"a call of what a call made", "capp\nf\n(K\x01tR(K\x02tR", `2`},
		{"a subclass of time", "capp\nMyTime\n(C\x06\x01\x02\x03\x00\x00\x04tR", `"01:02:03.000004"`},
		{"a subclass of time with a zone", "capp\nMyTime\n(C\x06\x01\x02\x03\x00\x00\x00cpytz\n_UTC\n)RtR", `"01:02:03+00:00"`},
		{"six bytes of another class", "capp\nMac\n(C\x06\x01\x02\x03\x00\x00\x04tR", `"\x01\x02\x03\x00\x00\x04"`},
		{"an object made of arguments with names and one without", "capp\nC\n(" + str("a") + "t}" + str("k") + "K\x02s\x92", `{"args": "a", "k": 2}`},
		{"a text without a value", "capp\nC\n)R", `"<app.C>"`},
		{"an address", "cipaddress\nIPv4Address\n(J\x01\x00\x00\x0atR", `"10.0.0.1"`},
		{"a small address of IPv6", "cipaddress\nIPv6Address\n(K\x01tR", `"::1"`},
		{"no address of IPv6", "cipaddress\nIPv6Address\n(K\x00tR", `"::"`},
		{"an address of IPv6 that holds one of IPv4", "cipaddress\nIPv6Address\n(\x8a\x07\x01\x00\x00\x0a\xff\xff\x00tR", `"::ffff:10.0.0.1"`},
		{"an integer that is no address of IPv4", "cipaddress\nIPv4Address\n(\x8a\x05\x00\x00\x00\x00\x01tR", `4294967296`},
		{"a path that begins anew", "cpathlib\nPurePosixPath\n(" + str("a") + str("/b") + str("c") + "tR", `"/b/c"`},
		{"a path of Windows that begins anew", "cpathlib\nPureWindowsPath\n(" + str("a") + str("C:/x") + str("y/z") + "tR", `"C:\\x\\y\\z"`},
		{"an array of big-endian numbers", "carray\n_array_reconstructor\n(NNK\x05C\x04\xff\xfe\x00\x01tR", "[-2, 1]"},
		{"an array whose last element is cut", "carray\n_array_reconstructor\n(NNK\x04C\x03\x01\x00\x01tR", "[1]"},
		{"an array of a format that is not known", "carray\n_array_reconstructor\n(NNK\x63C\x01\x01tR", `(None, None, 99, "\x01")`},
		{"an array of characters", "carray\n_array_reconstructor\n(NNK\x14C\x08a\x00\x00\x00\x13\x27\x00\x00tR", `"a✓"`},
		{"a pytz zone", aware("cpytz\n_p\n(" + str("Europe/Berlin") + "M\x10\x0eK\x00" + str("CET") + "tR"), `2026-02-03T04:05:06+01:00`},
		{"a pytz offset", aware("cpytz\nFixedOffset\n(K\x5atR"), `2026-02-03T04:05:06+01:30`},
		{"a pytz zone without summer time", aware("cpytz\n_p\n(" + str("Etc/GMT+5") + "tR"), `2026-02-03T04:05:06-05:00`},
		{"dateutil's UTC", aware(dateutilObject("tzutc") + "\x94"), `2026-02-03T04:05:06Z`},
		{"a dateutil offset", aware(dateutilObject("tzoffset") + "}" + str("_offset") + string(AppendDuration(nil, time.Hour)) + "sb"), `2026-02-03T04:05:06+01:00`},
		{"dateutil's local zone", aware(dateutilObject("tzlocal") + "}(" + str("_std_offset") + string(AppendDuration(nil, time.Hour)) + str("_hasdst") + "\x89ub"),
			`2026-02-03T04:05:06+01:00`},
		{"dateutil's local zone with summer time", aware(dateutilObject("tzlocal") + "}(" + str("_std_offset") + string(AppendDuration(nil, time.Hour)) +
			str("_hasdst") + "\x88ub"), `"2026-02-03T04:05:06[dateutil.tz.tz.tzlocal]"`},
		{"a dateutil zone", aware("cdateutil.tz.tz\ntzfile\n(N" + str("/usr/share/zoneinfo/Europe/Berlin") + "tR}" + str("_trans_list") + "]sb"), `2026-02-03T04:05:06+01:00`},
		{"a subclass of what holds nothing", dateutilObject("other") + "}" + str("x") + "K\x01sb", `{"x": 1}`},
		{"pytz's UTC", aware("cpytz\n_UTC\n)R"), `2026-02-03T04:05:06Z`},
		{"a zone that is not there", aware(zoneInfoOf("Mars/Phobos")), `"2026-02-03T04:05:06[Mars/Phobos]"`},
		{"this machine's zone", aware(zoneInfoOf("Local")), `"2026-02-03T04:05:06[Local]"`},
		{"a file that is no zone", aware(zoneInfoOf("../../../etc/hostname")), `"2026-02-03T04:05:06[../../../etc/hostname]"`},
		{"a zone of a class of its own", aware("cdateutil.tz\ntzlocal\n)R"), `"2026-02-03T04:05:06[dateutil.tz.tzlocal]"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			v, err := decode(beside(test.value))
			require.NoError(t, err)
			assert.Equal(t, test.want, string(appendText(nil, v.(*Dict).Items[3])))
		})
	}
}

// aware is a datetime with a zone.
func aware(zone string) string {
	return "cdatetime\ndatetime\n(C\x0a\x07\xea\x02\x03\x04\x05\x06\x00\x00\x00" + zone + "tR"
}

// dateutilObject is an object as protocol 1 has those of subclasses of tzinfo.
func dateutilObject(class string) string {
	return "ccopy_reg\n_reconstructor\n(cdateutil.tz.tz\n" + class + "\ncdatetime\ntzinfo\ncdatetime\ntzinfo\n)RtR"
}

func zoneInfoOf(key string) string { return "czoneinfo\nZoneInfo._unpickle\n(" + str(key) + "K\x01tR" }

// TestAppendedIsDecoded holds that both directions agree.
func TestAppendedIsDecoded(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789123000, time.FixedZone("", -19800))
	b := BeginList(nil)
	b = AppendInt(AppendInt(AppendInt(AppendInt(b, 255), 65535), -1), -1<<63)
	b = AppendUint(AppendDigits(b, "-12345678901234567890123"), 1<<63)
	b = AppendTexts(AppendBool(AppendBool(AppendNone(b), true), false), "a", "\xff✓")
	b = AppendComplex(AppendBytes(AppendFloat(b, 0.5), []byte{0, 255}), 1-2i)
	b = AppendTime(AppendDuration(b, -26*time.Hour-1500*time.Millisecond), at)
	b = AppendTime(AppendTime(b, at.AddDate(20000, 0, 0)), at.In(time.FixedZone("far", 100000)))
	b = EndDict(AppendInt(AppendText(BeginDict(b), "k"), 1))
	v, err := decode(string(End(EndList(b))))
	require.NoError(t, err)
	assert.Equal(t, `[255, 65535, -1, -9223372036854775808, -12345678901234567890123, 9223372036854775808, None, True, False, `+
		`"a�✓", 0.5, "\x00�", (1-2i), -26h0m1.5s, 2026-02-03T04:05:06.789123-05:30, "22026-02-03T04:05:06.789123-05:30", `+
		`2026-02-03T09:35:06.789123Z, {"k": 1}]`, String(v))
}

// TestReleaseKeepsLittle holds that a large pickle does not stay with the Decoder.
func TestReleaseKeepsLittle(t *testing.T) {
	var d Decoder
	d.MaxBytes = 1 << 20
	_, err := d.Decode([]byte("](" + strings.Repeat("K\x01", 10000) + "e."))
	require.NoError(t, err)
	d.Release()
	assert.LessOrEqual(t, cap(d.memory.integers)+cap(d.memory.items)+cap(d.stack.values), 3*keepStore)
}

// FuzzDecode holds that no pickle makes the Decoder panic or run away, and that what it returns is plain, contains itself nowhere and is
// no larger than it may be.
func FuzzDecode(f *testing.F) {
	for _, value := range []string{
		"N", "I01\n", "I5\n", "L5L\n", "J\x01\x00\x00\x00", "\x8a\x02\x00\x80", "F1.5\n", "G\x3f\xf8\x00\x00\x00\x00\x00\x00", "S'a\\x41'\n", "Va\\u0041\n",
		"B\x01\x00\x00\x00a", "\x8f(K\x01\x90", "(K\x01\x91", "(dp0\nS'a'\nI1\ns", "(lp0\nI1\na", "N\x85", "NN\x86", "NNN\x87", "](h\x00h\x00e",
		"capp\nC\n(K\x01tR}" + str("x") + "K\x02sb", "capp\nC\n)\x81(K\x01K\x02e", "capp\nC\n)}\x92", "capp\nAnError\n(" + str("x") + "tR",
		"ccopy_reg\n_reconstructor\n(capp\nC\nc__builtin__\nlong\nK\x05tR", "(capp\nC\nK\x01o", "(K\x01iapp\nC\n",
		"carray\n_array_reconstructor\n(NNK\x08C\x04\x01\x00\x00\x00tR", "cuuid\nUUID\n)\x81}" + str("int") + "K\x05sb",
		aware(zoneInfoOf("Europe/Berlin")), aware("cdatetime\ntimezone\n(cdatetime\ntimedelta\n(K\x00K\x3cK\x00tRtR"), bomb(),
		scalar(dtype("U1", "<", ""), "a\x00\x00\x00"), scalar(dtype("M8", "<", unit("ms", 1)), "\x24\xfa\xff\xff\xff\xff\xff\xff"),
		ndarray("K\x01K\x02", dtype("i1", "|", ""), "I01\n", chars("ab")), buffer("K\x02", "f2", "C", "abcd"),
		masked("K\x02", "i1", chars("ab"), "\x00\x01"), scalar(record(str("V3"), 3, "a", dtype("i1", "|", ""), 0, "b", repeated("V2", dtype("i1", "|", ""), "K\x02"), 1), "abc"),
		"cpandas._libs.tslibs.timestamps\n_unpickle_timestamp\n(I5\nNNK\x09tR",
	} {
		f.Add([]byte(beside(value)))
	}
	const maxBytes = 1 << 14
	d := Decoder{MaxBytes: maxBytes}
	f.Fuzz(func(t *testing.T, frame []byte) {
		v, err := d.Decode(frame)
		defer d.Release()
		if err != nil {
			return
		}
		leaves := 0
		requirePlain(t, v, 0, &leaves)
		require.LessOrEqual(t, leaves, 2*maxValues)
		require.LessOrEqual(t, len(String(v)), 100*(maxBytes+len(frame)+1000))
	})
}

func requirePlain(t testing.TB, v any, depth int, leaves *int) {
	require.LessOrEqual(t, depth, maxNesting+1)
	*leaves++
	var items []any
	switch v := v.(type) {
	case *List:
		items = v.Items
	case *Dict:
		require.Zero(t, len(v.Items)%2)
		items = v.Items
	case *object, *global, *zone:
		require.Fail(t, "no plain value", "%T", v)
	}
	for _, item := range items {
		requirePlain(t, item, depth+1, leaves)
	}
}

func TestSizedLengths(t *testing.T) {
	in := input{b: binary.LittleEndian.AppendUint64(nil, 1<<63)}
	_, err := in.sized(8)
	require.ErrorIs(t, err, errEnds)
}
