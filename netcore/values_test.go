package netcore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/cpython"
)

// values is a program that prints pickles of {"msg": "m", "v": VALUE}, in each protocol that this Python writes.
const values = `
import array, base64, collections, dataclasses, datetime, decimal, enum, fractions, functools, http, ipaddress, pathlib, pickle, re, sys, time
import types, uuid, zoneinfo, configparser, http.client, queue, subprocess, urllib.error
class Color(enum.Enum): RED = 1
class Level(enum.IntEnum): ERROR = 40
class Name(str, enum.Enum): DB = "app.db"
class Perm(enum.Flag): R = 4; W = 2
class Text(str): pass
class Whole(int): pass
class Real(float): pass
class Items(list): pass
class Pairs(dict): pass
class Tuple(tuple): pass
class Raw(bytes): pass
class Bag(set): pass
class When(datetime.datetime): pass
class Day(datetime.date): pass
class FakeDate(datetime.date): pass
class Octets(bytearray): pass
class Address:
    def __reduce__(self): return Address, (b"\x0a\x00\x05\x01",)
class Node: pass
class Keyed:
    def __new__(cls, *, name): return object.__new__(cls)
    def __getnewargs_ex__(self): return (), {"name": "n"}
class Slots: __slots__ = ("a", "b")
class Failure(Exception):
    def __init__(self, text, code): super().__init__(text); self.code = code
class AppError(Failure): pass
class Thing:
    def __init__(self): self.x = 1
Point = collections.namedtuple("Point", "x y")
@dataclasses.dataclass
class Data: x: int; y: list
shared = ["s"]
tz = datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))
berlin = zoneinfo.ZoneInfo("Europe/Berlin")
marked = Text("abc"); marked.mark = 1
slots = Slots(); slots.a, slots.b = 1, 2
me = []; me.append(me)
me2 = {}; me2["me"] = me2
a, b = Node(), Node(); a.next, b.back, b.n = b, a, 7
deep = "end"
for _ in range(150): deep = [deep]
values = {
 "none": None, "true": True, "int": 7, "negative": -70000, "big": 2**31, "bigger": 2**63, "biggest": 10**30, "minus": -10**30,
 "longest": 16**5000,
 "float": 1.5, "inf": float("inf"), "text": "sp\xe4m \u2713 \U0001f600", "lines": "a\nb\\u0041\\", "surrogate": "a\udc80b", "empty": "",
 "bytes": b"\x00\x7f\x80\xff", "nobytes": b"", "bytearray": bytearray(b"ab\xff"), "complex": 1-2j,
 "list": [1, "a", None, [2.5, b"x"]], "tuple": (1, 2), "single": (1,), "four": (1, 2, 3, 4), "unit": (),
 "set": {5}, "frozenset": frozenset([6]), "dict": {"a": {"b": 1}, 2: "two"}, "shared": [shared, shared],
 "ordered": collections.OrderedDict([("z", 1), ("a", 2)]),
 "aware": datetime.datetime(2026, 2, 3, 4, 5, 6, 789123, tz), "utc": datetime.datetime(2026, 2, 3, tzinfo=datetime.timezone.utc),
 "naive": datetime.datetime(2026, 2, 3, 4, 5, 6), "micro": datetime.datetime(2026, 2, 3, 4, 5, 6, 7),
 "date": datetime.date(2026, 2, 3), "time": datetime.time(4, 5, 6, 700000), "delta": datetime.timedelta(days=-1, seconds=1, microseconds=5),
 "offset": tz, "ageless": datetime.timedelta(days=200000),
 "zoned": datetime.datetime(2026, 7, 3, 4, 5, 6, 7, berlin), "winter": datetime.datetime(2026, 1, 3, tzinfo=berlin),
 "first": datetime.datetime(2026, 10, 25, 2, 30, tzinfo=berlin), "fold": datetime.datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=1),
 "gap": datetime.datetime(2026, 3, 29, 2, 30, tzinfo=berlin), "zone": berlin, "zonedtime": datetime.time(1, 2, 3, tzinfo=berlin),
 "nocache": datetime.datetime(2026, 7, 3, tzinfo=zoneinfo.ZoneInfo.no_cache("Asia/Kolkata")), "when": When(2026, 2, 3, tzinfo=tz),
 "decimal": decimal.Decimal("1.10"), "nan": decimal.Decimal("NaN"), "uuid": uuid.UUID("12345678-9abc-def0-1234-56789abcdef0"),
 "thing": Thing(), "bare": Node(), "class": Thing, "builtin": int, "slots": slots, "keyed": Keyed(name="n"),
 "enum": Color.RED, "intenum": Level.ERROR, "strenum": Name.DB, "flag": Perm.R | Perm.W, "status": http.HTTPStatus.NOT_FOUND,
 "textsub": Text("abc"), "marked": marked, "intsub": Whole(5), "floatsub": Real(1.5), "listsub": Items([1, [2]]), "dictsub": Pairs(a=1),
 "tuplesub": Tuple((1, 2)), "bytessub": Raw(b"x"), "setsub": Bag([5]), "point": Point(1, "a"), "data": Data(1, [Level.ERROR]),
 "path": pathlib.PurePosixPath("/a/b"), "relative": pathlib.PurePosixPath("a/b"), "windows": pathlib.PureWindowsPath("C:\\a\\b"),
 "error": ValueError("x"), "silent": ValueError(), "errno": FileNotFoundError("f"), "failure": Failure("m", 5), "apperror": AppError("m", 5),
 "counter": collections.Counter("aab"), "default": collections.defaultdict(list, {"a": [1]}), "nodefault": collections.defaultdict(int),
 "deque": collections.deque([1, 2]), "bounded": collections.deque([1, 2], 5), "nodeque": collections.deque(),
 "userdict": collections.UserDict(a=1), "userlist": collections.UserList([1]), "userstring": collections.UserString("abc"),
 "chain": collections.ChainMap({"a": 1}, {"b": 2}), "namespace": types.SimpleNamespace(a=1, b=types.SimpleNamespace(c=2)),
 "fraction": fractions.Fraction(-1, 3), "ip4": ipaddress.ip_address("10.0.0.1"), "ip6": ipaddress.ip_address("2001:db8::1"),
 "network": ipaddress.ip_network("10.0.0.0/8"), "range": range(0, 10, 2), "slice": slice(1, 2), "pattern": re.compile("a+"),
 "array": array.array("i", [1, -2]), "doubles": array.array("d", [1.5]), "octets": array.array("B", [255]), "longs": array.array("Q", [2**64-1]),
 "floats": array.array("f", [0.5]), "shorts": array.array("h", [-3]), "struct": time.gmtime(0),
 "day": Day(2026, 2, 3), "fakedate": FakeDate(1, 12, 31), "octetssub": Octets(b"ab\xff"), "address": Address(),
 "fullqueue": queue.Full(), "nosection": configparser.NoSectionError("s"), "http": http.client.CannotSendRequest(),
 "process": subprocess.CalledProcessError(1, "ls"), "urlerror": urllib.error.URLError("r"),
 "keys": {(1, "a"): "tuple", Color.RED: "enum", frozenset([3]): "set", Point(1, 2): "point", None: "none"},
 "inside": {"list": [Level.ERROR, {"p": Point(1, Text("x"))}], "at": [datetime.datetime(2026, 7, 3, tzinfo=berlin)]},
 "itself": me, "itself2": me2, "cycle": a, "deep": deep, "many": list(range(2500)),
}
if sys.version_info >= (3, 11): values["group"] = ExceptionGroup("eg", [ValueError(1), KeyError("k")])
if sys.version_info >= (3, 14): exec("values['template'] = t'a{1 + 1}b'")
if sys.version_info >= (3, 15): values["frozendict"] = frozendict(a=[1]); values["frozen2"] = {"in": frozendict(a=1)}
unwritten = ("longest", "slots", "frozendict", "frozen2")
for name, v in values.items():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            frame = pickle.dumps({"msg": "m", "v": v}, protocol)
        except (TypeError, ValueError): # these protocols have no way to write it
            assert protocol < 2 and name in unwritten, name
            continue
        print(name, protocol, base64.b64encode(frame).decode())
    if name != "deep" and name not in unwritten:
        frame = pickle._dumps({"msg": "m", "v": v}, 1)
        print(name, "1", base64.b64encode(frame).decode())
`

