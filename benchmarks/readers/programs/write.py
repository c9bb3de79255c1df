import gzip, logging, logging.handlers, os, shutil, sys

kind, path, limit, backups, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])


def compress(source, dest):
    with open(source, "rb") as plain, gzip.open(dest, "wb") as packed:
        shutil.copyfileobj(plain, packed)
    os.remove(source)


if kind == "timed":
    handler = logging.handlers.TimedRotatingFileHandler(path, when="S", interval=seconds, backupCount=backups)
else:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=limit, backupCount=backups)
    if kind == "rotating-gzip":
        handler.namer = lambda name: name + ".gz"
        handler.rotator = compress
for line in iter(sys.stdin.readline, ""):
    handler.handle(logging.LogRecord("readers", logging.INFO, "write.py", 1, line.rstrip("\n"), None, None))
handler.close()
