"""Starts the servers that are compared: ours, another build or program, and the bare relay loop."""
import contextlib
import os
import pathlib
import shlex
import socket
import subprocess
import time

DEADLINE = 30
HOSTS = ("127.0.0.1", "127.0.0.2")
MESH_KEY = "0123456789abcdef" * 4 + "\n"


def wait_until(condition, what, seconds=DEADLINE):
    end = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f"gave up after {seconds} s waiting for {what}")
        time.sleep(0.02)
    return result


def free_port(hosts):
    for _ in range(100):
        with contextlib.ExitStack() as stack:
            first = stack.enter_context(socket.socket())
            first.bind((hosts[0], 0))
            port = first.getsockname()[1]
            try:
                for host in hosts[1:]:
                    stack.enter_context(socket.socket()).bind((host, port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


def accepts(host, port):
    try:
        socket.create_connection((host, port), 1).close()
        return True
    except OSError:
        return False


class Process:
    def __init__(self, command, log, environment=None):
        self.command, self.log = command, pathlib.Path(log)
        self.file = open(log, "wb")
        self.process = subprocess.Popen(command, stdout=self.file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{shlex.join(self.command)} ended: {self.log.read_text(errors='replace')[-2000:]}")
        return True

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.file.close()


class Subject:
    """One of the servers under comparison, by the words of its command line."""

    def __init__(self, name, label, words, kind):
        self.name, self.label, self.words, self.kind = name, label, list(words), kind  # kind: ours, other, limit

    def command(self, folder, host, port, workers, meshed):
        if self.kind == "limit":
            return [*self.words, "-a", f"{host}:{port}", "-threads", str(workers or 2)], {}
        command = [*self.words, "-a", f"{host}:{port}", "-hostname", host, "-certmode", "manual", "-certdir",
                   str(folder / host), "-c", str(folder / f"{host}.key"), "-http-port", "-1", "-stun=false"]
        environment = {}
        if workers and self.kind == "ours":
            command += ["-workers", str(workers)]
        elif workers:
            environment["GOMAXPROCS"] = str(workers)
        if meshed:
            command += ["-mesh-psk-file", str(folder / "mesh.key"), "-mesh-with", ",".join(f"{ip}:{port}" for ip in HOSTS)]
            if self.kind == "ours":
                command += ["-mesh-ca-file", str(folder / "ca.pem")]
            else:
                environment["SSL_CERT_FILE"] = str(folder / "ca.pem")
        return command, environment

    @contextlib.contextmanager
    def serve(self, folder, workers=0, meshed=False):
        """Runs it (twice and meshed, if asked) for the length of the context; gives the processes and addresses."""
        folder = pathlib.Path(folder)
        hosts = HOSTS if meshed else HOSTS[:1]
        port = free_port(hosts)
        if meshed:
            self.make_trust(folder, port)
        with contextlib.ExitStack() as stack:
            running = []
            for host in hosts:
                command, environment = self.command(folder, host, port, workers, meshed)
                process = Process(command, folder / f"{host}.log", environment)
                stack.callback(process.stop)
                running.append(process)
            for process, host in zip(running, hosts):
                wait_until(lambda p=process, h=host: p.alive() and accepts(h, port), f"{self.label} on {host}")
            yield running, [f"{host}:{port}" for host in hosts]

    def make_trust(self, folder, port):
        """Certificates are made at the first start; each of a mesh has to trust the other's from its first moment."""
        (folder / "mesh.key").write_text(MESH_KEY)
        (folder / "mesh.key").chmod(0o600)
        (folder / "ca.pem").write_text("")
        texts = []
        for host in HOSTS:
            command, _ = self.command(folder, host, port, 0, False)
            process = Process(command, folder / f"{host}.first.log")
            try:
                path = folder / host / f"{host}.crt"
                wait_until(lambda p=process, f=path: p.alive() and f.exists() and accepts(host, port), f"certificate of {host}")
                texts.append(path.read_text())
            finally:
                process.stop()
        (folder / "ca.pem").write_text("".join(texts))


def subjects(build, against=None, against_build=None, extra=(), name=None):
    """Those of the command line of tests/bench/run, by name."""
    build = pathlib.Path(build).resolve()
    found = {"a": Subject("a", "ours", [str(build / "derper/derper"), *extra], "ours"),
             "limit": Subject("limit", "bare loop", [str(build / "tests/bench/limit/relaylimit")], "limit")}
    if against_build:
        found["b"] = Subject("b", name or "other build", [str(pathlib.Path(against_build).resolve() / "derper/derper"), *extra], "ours")
    elif against:
        words = shlex.split(against)
        found["b"] = Subject("b", name or pathlib.Path(words[0]).name, words, "other")
    return found
