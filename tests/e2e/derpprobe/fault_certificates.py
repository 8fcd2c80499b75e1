"""The certificates that a front shows, good ones and bad ones, made by openssl."""
import datetime
import hashlib
import re
import ssl
import subprocess

NAME = "relay.example.net"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Certificates:
    """NAME.pem files, each a chain and its key, made by openssl; pins of those that are self-signed."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "index").write_text("")
        (folder / "serial").write_text("01\n")
        (folder / "ca.cnf").write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={folder}/index\nserial={folder}/serial\n"
                                       f"new_certs_dir={folder}\ndefault_md=sha256\npolicy=p\nunique_subject=no\n"
                                       "[p]\ncommonName=supplied\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=front",
                "-keyout", self.path("front.key"), "-out", self.path("front.csr"))
        self.key = (folder / "front.key").read_text()
        for name, start, days in (("pinned", -1, 300), ("other", -1, 300), ("expired", -90, -5), ("future", 30, 300),
                                  ("soon", -300, 3), ("weeks", -300, 20)):
            openssl("ca", "-config", self.path("ca.cnf"), "-batch", "-selfsign", "-keyfile", self.path("front.key"), "-in",
                    self.path("front.csr"), "-notext", "-startdate", moved(start), "-enddate", moved(days), "-out",
                    self.path(f"{name}.crt"))
            self.write(name, self.text(name))
        for name, subject, leaf in (("foreign", "/CN=Some Authority", NAME), ("vendor", "/O=Fortinet/CN=Fortinet CA", NAME),
                                    ("wrong_name", "/CN=Test Root", "front.example.org")):
            self.issue(name, subject, leaf)
        self.write("chain", self.text("pinned") + self.text("wrong_name.root"))
        self.trusted = self.path("wrong_name.root.crt")

    def path(self, name):
        return str(self.folder / name)

    def text(self, name):
        return (self.folder / f"{name}.crt").read_text()

    def write(self, name, chain):
        (self.folder / f"{name}.pem").write_text(chain + self.key)

    def issue(self, name, authority, leaf):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", authority, "-days", "900",
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.path(f"{name}.root.key"), "-out",
                self.path(f"{name}.root.crt"))
        (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{leaf}\n")
        openssl("x509", "-req", "-in", self.path("front.csr"), "-CA", self.path(f"{name}.root.crt"), "-CAkey",
                self.path(f"{name}.root.key"), "-CAcreateserial", "-days", "300", "-extfile", self.path(f"{name}.ext"),
                "-out", self.path(f"{name}.crt"))
        self.write(name, self.text(name))

    def pin(self, name):
        first = re.match(r"-----BEGIN.*?END CERTIFICATE-----\n", (self.folder / f"{name}.pem").read_text(), re.S).group(0)
        return "sha256-raw:" + hashlib.sha256(ssl.PEM_cert_to_DER_cert(first)).hexdigest()


def moved(days):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