// wantValues is how a value of the program above looks in zap's JSON.
var wantValues = map[string]string{
	"none": `null`, "true": `true`, "int": `7`, "negative": `-70000`, "big": `2147483648`, "bigger": `9223372036854775808`,
	"biggest": `1000000000000000000000000000000`, "minus": `-1000000000000000000000000000000`, "float": `1.5`, "inf": `"+Inf"`,
	"longest": `"<an integer of more than 4300 digits>"`,
	"text":    `"späm ✓ 😀"`, "lines": `"a\nb\\u0041\\"`, "surrogate": `"a�b"`, "empty": `""`, "bytes": `"AH+A/w=="`, "nobytes": `""`,
	"bytearray": `"YWL/"`, "complex": `"1-2i"`, "list": `[1,"a",null,[2.5,"eA=="]]`, "tuple": `[1,2]`, "single": `[1]`,
	"four": `[1,2,3,4]`, "unit": `[]`, "set": `[5]`, "frozenset": `[6]`, "dict": `{"a":{"b":1},"2":"two"}`, "shared": `[["s"],["s"]]`,
	"ordered": `{"z":1,"a":2}`,
	"aware":   `"2026-02-03T04:05:06.789123-05:30"`, "utc": `"2026-02-03T00:00:00Z"`, "naive": `"2026-02-03T04:05:06"`,
	"micro": `"2026-02-03T04:05:06.000007"`, "date": `"2026-02-03"`, "time": `"04:05:06.700000"`, "delta": `"-23h59m58.999995s"`,
	"offset": `"UTC-05:30"`, "ageless": `"200000 days, 0s"`,
	"zoned": `"2026-07-03T04:05:06.000007+02:00"`, "winter": `"2026-01-03T00:00:00+01:00"`, "first": `"2026-10-25T02:30:00+02:00"`,
	"fold": `"2026-10-25T02:30:00+01:00"`, "gap": `"2026-03-29T03:30:00+02:00"`, "zone": `"Europe/Berlin"`, "zonedtime": `"01:02:03[Europe/Berlin]"`,
	"nocache": `"2026-07-03T00:00:00+05:30"`, "when": `"2026-02-03T00:00:00-05:30"`,
	"decimal": `1.10`, "nan": `"NaN"`, "uuid": `"12345678-9abc-def0-1234-56789abcdef0"`,
	"thing": `{"x":1}`, "bare": `"<__main__.Node>"`, "class": `"<__main__.Thing>"`, "builtin": `"<builtins.int>"`, "slots": `{"a":1,"b":2}`,
	"keyed": `{"name":"n"}`,
	"enum":  `1`, "intenum": `40`, "strenum": `"app.db"`, "flag": `6`, "status": `404`,
	"textsub": `"abc"`, "marked": `"abc"`, "intsub": `5`, "floatsub": `1.5`, "listsub": `[1,[2]]`, "dictsub": `{"a":1}`,
	"tuplesub": `[1,2]`, "bytessub": `"eA=="`, "setsub": `[5]`, "point": `[1,"a"]`, "data": `{"x":1,"y":[40]}`,
	"path": `"/a/b"`, "relative": `"a/b"`, "windows": `"C:\\a\\b"`,
	"error": `"ValueError: x"`, "silent": `"ValueError"`, "errno": `"FileNotFoundError: f"`, "failure": `{"args":"m","code":5}`,
	"apperror": `"AppError: m {\"code\": 5}"`,
	"group":    `"ExceptionGroup: eg, [\"ValueError: 1\", \"KeyError: k\"]"`,
	"counter":  `{"a":2,"b":1}`, "default": `{"a":[1]}`, "nodefault": `{}`, "deque": `[1,2]`, "bounded": `[1,2]`, "nodeque": `[]`,
	"userdict": `{"a":1}`, "userlist": `[1]`, "userstring": `"abc"`, "chain": `{"maps":[{"a":1},{"b":2}]}`, "namespace": `{"a":1,"b":{"c":2}}`,
	"fraction": `"-1/3"`, "ip4": `"10.0.0.1"`, "ip6": `"2001:db8::1"`, "network": `"10.0.0.0/8"`, "range": `[0,10,2]`, "slice": `[1,2,null]`,
	"pattern": `["a+",32]`, "array": `[1,-2]`, "doubles": `[1.5]`, "octets": `[255]`, "longs": `[18446744073709551615]`, "floats": `[0.5]`,
	"shorts": `[-3]`, "struct": `[1970,1,1,0,0,0,3,1,0]`,
	"keys":   `{"(1, \"a\")":"tuple","1":"enum","[3]":"set","(1, 2)":"point","None":"none"}`,
	"inside": `{"list":[40,{"p":[1,"x"]}],"at":["2026-07-03T00:00:00+02:00"]}`,
	"itself": `["[...]"]`, "itself2": `{"me":"{...}"}`, "cycle": `{"next":{"back":"<__main__.Node>","n":7}}`,
	"deep": strings.Repeat("[", 100) + `"<nested deeper than 100>"` + strings.Repeat("]", 100),
	"day":  `"2026-02-03"`, "fakedate": `"0001-12-31"`, "octetssub": `"YWL/"`, "address": `"CgAFAQ=="`,
	"fullqueue": `"<queue.Full>"`, "nosection": `"configparser.NoSectionError: s {\"message\": \"No section: 's'\", \"section\": \"s\"}"`, "http": `"<http.client.CannotSendRequest>"`,
	"process":    `"subprocess.CalledProcessError: 1, ls {\"returncode\": 1, \"cmd\": \"ls\", \"output\": None, \"stderr\": None}"`,
	"urlerror":   `"urllib.error.URLError: r {\"reason\": \"r\"}"`,
	"frozendict": `{"a":[1]}`, "frozen2": `{"in":{"a":1}}`,
}

