package mailcore_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/cpython"
	"example.com/zaphandlers/mailcore"
)

// fakeMail has SMTPHandler send mails over fake sockets and prints the dialogues; then it reads those mails and ours with the email
// module, as testdata/read.py does, which is appended.
const fakeMail = `
import base64, io, json, logging, logging.handlers, sys, wires
sockets = wires.mail()
given = json.load(sys.stdin)
logger = logging.getLogger("test")
logger.addHandler(logging.handlers.SMTPHandler(("mail.example.com", 25), given["from"], given["to"], given["subject"]))
for message in given["messages"]:
    logger.error("%s", message)
dialogues = [s.sent for s in sockets]
print(json.dumps([base64.b64encode(d).decode() for d in dialogues]))
mails = [(d.split(b"\r\n.\r\n")[0] + b"\r\n").split(b"data\r\n", 1)[1].replace(b"\r\n..", b"\r\n.") for d in dialogues]
sys.stdin = io.StringIO(json.dumps([base64.b64encode(m).decode() for m in mails] + given["ours"]))
sys.argv = ["read.py", "messages"]
`

func TestTheSameMailAsTheNewestPythons(t *testing.T) {
	const from, subject = "orders@example.com", "trouble: grün ✓"
	to := []string{"ops@example.com", "dev@example.com"}
	messages := []string{
		"Hello ✓", "plain", "two\nlines", "a line of more than 78 bytes: " + strings.Repeat("x", 200), "grün " + strings.Repeat("und mehr ", 40),
		".leading dot\n..", "tab\tand more",
	}
	s := newServer(t, &server{})
	core := newCore(t, mailcore.Config{Addr: s.listen(t), From: from, To: to, Subject: subject, Encoder: onlyMessage()})
	var ours [][]byte
	for _, m := range messages {
		require.NoError(t, write(core, m))
	}
	for _, m := range s.received() {
		ours = append(ours, m.data)
	}
	stdin, err := json.Marshal(map[string]any{"from": from, "to": to, "subject": subject, "messages": messages, "ours": ours})
	require.NoError(t, err)
	reader, err := os.ReadFile("testdata/read.py")
	require.NoError(t, err)
	cpython.EachNewest(t, func(t *testing.T, py cpython.Interpreter) {
		out := json.NewDecoder(bytes.NewReader(py.Run(t, cpython.Program{Source: fakeMail + string(reader), Stdin: stdin})))
		var dialogues [][]byte
		require.NoError(t, out.Decode(&dialogues))
		require.Len(t, dialogues, len(messages))
		for _, d := range dialogues {
			dialogue := strings.ToLower(string(d))
			assert.Contains(t, dialogue, "mail from:<"+from+">")
			for _, address := range to {
				assert.Contains(t, dialogue, "rcpt to:<"+address+">")
			}
		}
		var mails []seen
		require.NoError(t, out.Decode(&mails))
		require.Len(t, mails, 2*len(messages))
		for i, theirs := range mails[:len(messages)] {
			mine := mails[len(messages)+i]
			assert.Equal(t, theirs.From, mine.From)
			assert.Equal(t, theirs.To, mine.To)
			assert.Equal(t, theirs.Subject, mine.Subject)
			assert.Equal(t, theirs.Text, mine.Text, "%q", messages[i])
			assert.Empty(t, mine.Defects)
		}
	})
}
