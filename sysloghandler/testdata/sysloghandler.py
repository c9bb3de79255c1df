"""Logs one message for every level, facility, ident and append_nul to a socket, through Python's own SysLogHandler.

The arguments are "udp" or "unixgram", and the address. Each line of the output says what was asked of the handler; the
test asks the same of its own.
"""
import json
import logging
import logging.handlers
import sys

kind, address = sys.argv[1:]
if kind == "udp":
    host, port = address.rsplit(":", 1)
    address = (host, int(port))

logging.addLevelName(25, "NOTE")
levels = [logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL, 25]
messages = ["order taken", "größe €", "two\nlines", "inner\0nul", ""]
handler = logging.handlers.SysLogHandler(address)

print(json.dumps({"facilities": handler.facility_names, "priorities": handler.priority_names}))
for facility in sorted(handler.facility_names):
    for ident in ["", "app: ", "größe[1]: "]:
        for append_nul in [True, False]:
            handler.facility, handler.ident, handler.append_nul = facility, ident, append_nul
            for i, level in enumerate(levels):
                message = messages[i % len(messages)]
                handler.handle(logging.LogRecord("name", level, "file", 1, message, (), None))
                print(json.dumps({"facility": facility, "ident": ident, "append_nul": append_nul, "level": level, "message": message,
                                  "pri": handler.encodePriority(facility, handler.mapPriority(logging.getLevelName(level)))}))
                sys.stdout.flush()
                sys.stdin.readline()
