"""Two hosts in network namespaces of their own, joined by a wire in user space that a test can cut.

    prober  198.51.100.10  2001:db8::10  <->  wire  <->  relays  198.51.100.1, .2  2001:db8::1, ::2

Every frame between them passes Wire, whose `policy` may drop or change it. Needs only what an unprivileged user
namespace allows; enter() re-executes the test in one, or ends it as skipped where the system refuses.
"""
import contextlib
import ctypes
import fcntl
import os
import select
import socket
import struct
import subprocess
import sys
import threading

PROBER = ("198.51.100.10", "2001:db8::10")
RELAYS = (("198.51.100.1", "2001:db8::1"), ("198.51.100.2", "2001:db8::2"))

SIOCETHTOOL = 0x8946
OFFLOADS = (0x17, 0x1F, 0x24, 0x2C)  # set transmit checksums, TSO, GSO, GRO
PACKET_OUTGOING = 4
ETH_P_ALL = 3


def enter():
    """Goes on inside a user and network namespace; called first in a test's main."""
    if os.environ.get("DERP_IN_NAMESPACE"):
        return
    probe = subprocess.run(["unshare", "-Urn", "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"],
                           capture_output=True, text=True)
    if probe.returncode != 0:
        print(f"skipped: no network namespaces here: {probe.stderr.strip()}")
        sys.exit(77)
    os.environ["DERP_IN_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "-Urn", "--fork", "--kill-child", sys.executable, *sys.argv])


def ip(*args):
    subprocess.run(["ip", *args], check=True)


def hold(addresses):
    """Runs as the first process of a host: sets it up, then stays until its input ends."""
    sys.stdin.readline()
    ip("link", "set", "lo", "up")
    # Offloaded work would be left undone: the wire passes frames on as they are.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for command in OFFLOADS:
            setting = ctypes.create_string_buffer(struct.pack("II", command, 0))
            fcntl.ioctl(handle, SIOCETHTOOL, struct.pack("16sP", b"eth0", ctypes.addressof(setting)))
    for address in addresses:
        if ":" in address:
            ip("address", "add", f"{address}/64", "dev", "eth0", "nodad")
        else:
            ip("address", "add", f"{address}/24", "dev", "eth0")
    ip("link", "set", "eth0", "up")
    print("ready", flush=True)
    sys.stdin.read()


class Frame:
    """What a policy looks at: one Ethernet frame with an IP packet in it."""

    def __init__(self, raw):
        self.raw = raw
        kind = struct.unpack_from("!H", raw, 12)[0]
        self.version = {0x0800: 4, 0x86DD: 6}.get(kind, 0)
        self.protocol = raw[23] if self.version == 4 else raw[20] if self.version == 6 else 0
        self.header = 14 + (raw[14] & 15) * 4 if self.version == 4 else 54
        if self.version == 4:
            self.source, self.target = (socket.inet_ntop(socket.AF_INET, raw[i:i + 4]) for i in (26, 30))
        elif self.version == 6:
            self.source, self.target = (socket.inet_ntop(socket.AF_INET6, raw[i:i + 16]) for i in (22, 38))
        else:
            self.source = self.target = ""

    udp = property(lambda self: self.protocol == socket.IPPROTO_UDP)
    tcp = property(lambda self: self.protocol == socket.IPPROTO_TCP)
    # Of a TCP frame: whose it is and where in the stream it starts, so the same when it is sent again.
    tcp_start = property(lambda self: (self.source, self.target, self.raw[self.header:self.header + 8]))

    def from_other(self, source):
        """The same IPv4 UDP packet with another source address."""
        raw = bytearray(self.raw)
        raw[26:30] = socket.inet_aton(source)
        raw[24:26] = b"\0\0"
        total = sum(struct.unpack_from(f"!{(self.header - 14) // 2}H", raw, 14))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into("!H", raw, 24, ~total & 0xFFFF)
        struct.pack_into("!H", raw, self.header + 6, 0)  # UDP over IPv4 may go without a checksum
        return bytes(raw)


class Wire(threading.Thread):
    """Carries frames between two interfaces. `policy(frame, to_relays)` gives the bytes to pass on, or None."""

    def __init__(self, prober_end, relay_end):
        super().__init__(daemon=True)
        self.ends = [self._open(prober_end), self._open(relay_end)]
        self.stopped, self.stopper = os.pipe()
        self.policy = None

    @staticmethod
    def _open(name):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        end.bind((name, ETH_P_ALL))
        return end

    def run(self):
        while True:
            ready, _, _ = select.select([*self.ends, self.stopped], [], [])
            if self.stopped in ready:
                return
            for end in ready:
                raw, sender = end.recvfrom(65536)
                if sender[2] == PACKET_OUTGOING:
                    continue
                to_relays = end is self.ends[0]
                passed = self.policy(Frame(raw), to_relays) if self.policy else raw
                if passed:
                    with contextlib.suppress(OSError):
                        self.ends[1 if to_relays else 0].send(passed)

    def stop(self):
        os.close(self.stopper)
        self.join()


class Host:
    """A namespace; `run` is the prefix of a command line that runs inside it."""

    def __init__(self, wire_end, addresses):
        self.process = subprocess.Popen(["unshare", "-n", sys.executable, __file__, *addresses], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        # The child is in its namespace once it differs from ours.
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == own:
            assert self.process.poll() is None
        ip("link", "add", wire_end, "type", "veth", "peer", "name", "eth0", "netns", str(self.process.pid))
        ip("link", "set", wire_end, "up")
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ready\n"
        self.run = ["nsenter", "-t", str(self.process.pid), "-n", "--"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Network(contextlib.ExitStack):
    def __enter__(self):
        super().__enter__()
        self.prober = Host("prober", PROBER)
        self.callback(self.prober.stop)
        self.relays = Host("relays", [address for relay in RELAYS for address in relay])
        self.callback(self.relays.stop)
        self.wire = Wire("prober", "relays")
        self.wire.start()
        self.callback(self.wire.stop)
        return self


if __name__ == "__main__":
    hold(sys.argv[1:])
