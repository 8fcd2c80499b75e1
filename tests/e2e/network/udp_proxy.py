"""Forwards datagrams as docker-proxy does: udp_proxy.py IP PORT TO_IP TO_PORT. The target sees the proxy's address."""
import select
import socket
import sys

listen, target = (sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4]))
front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
front.bind(listen)
clients = {}  # our socket towards the target -> the client it stands for
print("ready", flush=True)
while True:
    for ready in select.select([front, *clients], [], [])[0]:
        data, sender = ready.recvfrom(65536)
        if ready is not front:
            front.sendto(data, clients[ready])
            continue
        known = next((back for back, client in clients.items() if client == sender), None)
        if known is None:
            known = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            known.bind(("127.0.0.1" if target[0].startswith("127.") else listen[0], 0))
            clients[known] = sender
        known.sendto(data, target)
