"""A front that fails on demand: it stands before a real relay and has one switch for every fault.

    derpprobe  ->  Front: TCP, TLS ended here, HTTP, DERP frames, STUN, port 80  ->  derper in clear text on loopback
    derpprobe  ->  Proxy: the HTTP proxy through which a map is fetched

fault_switches.FAULTS names the switches; without one all is passed on unchanged. Threads belong to the front and end with
it; an error of a socket ends one connection.
"""
import collections
import contextlib
import re
import select
import socket
import ssl
import struct
import threading
import time

from fault_switches import CLIENT_INFO, FAULTS, Cut, Frame
from programs import free_port

WEB_PORT = 80


class Counting:
    """Numbers by name, from several threads; and what a fault keeps in mind."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()
        self.state = {}

    def count(self, name):
        with self.lock:
            self.counts[name] += 1
            return self.counts[name] - 1


class Session(Counting):
    """One connection behind TLS, until either side ends it. One thread."""

    def __init__(self, front, client):
        super().__init__()
        self.front, self.fault, self.client = front, front.fault, client
        self.relay = socket.create_connection(front.next_relay())
        self.asked, self.told = b"", b""
        self.upgrade = ""  # what was asked for last
        self.mode = "http"  # then "derp", or "raw" for all that is not looked into
        self.body = 0  # bytes of an answer's body still to come
        self.later = collections.deque()  # (when, bytes) for the client
        self.client.setblocking(False)

    def send(self, data):
        while data:
            try:
                data = data[self.client.send(data):]
            except ssl.SSLWantWriteError:
                select.select([], [self.client], [], 10)

    def run(self):
        with self.relay:
            last = time.monotonic()
            while True:
                now = time.monotonic()
                while self.later and self.later[0][0] <= now:
                    self.send(self.later.popleft()[1])
                if self.fault.idle and self.mode == "derp" and now - last > self.fault.idle:
                    raise Cut
                waits = [due - now for due, _ in list(self.later)[:1]] + ([self.fault.idle / 4] if self.fault.idle else [])
                pending = self.client.pending()
                ready = select.select([self.client, self.relay], [], [], 0 if pending else max(0.0, min(waits, default=30)))[0]
                if pending or self.client in ready:
                    last = time.monotonic()
                    if not self.from_client():
                        return
                if self.relay in ready:
                    last = time.monotonic()
                    data = self.relay.recv(65536)
                    if not data:
                        return
                    self.told += data
                    self.from_relay()

    def from_client(self):
        try:
            data = self.client.recv(65536)
        except ssl.SSLWantReadError:
            return True
        if not data:
            return False
        self.asked += data
        while self.mode == "http" and b"\r\n\r\n" in self.asked and not self.upgrade:
            head, _, self.asked = self.asked.partition(b"\r\n\r\n")
            head += b"\r\n\r\n"
            wanted = re.search(rb"(?im)^upgrade: *(\w+)\r$", head)
            self.upgrade = wanted.group(1).decode().lower() if wanted else ""
            head = self.fault.ask(self, head) if self.fault.ask else head
            if head:
                self.relay.sendall(head)
        if self.mode == "derp":
            self.asked = self.frames(self.asked, False)
        elif self.mode == "raw":
            self.relay.sendall(self.asked)
            self.asked = b""
        return True

    def from_relay(self):
        while self.mode == "http" and self.told:
            if self.body:
                part, self.told = self.told[:self.body], self.told[self.body:]
                self.body -= len(part)
                self.send(part)
            elif b"\r\n\r\n" in self.told:
                head, _, self.told = self.told.partition(b"\r\n\r\n")
                self.take_answer(head + b"\r\n\r\n")
            else:
                return
        if self.mode == "derp":
            self.told = self.frames(self.told, True)
        elif self.mode == "raw":
            self.send(self.told)
            self.told = b""

    def take_answer(self, head):
        if head.startswith(b"HTTP/1.1 101"):
            self.mode = "derp" if self.upgrade == "derp" else "raw"
        elif length := re.search(rb"(?im)^content-length: *(\d+)\r$", head):
            self.body = int(length.group(1))
        elif b" 204 " not in head[:20]:
            self.mode = "raw"
        self.upgrade = ""
        self.send(self.fault.answer(self, head) if self.fault.answer else head)
        if self.mode == "derp":
            self.asked = self.frames(self.asked, False)

    def frames(self, data, to_client):
        """Passes on whole frames; returns what is left."""
        while len(data) >= 5 and len(data) >= 5 + struct.unpack_from("!I", data, 1)[0]:
            length = struct.unpack_from("!I", data, 1)[0]
            frame, data = Frame(data[0], data[5:5 + length], to_client), data[5 + length:]
            if frame.kind == CLIENT_INFO:
                self.front.keys.add(frame.payload[:32])
            if self.fault.frame:
                frame = self.fault.frame(self, frame)
            if frame is None:
                continue
            if not to_client:
                self.relay.sendall(frame.bytes())
            elif frame.hold or self.later:
                self.later.append((time.monotonic() + frame.hold, frame.bytes()))
            else:
                self.send(frame.bytes())
        return data


class Front(Counting):
    """`relays`: (ip, port) of derpers in clear text, taken in turn; `certificates`: a folder with NAME.pem files."""

    def __init__(self, ip, relays, stun, certificates, switch="none", web=False):
        super().__init__()
        self.ip, self.relays, self.stun, self.fault = ip, relays, stun, FAULTS[switch]
        self.keys = set()  # of clients that logged in here
        self.stack = contextlib.ExitStack()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.fault.tls12:
            self.context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(certificates / f"{self.fault.certificate or 'pinned'}.pem")
        self.port = self.listen()
        self.stun_port = self.listen_stun()
        if web and self.fault.web_port == "open":
            self.serve((ip, WEB_PORT), self.serve_web)

    def close(self):
        self.stack.close()

    def next_relay(self):
        return self.relays[self.count("relay") % len(self.relays)]

    def serve(self, address, function, backlog=128):
        listener = self.stack.enter_context(socket.create_server(address, backlog=backlog))

        def run():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=function, args=(listener.accept()[0],), daemon=True).start()
        threading.Thread(target=run, daemon=True).start()
        self.stack.callback(self.wake, listener)
        return listener.getsockname()[1]

    @staticmethod
    def wake(listener):
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # a thread in accept() would keep it open

    def listen(self):
        if self.fault.tcp == "open":
            return self.serve((self.ip, 0), self.serve_tls)
        if self.fault.tcp == "refused":  # bound, so that nobody else listens there
            holder = self.stack.enter_context(socket.socket())
            holder.bind((self.ip, 0))
            return holder.getsockname()[1]
        listener = self.stack.enter_context(socket.create_server((self.ip, 0), backlog=0))
        for _ in range(3):  # a full queue: further connection attempts stay without an answer
            client = self.stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        return listener.getsockname()[1]

    def listen_stun(self):
        if self.fault.stun == "refused":
            return free_port(socket.SOCK_DGRAM, self.ip)
        front = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        front.bind((self.ip, 0))
        port = front.getsockname()[1]

        def run():
            with contextlib.suppress(OSError):
                while True:
                    request, client = front.recvfrom(2048)
                    if not request:
                        return
                    answer = self.fault.datagram(self, request, client) if self.fault.datagram else None
                    if answer is None:
                        answer = self.ask_relay(request)
                        answer = self.fault.reply(self, answer) if self.fault.reply else answer
                    if answer:
                        front.sendto(answer, client)
        threading.Thread(target=run, daemon=True).start()

        def end():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopper:
                stopper.sendto(b"", (self.ip, port))
        self.stack.callback(end)
        return port

    def ask_relay(self, request):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.settimeout(5)
            back.sendto(request, self.stun)
            return back.recv(2048)

    def serve_tls(self, raw):
        with contextlib.suppress(OSError), raw:
            try:
                raw.settimeout(30)
                hello = b""
                while len(hello) < 5 or len(hello) < 5 + struct.unpack_from("!H", hello, 3)[0]:
                    seen = raw.recv(65536, socket.MSG_PEEK)
                    if len(seen) == len(hello):
                        return
                    hello = seen
                if self.fault.accept:
                    passed = self.fault.accept(raw, hello)
                    if not passed:
                        return
                with self.context.wrap_socket(raw, server_side=True) as client:
                    try:
                        Session(self, client).run()
                    except Cut:
                        with contextlib.suppress(OSError):
                            client.setblocking(True)
                            client.settimeout(1)
                            client.unwrap()
            except Cut as end:
                if end.hard:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def serve_web(self, raw):
        with contextlib.suppress(OSError), raw:
            raw.settimeout(30)
            head = read_head(raw)
            answer = self.fault.web(head) if self.fault.web else None
            if answer is not None:
                raw.sendall(answer)
                return
            with socket.create_connection(self.relays[0], 5) as relay:
                relay.sendall(head)
                while data := relay.recv(65536):
                    raw.sendall(data)


def read_head(raw):
    head = b""
    while b"\r\n\r\n" not in head:
        data = raw.recv(65536)
        if not data:
            raise OSError("the client left")
        head += data
    return head


class Proxy:
    """An HTTP proxy that knows one document, whatever is asked for."""

    def __init__(self, text, switch="none"):
        self.fault, self.asked = FAULTS[switch], []
        self.answer = self.fault.proxy or (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n"
                                           f"Connection: close\r\n\r\n{text}")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                raw = self.listener.accept()[0]
                with contextlib.suppress(OSError), raw:
                    raw.settimeout(10)
                    self.asked.append(read_head(raw).decode().splitlines()[0])
                    raw.sendall(self.answer.encode())

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
