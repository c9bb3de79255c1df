# The pattern that tutorials have: open what appears under the name, read it to its end before it is left.
import os, sys
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

path = sys.argv[1]


class Follower(FileSystemEventHandler):
    def __init__(self):
        self.file = open(path)

    def read(self):
        if self.file:
            sys.stdout.write(self.file.read())
            sys.stdout.flush()

    def close(self):
        self.read()
        if self.file:
            self.file.close()
        self.file = None

    def open(self):
        self.close()
        try:
            self.file = open(path)
        except FileNotFoundError:
            return
        self.read()

    def on_created(self, event):
        if event.src_path == path:
            self.open()

    def on_moved(self, event):
        if event.src_path == path:
            self.close()
        if event.dest_path == path:
            self.open()

    def on_deleted(self, event):
        if event.src_path == path:
            self.close()

    def on_modified(self, event):
        if event.src_path == path:
            self.read()


follower = Follower()
observer = Observer()
observer.schedule(follower, os.path.dirname(path))
observer.start()
follower.read()
observer.join()
