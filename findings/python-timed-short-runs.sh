#!/usr/bin/env bash
# CPython up to 3.15: TimedRotatingFileHandler counts the period from the last write to the file. A program that is started more often than
# the period, and logs each time, never rolls over: after four periods of five seconds there is one file.
. "$(dirname "$0")/lib.sh"
needs python3
python3 --version
runs=0
until ((SECONDS > 22)); do
	python3 -c '
import logging, logging.handlers
handler = logging.handlers.TimedRotatingFileHandler("app.log", when="S", interval=5)
handler.handle(logging.LogRecord("n", 20, "f", 1, "a line", None, None))
'
	runs=$((runs + 1))
	sleep 0.5
done
if python3 -c 'import sys; sys.exit(sys.version_info < (3, 16))'; then
	echo "not run: 3.16 counts from the birth of the file"
	exit 2
fi
same "app.log: $runs lines" "$(for f in app.log*; do echo "$f: $(wc -l <"$f") lines"; done)"