// wantOf returns how a value looks that Python wrote in a protocol.
func wantOf(name, protocol string) string {
	switch {
	case protocol >= "4":
	case name == "fold": // which only protocols 4 and 5 have
		name = "first"
	case name == "keyed" && protocol < "2": // which have no arguments by name
		return `"<__main__.Keyed>"`
	case name == "errno" && protocol < "3": // which have the names of Python 2
		return strings.Replace(wantValues[name], "FileNotFoundError", "OSError", 1)
	}
	return wantValues[name]
}

func TestServerReadsAllThatPythonPickles(t *testing.T) {
	cpython.Each(t, func(t *testing.T, py cpython.Interpreter) {
		if py.Minor < 9 {
			t.Skip("zoneinfo is there since Python 3.9")
		}
		seen := map[string]bool{}
		for _, line := range strings.Split(strings.TrimSpace(string(py.Run(t, cpython.Program{Source: values}))), "\n") {
			name, rest, _ := strings.Cut(line, " ")
			protocol, encoded, _ := strings.Cut(rest, " ")
			frame, err := base64.StdEncoding.DecodeString(encoded)
			require.NoError(t, err)
			seen[name+protocol] = true
			got, err := asJSON(t, frame)
			if !assert.NoError(t, err, "%s, protocol %s", name, protocol) {
				continue
			}
			assert.Equal(t, "m", got["MSG"])
			switch name {
			case "many":
				assert.Len(t, got["v"], 2500)
			case "template": // two tuples, of texts and of interpolations
				assert.Contains(t, fmt.Sprint(got["v"]), "[[a b] [")
			default:
				want := json.NewDecoder(strings.NewReader(wantOf(name, protocol)))
				want.UseNumber()
				var v any
				require.NoError(t, want.Decode(&v), name)
				assert.Equal(t, v, got["v"], "%s, protocol %s", name, protocol)
			}
		}
		assert.Greater(t, len(seen), 5*len(wantValues))
		assert.Equal(t, py.Minor >= 15, seen["frozendict5"])
	})
}

