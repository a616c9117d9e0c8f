"""Debian's nginx for tests, which serves a folder on a port of the loopback interface.

    with Nginx(folder) as nginx:       # folder/files is served
        nginx.url("/a.txt")            # http://127.0.0.1:port/a.txt
"""

import pathlib
import shutil
import signal
import socket
import subprocess
import time

TIMEOUT = 60


def program():
    found = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    assert found, "nginx is missing: tools/setup installs Debian's nginx-light"
    return found


class Nginx:
    def __init__(self, folder, index="html", certificate=None, more=""):
        """`index`: html or json. `certificate`: the path of one, with its key beside it (`.key`), for https.
        `more`: what else the configuration of the server says."""
        self.folder = pathlib.Path(folder)
        self.files = self.folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.index = index
        self.certificate = certificate
        self.more = more

    def config(self, port):
        temporary = "\n".join(f"  {name}_temp_path {self.folder}/{name};"
                              for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        secure = ""
        if self.certificate:
            secure = f"ssl_certificate {self.certificate}; ssl_certificate_key {self.certificate}.key;"
        return f"""
daemon off;
master_process off;
pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
{temporary}
  server {{
    listen 127.0.0.1:{port}{" ssl" if self.certificate else ""};
    {secure}
    root {self.files};
    autoindex on;
    autoindex_format {self.index};
    {self.more}
  }}
}}
"""

    def __enter__(self):
        # Between the choice of a port and nginx's bind somebody else may take it; then there is another one.
        for _ in range(10):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            (self.folder / "nginx.conf").write_text(self.config(self.port))
            self.process = subprocess.Popen(
                [program(), "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder), "-e",
                 str(self.folder / "error.log")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.listens():
                return self
        raise AssertionError((self.folder / "error.log").read_text())

    def listens(self):
        """Whether it does, before it ends or too much time is over."""
        end = time.monotonic() + TIMEOUT
        while self.process.poll() is None and time.monotonic() < end:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return True
            time.sleep(0.01)
        self.stop()
        return False

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(TIMEOUT)

    def __exit__(self, *_):
        self.stop()

    def url(self, path=""):
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}{path}"
