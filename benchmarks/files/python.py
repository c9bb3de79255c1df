import logging, logging.handlers, sys, time

name, path, size, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
handler = {
    "FileHandler": lambda: logging.FileHandler(path),
    "WatchedFileHandler": lambda: logging.handlers.WatchedFileHandler(path),
    "RotatingFileHandler": lambda: logging.handlers.RotatingFileHandler(path, maxBytes=1 << 40, backupCount=5),
    "TimedRotatingFileHandler": lambda: logging.handlers.TimedRotatingFileHandler(path, when="midnight", backupCount=5),
}[name]()
record = logging.LogRecord("bench", logging.INFO, "bench.py", 1, "x" * (size - 1), None, None)
handler.handle(record)
start = time.perf_counter()
for _ in range(count):
    handler.handle(record)
took = time.perf_counter() - start
handler.close()
print(took * 1e9 / count)