// oddRecords is a program that prints what SocketHandler's makePickle makes of records whose levels, names and times are no plain ones.
const oddRecords = `
import base64, decimal, enum, fractions, logging, logging.handlers, sys
class Level(enum.IntEnum): NOTICE = 25; ERROR = 40
class Name(str, enum.Enum): DB = "app.db"; ERROR = "ERROR"
class Whole(int):
    def __reduce__(self): return object.__new__, (Whole,)
handler = logging.handlers.SocketHandler("localhost", 1)
def record(**attributes):
    r = logging.LogRecord("app", 20, "/src/app.py", 7, "hello %s", ("you",), None, "run")
    r.__dict__.update(attributes)
    print(base64.b64encode(handler.makePickle(r)[4:]).decode())
logging.addLevelName(25, "NOTICE")
record(levelno=Level.ERROR, levelname="ERROR")
record(levelno=Level.NOTICE, levelname="NOTICE")
record(levelno=Whole(40), levelname="ERROR")
record(levelno=Level.ERROR, levelname=Name.ERROR, name=Name.DB)
record(created=decimal.Decimal("1700000000.5"))
record(created=fractions.Fraction(3400000001, 2))
`

func TestServerReadsPythonsLevelsNamesAndTimes(t *testing.T) {
	cpython.Each(t, func(t *testing.T, py cpython.Interpreter) {
		var got []map[string]any
		for _, line := range bytes.Fields(py.Run(t, cpython.Program{Source: oddRecords})) {
			frame, err := base64.StdEncoding.DecodeString(string(line))
			require.NoError(t, err)
			record, err := asJSON(t, frame)
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339Nano, record["TIME"].(string))
			require.NoError(t, err)
			record["TIME"] = at.UTC().Format(time.RFC3339Nano)
			got = append(got, record)
		}
		require.Len(t, got, 6)
		for i, want := range []map[string]any{
			{"LEVEL": "error", "NAME": "app", "MSG": "hello you", "levelno": nil, "levelname": nil},
			{"LEVEL": "info", "levelno": json.Number("25"), "levelname": "NOTICE"},
			{"LEVEL": "error", "levelname": "ERROR"},
			{"LEVEL": "error", "NAME": "app.db", "levelno": nil, "levelname": nil},
			{"TIME": "2023-11-14T22:13:20.5Z"},
			{"TIME": "2023-11-14T22:13:20.5Z"},
		} {
			for key, value := range want {
				if value == nil {
					assert.NotContains(t, got[i], key, "record %d", i)
				} else {
					assert.Equal(t, value, got[i][key], "record %d: %s", i, key)
				}
			}
		}
	})
}

