"""Stand-in for systemd's socket activation of the relay, and for vsock: its connections go to a TCP port.

Ends by itself after two minutes.
"""
import os
import runpy
import signal
import socket
import sys

signal.alarm(120)
place = os.environ["STAND_IN"]
plain = socket.socket


class Socket(plain):
    """A socket whose vsock connections are written down, and go to the stand-in for the enclave."""

    def __init__(self, family=-1, *rest, **named):
        self.is_vsock = family == 40
        super().__init__(socket.AF_INET if self.is_vsock else family, *rest, **named)

    def connect(self, address):
        if self.is_vsock:
            with open(place + "/calls", "a") as calls:
                print("vsock connect", *address, file=calls)
            with open(place + "/enclave") as file:
                address = ("127.0.0.1", int(file.read()))
        super().connect(address)


def activate(ports):
    """Passes a listening socket for each port, as systemd does."""
    listeners = []
    for port in ports:
        listener = plain(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", int(port)))
        listener.listen(128)
        listeners.append(listener.detach())
    # Away from the numbers that they get, then there.
    high = [os.dup2(number, 100 + at) for at, number in enumerate(listeners)]
    for at, number in enumerate(high):
        os.dup2(number, 3 + at)
    os.environ["LISTEN_FDS"] = str(len(high))
    with open(place + "/listening", "w"):
        pass


is_probe = sys.argv[1:2] == ["--probe"]
if not is_probe:
    activate(sys.argv[1:])
path = os.path.join(place, "root/usr/local/libexec/teeproof/relay")
sys.argv = [path] + (sys.argv[2:] if is_probe else [])
socket.socket = Socket
runpy.run_path(path, run_name="__main__")
