package netcore

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestUnpicklerReadsPython2 reads what Python 2.7's cPickle made of one dict, by protocol. There str is bytes.
func TestUnpicklerReadsPython2(t *testing.T) {
	for protocol, frame := range []string{
		"(dp1\nS'set'\np2\nc__builtin__\nset\np3\n((lp4\nI5\natRp5\nsS'raw'\np6\nS'\\xff\\x00'\np7\nsS'uuid'\np8\nccopy" +
			"_reg\n_reconstructor\np9\n(cuuid\nUUID\np10\nc__builtin__\nobject\np11\nNtRp12\n(dp13\nS'int'\np14\nL241978572" +
			"03266734864793317670504947440L\nsbsS'name'\np15\nS'root'\np16\nsS'od'\np17\nccollections\nOrderedDict\np18" +
			"\n((lp19\n(lp20\nS'z'\naI1\naatRp21\nsS'when'\np22\ncdatetime\ndatetime\np23\n(S'" +
			"\\x07\\xea\\x02\\x03\\x04\\x05\\x06\\x00\\x00\\x07'\ntRp24\nsS'long'\np25\nL100000000000000000000L\nsS'levelno" +
			"'\np26\nI30\nsS'u'\nVsp\xe4m\np27\nsS't'\nI01\nsS'msg'\np28\nS'caf\\xc3\\xa9'\np29\nsS'dec'\np30\ncdecimal" +
			"\nDecimal\np31\n(S'1.10'\ntRp32\nsS'levelname'\np33\nS'WARNING'\np34\ns.",
		"}q\x01(U\x03setq\x02c__builtin__\nset\nq\x03(]q\x04K\x05atRq\x05U\x03rawq\x06U\x02\xff\x00q\x07U\x04uuidq\x08c" +
			"copy_reg\n_reconstructor\nq\x09(cuuid\nUUID\nq\nc__builtin__\nobject\nq\x0bNtRq\x0c}q\x0dU\x03intq\x0eL2419785" +
			"7203266734864793317670504947440L\nsbU\x04nameq\x0fU\x04rootq\x10U\x02odq\x11ccollections\nOrderedDict\nq\x12(]" +
			"q\x13]q\x14(U\x01zK\x01eatRq\x15U\x04whenq\x16cdatetime\ndatetime\nq\x17(U" +
			"\n\x07\xea\x02\x03\x04\x05\x06\x00\x00\x07tRq\x18U\x04longq\x19L100000000000000000000L\nU\x07levelnoq\x1aK" +
			"\x1eU\x01uX\x05\x00\x00\x00sp\xc3\xa4mq\x1bU\x01tI01\nU\x03msgq\x1cU\x05caf\xc3\xa9q\x1dU\x03decq\x1ecdecimal" +
			"\nDecimal\nq\x1f(U\x041.10tRq U\x09levelnameq!U\x07WARNINGq\"u.",
		"\x80\x02}q\x01(U\x03setq\x02c__builtin__\nset\nq\x03]q\x04K\x05a\x85Rq\x05U\x03rawq\x06U\x02\xff\x00q\x07U" +
			"\x04uuidq\x08cuuid\nUUID\nq\x09)\x81q\n}q\x0bU\x03intq\x0c\x8a\x10\xf0\xde\xbc\x9axV4\x12\xf0\xde\xbc\x9axV4" +
			"\x12sbU\x04nameq\x0dU\x04rootq\x0eU\x02odq\x0fccollections\nOrderedDict\nq\x10]q\x11]q\x12(U\x01zK\x01ea\x85Rq" +
			"\x13U\x04whenq\x14cdatetime\ndatetime\nq\x15U\n\x07\xea\x02\x03\x04\x05\x06\x00\x00\x07\x85Rq\x16U\x04longq" +
			"\x17\x8a\x09\x00\x00\x10c-^\xc7k\x05U\x07levelnoq\x18K\x1eU\x01uX\x05\x00\x00\x00sp\xc3\xa4mq\x19U\x01t\x88U" +
			"\x03msgq\x1aU\x05caf\xc3\xa9q\x1bU\x03decq\x1ccdecimal\nDecimal\nq\x1dU\x041.10\x85Rq\x1eU\x09levelnameq\x1fU" +
			"\x07WARNINGq u.",
	} {
		t.Run(fmt.Sprint("protocol ", protocol), func(t *testing.T) {
			got, err := asJSON(t, []byte(frame))
			require.NoError(t, err)
			delete(got, "TIME") // there is none, so it is that of the arrival
			assert.Equal(t, map[string]any{
				"LEVEL": "warn", "MSG": "café", "u": "späm", "raw": "\ufffd\x00", "t": true,
				"long": json.Number("100000000000000000000"), "dec": json.Number("1.10"),
				"when": "2026-02-03T04:05:06.000007", "set": []any{json.Number("5")}, "od": map[string]any{"z": json.Number("1")},
				"uuid": "12345678-9abc-def0-1234-56789abcdef0",
			}, got)
		})
	}
}