// zonedTimes is a program that prints pickled records with datetimes near changes of clocks all over the world, and their instants.
const zonedTimes = `
import base64, datetime, json, pickle, random, zoneinfo
random.seed(7)
keys = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca",
        "Europe/Dublin", "Asia/Tehran", "America/St_Johns", "Antarctica/Troll", "Asia/Kathmandu", "UTC", "Europe/Moscow"]
epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
for _ in range(500):
    zone = zoneinfo.ZoneInfo(random.choice(keys))
    at = datetime.datetime(random.randrange(1935, 2037), 1, 1) + datetime.timedelta(hours=random.randrange(8760))
    for _ in range(1500):  # look for a change
        if at.replace(tzinfo=zone).utcoffset() != (at + datetime.timedelta(hours=3)).replace(tzinfo=zone).utcoffset(): break
        at += datetime.timedelta(hours=3)
    at = (at + datetime.timedelta(minutes=random.randrange(360))).replace(tzinfo=zone, fold=random.randrange(2))
    print(base64.b64encode(pickle.dumps({"at": at}, 5)).decode(), (at.replace(tzinfo=None) - at.utcoffset() - datetime.datetime(1970, 1, 1)) // datetime.timedelta(seconds=1), repr(at))
`

// TestZonedDatetimesAreTheInstantsThatPythonMeans holds that also of a clock time that comes twice, or never.
func TestZonedDatetimesAreTheInstantsThatPythonMeans(t *testing.T) {
	py := cpython.Native(t)
	if py.Minor < 9 {
		t.Skip("zoneinfo is there since Python 3.9")
	}
	for _, line := range strings.Split(strings.TrimSpace(string(py.Run(t, cpython.Program{Source: zonedTimes}))), "\n") {
		encoded, rest, _ := strings.Cut(line, " ")
		want, what, _ := strings.Cut(rest, " ")
		frame, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		got, err := asJSON(t, frame)
		require.NoError(t, err)
		at, err := time.Parse(time.RFC3339Nano, got["at"].(string))
		require.NoError(t, err, what)
		assert.Equal(t, want, fmt.Sprint(at.Unix()), what)
	}
}
