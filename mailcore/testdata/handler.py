"""Logs each line of standard input, a JSON string, with Python's own SMTPHandler.

    handler.py PORT FROM SUBJECT TO...
"""
import json
import logging
import logging.handlers
import sys

port, sender, subject, *recipients = sys.argv[1:]
logging.raiseExceptions = True
logger = logging.getLogger("test")
logger.addHandler(logging.handlers.SMTPHandler(("127.0.0.1", int(port)), sender, recipients, subject))
for line in sys.stdin:
    logger.error("%s", json.loads(line))
