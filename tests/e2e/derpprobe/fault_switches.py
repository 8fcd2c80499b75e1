"""The switches of a front that fails on demand: FAULTS names each, and what the front then does.

A fault is a set of small functions, one for each place where it may act (Fault); the front calls them.
"""
import contextlib
import dataclasses
import re
import socket
import struct
import time
import typing

SERVER_KEY, CLIENT_INFO, SERVER_INFO, SEND_PACKET, RECV_PACKET = 1, 2, 3, 4, 5
STUN_HEADER, STUN_COOKIE = 20, 0x2112A442
LARGE = 2000  # bytes: only a bandwidth pass sends packets of this size
QUEUE_PACKET = 260  # bytes of a queuing-delay packet, and 32 of its key


class Cut(Exception):
    """Ends the connection; with a reset when `hard`."""

    def __init__(self, hard=False):
        super().__init__()
        self.hard = hard


@dataclasses.dataclass
class Frame:
    kind: int
    payload: bytes
    to_client: bool
    hold: float = 0.0  # seconds until it is passed on

    def packet_size(self):
        """Bytes of the packet in it, without its key; 0 for other frames."""
        return len(self.payload) - 32 if self.kind in (SEND_PACKET, RECV_PACKET) else 0

    def bytes(self):
        return struct.pack("!BI", self.kind, len(self.payload)) + self.payload


@dataclasses.dataclass(frozen=True)
class Fault:
    """Where it acts. A function that is None leaves things as they are."""
    accept: typing.Callable = None  # (raw socket, ClientHello): before TLS; returns False to end the connection
    ask: typing.Callable = None  # (session, request head) -> head; None: swallowed
    answer: typing.Callable = None  # (session, answer head) -> head
    frame: typing.Callable = None  # (session, Frame) -> Frame; None: lost
    datagram: typing.Callable = None  # (front, request, client) -> answer, b"" for none; None: ask the relay
    reply: typing.Callable = None  # (front, STUN answer) -> answer
    web: typing.Callable = None  # (head) -> the answer on port 80; None: ask the relay
    proxy: str = ""  # what the proxy answers instead of the map
    certificate: str = ""  # another one than the pinned
    idle: float = 0.0  # seconds after which a silent connection is cut
    tcp: str = "open"  # or "refused", "silent"
    stun: str = "open"  # or "refused"
    web_port: str = "open"  # or "refused"
    tls12: bool = False


def says(data):
    """Sends this instead of a ServerHello."""
    def accept(raw, _):
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        until_closed(raw)
        return False
    return accept


def cuts_hello(when=lambda hello: True):
    def accept(_, hello):
        if when(hello):
            raise Cut(hard=True)
        return True
    return accept


def silent_after_hello(raw, _):
    until_closed(raw)
    return False


def until_closed(raw):
    raw.settimeout(30)
    with contextlib.suppress(OSError):
        while raw.recv(65536):
            pass


def offers_tls13(hello):
    at = hello.find(b"\x00\x2b\x00")  # supported_versions
    return at >= 0 and b"\x03\x04" in hello[at + 5:at + 5 + hello[at + 4]]


def replies(text, only=lambda head: True):
    """Answers requests itself and ends the connection."""
    def ask(session, head):
        if not only(head):
            return head
        session.send(text)
        raise Cut
    return ask


def is_upgrade(kind):
    return lambda head: re.search(rb"(?im)^upgrade: *" + kind + rb"\r$", head) is not None


def without_upgrade(_, head):
    return re.sub(rb"(?im)^(upgrade|connection): .*\r\n", b"", head)


def later_date(_, head):
    """The relay's clock, two hours ahead."""
    moved = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 7200)).encode()
    head = re.sub(rb"(?im)^date: .*\r\n", b"", head)
    return head.replace(b"\r\n", b"\r\nDate: " + moved + b"\r\n", 1)


def on(kind, change):
    return lambda session, frame: change(session, frame) if frame.kind == kind else frame


def lost(_, __):
    return None


def cut(_, __):
    raise Cut


def flipped(place):
    def change(_, frame):
        payload = bytearray(frame.payload)
        payload[place] ^= 0x55
        return dataclasses.replace(frame, payload=bytes(payload))
    return change


