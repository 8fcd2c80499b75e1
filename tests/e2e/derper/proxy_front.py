"""A front such as a load balancer: accepts, says in a PROXY head who the client is, and passes bytes on."""
import contextlib
import socket
import threading


def head_v1(client, target):
    return f"PROXY TCP4 {client[0]} {target[0]} {client[1]} {target[1]}\r\n".encode()


def head_v2(client, target, tlvs=b""):
    body = socket.inet_aton(client[0]) + socket.inet_aton(target[0])
    body += client[1].to_bytes(2, "big") + target[1].to_bytes(2, "big") + tlvs
    return b"\r\n\r\n\x00\r\nQUIT\n" + bytes([0x21, 0x11]) + len(body).to_bytes(2, "big") + body


class ProxyFront(contextlib.AbstractContextManager):
    """In front of 127.0.0.1:target_port, each connection with the head given."""

    def __init__(self, target_port, head):
        self.target, self.head = ("127.0.0.1", target_port), head
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets, self.threads = [], []
        self._start(self._accept)

    def _start(self, run, *args):
        thread = threading.Thread(target=run, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            server.sendall(self.head)
            self.sockets += [client, server]
            self._start(self._pump, client, server)
            self._start(self._pump, server, client)

    @staticmethod
    def _pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.sockets:
            connection.close()
