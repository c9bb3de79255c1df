"""Reads mails with Python's email module and prints, as JSON, what a person would see.

    read.py messages <JSON list of base64   the mails on standard input
    read.py mbox PATH                       the mails of a mailbox
"""
import base64
import email
import email.policy
import gzip
import json
import mailbox
import sys


def seen(message):
    attachments = [gzip.decompress(a.get_content()).decode() for a in message.iter_attachments()]
    return {
        "from": message["From"],
        "to": [a.addr_spec for a in message["To"].addresses],
        "subject": message["Subject"],
        "text": message.get_body(("plain",)).get_content(),
        "attachments": attachments,
        "headers": sorted(message.keys()),
        "defects": [repr(d) for part in message.walk() for d in part.defects],
    }


def parse(raw):
    return email.message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=email.policy.default)


if sys.argv[1] == "mbox":
    mails = [parse(m.as_bytes()) for m in mailbox.mbox(sys.argv[2], create=False)]
else:
    mails = [parse(base64.b64decode(m)) for m in json.load(sys.stdin)]
json.dump([seen(m) for m in mails], sys.stdout)