def held(seconds):
    return lambda _, frame: dataclasses.replace(frame, hold=seconds)


def every(nth, change, first=0):
    """Changes each nth of them, the first `first` left alone."""
    def some(session, frame):
        number = session.count("every")
        return change(session, frame) if number >= first and number % nth == nth - 1 else frame
    return some


def of_size(fits, change):
    return lambda session, frame: change(session, frame) if fits(frame.packet_size()) else frame


def from_others(change):
    """Packets that clients of another front sent: those that came over the mesh."""
    def act(session, frame):
        if frame.kind == RECV_PACKET and frame.payload[:32] not in session.front.keys:
            return change(session, frame)
        return frame
    return act


def late_for(seconds):
    """Lost until so long after the first of them."""
    def act(session, frame):
        started = session.front.state.setdefault("first", time.monotonic())
        return frame if time.monotonic() - started > seconds else None
    return act


def other_socket(front, request, client):
    answer = front.ask_relay(request)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((front.ip, 0))
        other.sendto(answer, client)
    return b""


def stun_answer(request, attribute, kind=0x0101):
    body = struct.pack("!HH", 0x0020, len(attribute)) + attribute
    return struct.pack("!HHI", kind, len(body), STUN_COOKIE) + request[8:STUN_HEADER] + body


def mapped(ip, family=socket.AF_INET):
    """Instead of the prober's own address."""
    def reply(_, answer):
        return stun_answer(answer, mapped_value(answer, ip, 4000, family))
    return reply


def mapped_value(message, ip, port, family=socket.AF_INET):
    """The value of XOR-MAPPED-ADDRESS in the transaction of this message."""
    mask = struct.pack("!I", STUN_COOKIE) + message[8:STUN_HEADER]
    packed = bytes(a ^ b for a, b in zip(socket.inet_pton(family, ip), mask))
    return struct.pack("!BBH", 0, 1 if family == socket.AF_INET else 2, port ^ (STUN_COOKIE >> 16)) + packed


def plain_only(_, request, client):
    """An RFC 8489 server that knows no attributes."""
    if len(request) > STUN_HEADER:
        return b""
    return stun_answer(request, mapped_value(request, client[0], client[1]))


FOUND = b"HTTP/1.1 302 Found\r\nLocation: http://login.example.test/?%s\r\nContent-Length: 0\r\n\r\n"
PAGE = b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 6\r\n\r\n<html>"

