"""An SMTP server that prints its port and then, for each mail, its envelope and content as a line of JSON.

    smtpd.py starttls|implicit CERTIFICATE KEY USER PASSWORD

It ends with its standard input.
"""
import base64
import json
import logging
import socket
import ssl
import sys
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

mode, certificate, key, user, password = sys.argv[1:]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": base64.b64encode(envelope.content).decode(),
            "user": (session.auth_data or b"").decode(),
        }), flush=True)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    ok = data.login == user.encode() and data.password == password.encode()
    return AuthResult(success=ok, handled=ok, auth_data=data.login if ok else None)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(certificate, key)
if mode == "implicit":
    how = {"ssl_context": context, "auth_require_tls": False}
else:
    how = {"tls_context": context, "require_starttls": True}

with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
logging.disable(logging.WARNING)
warnings.simplefilter("ignore")
controller = Controller(Handler(), hostname="127.0.0.1", port=port, authenticator=authenticate, auth_required=True, **how)
controller.start()
print(port, flush=True)
sys.stdin.read()
controller.stop()
