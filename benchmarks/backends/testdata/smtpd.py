"""A mail server that appends the texts of mails to a file before it takes them: smtpd.py PORT FILE."""
import asyncio
import email
import gzip
import os
import sys

from aiosmtpd.smtp import SMTP

port, path = int(sys.argv[1]), sys.argv[2]
out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        texts = []
        for part in email.message_from_bytes(envelope.content).walk():
            if part.get_content_maintype() == "multipart":
                continue
            text = part.get_payload(decode=True)
            texts.append(gzip.decompress(text) if text[:2] == b"\x1f\x8b" else text)
        whole = b"\n".join(texts) + b"\n"
        while whole:
            whole = whole[os.write(out, whole):]
        return "250 taken"


async def main():
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Handler(), data_size_limit=1 << 26), "127.0.0.1", port)
    await server.serve_forever()


asyncio.run(main())