FAULTS = {
    "none": Fault(),
    # tcp
    "refuses_connections": Fault(tcp="refused"),
    "is_stopped": Fault(tcp="refused", stun="refused", web_port="refused"),
    "ignores_connections": Fault(tcp="silent"),
    "is_cut_off": Fault(tcp="silent", datagram=lambda *_: b""),
    # tls
    "speaks_ssh": Fault(accept=says(b"SSH-2.0-OpenSSH_9.2\r\n")),
    "resets_client_hello": Fault(accept=cuts_hello()),
    "ignores_client_hello": Fault(accept=silent_after_hello),
    "filters_names": Fault(accept=cuts_hello(lambda hello: b"relay.example.net" in hello)),
    "filters_tls13": Fault(accept=cuts_hello(offers_tls13), tls12=True),
    "knows_no_such_name": Fault(accept=says(b"\x15\x03\x03\x00\x02\x02\x70")),
    "alerts_handshake_failure": Fault(accept=says(b"\x15\x03\x03\x00\x02\x02\x28")),
    "speaks_tls12_only": Fault(tls12=True),
    # cert
    "shows_another_certificate": Fault(certificate="other"),
    "sends_its_chain": Fault(certificate="chain"),
    "shows_a_foreign_issuer": Fault(certificate="foreign"),
    "shows_a_vendor_issuer": Fault(certificate="vendor"),
    "shows_another_name": Fault(certificate="wrong_name"),
    "has_expired": Fault(certificate="expired"),
    "is_from_the_future": Fault(certificate="future"),
    "expires_soon": Fault(certificate="soon"),
    "expires_in_weeks": Fault(certificate="weeks"),
    # http
    "redirects": Fault(ask=replies(FOUND % b"", is_upgrade(b"derp"))),
    "has_derp_off": Fault(ask=replies(b"HTTP/1.1 404 Not Found\r\nContent-Length: 21\r\n\r\nderp server disabled\n", is_upgrade(b"derp"))),
    "drops_the_upgrade": Fault(ask=without_upgrade),
    "is_unavailable": Fault(ask=replies(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")),
    "is_a_web_server": Fault(ask=replies(PAGE)),
    "closes_on_requests": Fault(ask=replies(b"")),
    "answers_no_http": Fault(ask=replies(b"\x15\x03\x03 this is no HTTP")),
    "ignores_requests": Fault(ask=lambda *_: None),
    # derp
    "spoils_the_greeting": Fault(frame=on(SERVER_KEY, flipped(0))),
    "keeps_the_greeting": Fault(frame=on(SERVER_KEY, lost)),
    "closes_before_the_greeting": Fault(frame=on(SERVER_KEY, cut)),
    "closes_on_login": Fault(frame=on(CLIENT_INFO, cut)),
    "keeps_the_server_info": Fault(frame=on(SERVER_INFO, lost)),
    "spoils_the_server_info": Fault(frame=on(SERVER_INFO, flipped(-1))),
    # relay
    "loses_packets": Fault(frame=on(RECV_PACKET, lost)),
    "loses_some_packets": Fault(frame=on(RECV_PACKET, every(6, lost, first=2))),
    "changes_packets": Fault(frame=on(RECV_PACKET, flipped(-1))),
    "holds_packets": Fault(frame=on(RECV_PACKET, held(0.12))),
    "closes_on_packets": Fault(frame=on(SEND_PACKET, cut)),
    "cuts_idle_connections": Fault(idle=1.5),
    # mesh: what this front's clients get from those of others
    "loses_mesh_packets": Fault(frame=from_others(lost)),
    "loses_some_mesh_packets": Fault(frame=from_others(every(6, lost, first=2))),
    "learns_of_peers_late": Fault(frame=from_others(late_for(2.6))),
    # stun
    "ignores_stun": Fault(datagram=lambda *_: b""),
    "refuses_stun": Fault(stun="refused"),
    "loses_stun": Fault(datagram=lambda front, *_: b"" if front.count("stun") % 2 else None),
    "answers_stun_from_elsewhere": Fault(datagram=other_socket),
    "spoils_stun": Fault(reply=lambda _, answer: stun_answer(answer, b"", kind=0x0111)),
    "maps_to_the_other_family": Fault(reply=mapped("2001:db8::7", socket.AF_INET6)),
    "maps_to_another_address": Fault(reply=mapped("203.0.113.9")),
    "answers_plain_stun_only": Fault(datagram=plain_only),
    # beside the chain
    "closes_port_80": Fault(web_port="refused"),
    "serves_a_page_on_port_80": Fault(web=lambda _: PAGE),
    "forgets_the_challenge": Fault(web=lambda _: b"HTTP/1.1 204 No Content\r\n\r\n"),
    "is_behind_a_portal": Fault(web=lambda head: FOUND % str(len(head)).encode()),
    "hides_the_latency_check": Fault(ask=replies(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                                                 lambda head: b"/derp/latency-check" in head)),
    "refuses_websocket": Fault(ask=replies(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", is_upgrade(b"websocket"))),
    "drops_the_sub_protocol": Fault(answer=lambda _, head: re.sub(rb"(?im)^sec-websocket-protocol: .*\r\n", b"", head)),
    # pairs
    "cuts_large_transfers": Fault(frame=of_size(lambda size: size > LARGE, cut)),
    "holds_large_packets": Fault(frame=of_size(lambda size: size > LARGE, held(0.05))),
    "cuts_streams": Fault(frame=of_size(lambda size: size == QUEUE_PACKET, cut)),
    "holds_streams": Fault(frame=of_size(lambda size: size == QUEUE_PACKET, held(0.15))),
    "loses_of_streams": Fault(frame=of_size(lambda size: size == QUEUE_PACKET, every(8, lost))),
    # the prober's own way
    "shows_another_time": Fault(answer=later_date),
    "proxy_refuses": Fault(proxy="HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
}
