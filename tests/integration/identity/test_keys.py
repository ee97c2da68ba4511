"""The background fetcher of key sets against a real OpenID provider over HTTPS, against hostile servers, and from files.

    test_keys.py PROBE [unittest arguments]
"""
import http.server
import json
import os
import pathlib
import queue
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

TESTS = pathlib.Path(__file__).resolve().parents[2]
ISSUER = TESTS / "support" / "issuer"
sys.path.insert(0, str(TESTS / "support"))
import forge  # noqa: E402

PROBE = None
WAIT_S = 20


class Lines:
    """A child whose standard output is read line by line, with a deadline."""

    errors = None  # inherited: sanitizers speak there

    def __init__(self, *command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=self.errors, text=True, bufsize=1)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def next(self, timeout=WAIT_S):
        line = self.lines.get(timeout=timeout)
        if line is None:
            raise AssertionError(f"{self.child.args[0]} ended")
        return line

    def until(self, start):
        deadline = time.monotonic() + WAIT_S
        while not (line := self.next()).startswith(start):
            if time.monotonic() > deadline:
                raise AssertionError(f"no line begins with {start}; the last one: {line}")
        return line

    def say(self, text):
        self.child.stdin.write(text + "\n")

    def end(self):
        self.child.stdin.close()
        status = self.child.wait(WAIT_S)
        self.child.stdout.close()
        return status


class Issuer(Lines):
    errors = subprocess.DEVNULL  # its warnings about being for development only

    def __init__(self, state, *more):
        self.state = str(state)
        super().__init__("node", str(ISSUER / "issuer.mjs"), "--state", self.state, *more)
        self.facts = json.loads(self.next())
        self.url, self.ca = self.facts["issuer"], self.facts["ca_file"]

    def token(self, client="agent", **more):
        extra = [x for k, v in more.items() for x in (f"--{k}", v)]
        command = ["node", str(ISSUER / "token.mjs"), "--state", self.state, "--client", client, *extra]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT_S).stdout.strip()

    def jwks(self):
        context = ssl.create_default_context(cafile=self.ca)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        return json.load(opener.open(self.url + "/jwks", timeout=WAIT_S))

    def rotate(self):
        self.child.send_signal(signal.SIGHUP)
        assert json.loads(self.next())["event"] == "rotated"

    def end(self):
        self.child.terminate()
        return super().end()


class Probe(Lines):
    def __init__(self, *options):
        super().__init__(PROBE, *map(str, options))

    def verify(self, token):
        self.say(f"verify {token}")
        line = self.next()
        while line.startswith(("fetched", "failed")):
            line = self.next()
        return self.until("after a fetch: ") if line.endswith(" waits") else line


class Base(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="qw-keys-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)

    def probe(self, *options):
        p = Probe(*options)
        self.addCleanup(lambda: self.assertEqual(p.end(), 0))
        self.assertEqual(p.next(), "opened")
        return p

    def not_opened(self, *options):
        p = Probe(*options)
        line = p.next()
        self.assertEqual(p.end(), 1)
        return line


class RealProvider(Base):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issuer = Issuer(cls.folder / "issuer")
        cls.addClassCleanup(cls.issuer.end)

    def open(self, *more):
        return self.probe("-i", self.issuer.url, "-c", self.issuer.ca, *more)

    def test_tokens_of_every_algorithm(self):
        p = self.open()
        self.assertEqual(p.next(), "fetched test: 3 usable keys")
        for alg in ["RS256", "PS256", "ES256", "EdDSA"]:
            self.assertEqual(p.verify(self.issuer.token(alg=alg)), "accepted agent groups=shop-agents")
        self.assertEqual(p.verify(self.issuer.token("dba")), "accepted dba groups=shop-dbas")
        self.assertEqual(p.verify(self.issuer.token("stranger")), "accepted stranger")
        self.assertIn("refused aud", p.verify(self.issuer.token(resource="urn:other")))

    def test_forged(self):
        p = self.open()
        p.until("fetched")
        real = self.issuer.token()
        kid = json.loads(forge.unb64(real.split(".")[0]))["kid"]
        claims = json.loads(forge.unb64(real.split(".")[1]))
        tokens = forge.forged(self.issuer.url, kid=kid, victim=self.issuer.jwks(), claims=claims)
        self.assertGreater(len(tokens), 80)
        for name, token in tokens.items():
            with self.subTest(name):
                self.assertRegex(p.verify(token), "^refused .|^after a fetch: unknown .|^unknown .* no fetch$")
        self.assertEqual(p.verify(real), "accepted agent groups=shop-agents")

    def test_rotation_is_followed_and_rate_limited(self):
        p = self.open("-m", 3000)
        p.until("fetched")
        before = self.issuer.token()
        self.assertIn("accepted", p.verify(before))
        self.issuer.rotate()
        self.assertIn("accepted", p.verify(before))  # still the old keys: nobody asked for new ones
        self.assertEqual(p.verify(self.issuer.token()), "after a fetch: accepted agent groups=shop-agents")
        self.assertRegex(p.verify(before), "^unknown .* no fetch$")  # its key is gone, and it may not fetch again yet
        self.issuer.rotate()
        self.assertRegex(p.verify(self.issuer.token()), "^unknown .* no fetch$")
        time.sleep(3.1)
        self.assertEqual(p.verify(self.issuer.token()), "after a fetch: accepted agent groups=shop-agents")

    def test_misses_share_one_fetch(self):
        p = self.open()
        p.until("fetched")
        self.issuer.rotate()
        token = self.issuer.token()
        for _ in range(20):
            p.say(f"verify {token}")
        lines = []
        while sum("accepted agent" in x for x in lines) < 20:  # who comes after the fetch needs not wait
            lines.append(p.next())
        self.assertGreaterEqual(sum(x.endswith(" waits") for x in lines), 1)
        self.assertEqual(sum(x.startswith("fetched") for x in lines), 1)

    def test_background_refresh(self):
        p = self.open("-r", 1)
        p.until("fetched")
        self.issuer.rotate()
        token = self.issuer.token()
        p.until("fetched")
        p.until("fetched")
        self.assertIn("accepted", p.verify(token))

    def test_login_before_the_first_fetch(self):
        p = self.open()
        self.assertEqual(p.verify(self.issuer.token())[-6:], "agents")

    def test_wrong_ca_is_refused(self):
        other = Issuer(self.folder / "other")
        self.addCleanup(other.end)
        p = self.probe("-i", self.issuer.url, "-c", other.ca)
        self.assertRegex(p.next(), "^failed test: the discovery document: .*certificate")
        p = self.probe("-i", self.issuer.url)  # the system's authorities do not know it either
        self.assertRegex(p.next(), "^failed test: the discovery document: .*certificate")

    def test_wrong_name_in_the_certificate_is_refused(self):
        p = self.probe("-i", self.issuer.url.replace("127.0.0.1", "127.0.0.2"), "-c", self.issuer.ca)
        self.assertRegex(p.next(), "^failed test: the discovery document: ")

    def test_another_issuer_in_the_document_is_refused(self):
        p = self.probe("-i", self.issuer.url.replace("127.0.0.1", "localhost"), "-c", self.issuer.ca)
        self.assertRegex(p.next(), "^failed test: the discovery document names another issuer")

    def test_only_https_is_opened(self):
        for url in [self.issuer.url.replace("https", "http"), "file:///etc/passwd", "https://", "https://a@b", "https://a/?x", ""]:
            self.assertIn("issuer test: ", self.not_opened("-i", url, "-c", self.issuer.ca))
        self.assertIn("cannot be read", self.not_opened("-i", self.issuer.url, "-c", "/nonexistent.pem"))

    def test_closing_in_the_middle_of_a_fetch(self):
        for _ in range(5):
            p = self.open()
            p.say(f"verify {self.issuer.token()}")


class IssuerComesAndGoes(Base):
    def test_down_at_start_then_up_then_down(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        first = Issuer(self.folder / "issuer", "--port", str(port))
        token, ca, url = first.token(), first.ca, first.url
        keep = self.folder / "ca.pem"
        shutil.copy(ca, keep)
        first.end()

        p = self.probe("-i", url, "-c", keep, "-b", 100, "-B", 400)
        line = p.next()
        self.assertRegex(line, "^failed test: the discovery document: .*; tried again in 100 ms; no keys: every login is refused$")
        self.assertRegex(p.next(), "tried again in 200 ms")
        self.assertRegex(p.next(), "tried again in 400 ms")
        self.assertRegex(p.next(), "tried again in 400 ms")
        self.assertRegex(p.verify(token), "unknown the issuer's key set is empty or was never fetched( no fetch)?$")

        second = Issuer(self.folder / "issuer", "--port", str(port))
        shutil.copy(second.ca, keep)  # the file is read anew at every fetch
        p.until("fetched")
        token = second.token()
        self.assertIn("accepted", p.verify(token))
        second.end()

    def test_keys_go_stale(self):
        issuer = Issuer(self.folder / "stale")
        token = issuer.token()
        p = self.probe("-i", issuer.url, "-c", issuer.ca, "-r", 1, "-s", 3, "-b", 100, "-B", 400)
        p.until("fetched")
        issuer.end()
        self.assertRegex(p.until("failed"), "the old keys stay in use$")
        self.assertIn("accepted", p.verify(token))
        deadline = time.monotonic() + WAIT_S
        while not p.until("failed").endswith("no keys: every login is refused"):
            self.assertLess(time.monotonic(), deadline)
        self.assertNotIn("accepted", p.verify(token))
        p.say("age")
        self.assertRegex(p.until("age"), "usable 0$")


class Hostile(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append(self.path)
        getattr(self, "answer_" + self.path.split("/")[1], self.answer_nothing)()

    def reply(self, body, status=200, **headers):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(raw)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(raw)

    def document(self, **changes):
        issuer = self.server.url + "/" + self.path.split("/")[1]
        return {"issuer": issuer, "jwks_uri": self.server.url + "/keys", **changes}

    def answer_nothing(self):
        self.reply({}, 404)

    def answer_keys(self):
        self.reply({"keys": []})

    def answer_symmetric(self):
        self.reply(self.document(jwks_uri=self.server.url + "/oct"))

    def answer_oct(self):
        self.reply({"keys": [{"kty": "oct", "k": "AAAA"}]})

    def answer_good(self):
        self.reply(self.document())

    def answer_redirect(self):
        self.reply({}, 302, Location=self.server.url + "/good/.well-known/openid-configuration")

    def answer_plain(self):
        self.reply(self.document(jwks_uri=self.server.url.replace("https", "http") + "/keys"))

    def answer_file(self):
        self.reply(self.document(jwks_uri="file:///etc/passwd"))

    def answer_html(self):
        self.reply(b"<html>maintenance</html>")

    def answer_error(self):
        self.reply(self.document(), 500)

    def answer_created(self):
        self.reply(self.document(), 203)

    def answer_large(self):
        self.reply(b" " * (256 * 1024 + 1))

    def answer_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for _ in range(1000):
                self.wfile.write(b"1000\r\n" + b" " * 4096 + b"\r\n")
        except OSError:
            self.close_connection = True

    def answer_headers(self):
        self.send_response(200)
        try:
            for i in range(10000):
                self.send_header(f"X-{i}", "y" * 90)
            self.end_headers()
        except OSError:
            self.close_connection = True

    def answer_slow(self):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        try:
            for _ in range(40):
                self.wfile.write(b" ")
                time.sleep(0.1)
        except OSError:
            pass
        self.close_connection = True

    def log_message(self, *args):
        pass


class HostileServer(Base):
    """What a broken or hostile issuer may answer: never a crash, never keys, and the loop stays awake."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = Issuer(cls.folder / "ca")  # for its certificate
        maker.end()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.folder / "ca" / "leaf.pem", cls.folder / "ca" / "leaf.key")
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
        cls.server.socket = context.wrap_socket(cls.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)  # in the handler's thread
        cls.server.url = f"https://127.0.0.1:{cls.server.server_port}"
        cls.server.seen = []
        cls.server.handle_error = lambda *_: None  # clients that hang up are the point here
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.server_close)
        cls.addClassCleanup(cls.server.shutdown)

    def fetch(self, path, *more):
        p = self.probe("-i", f"{self.server.url}/{path}", "-c", self.folder / "ca" / "ca.pem", "-b", 60000, *more)
        return p, p.next()

    def test_answers(self):
        for path, want in [
            ("redirect", "HTTP status 302"), ("error", "HTTP status 500"), ("created", "HTTP status 203"),
            ("missing", "HTTP status 404"), ("html", "not a strict JSON object"), ("plain", "jwks_uri"), ("file", "jwks_uri"),
            ("large", "document: "), ("chunked", "larger than"), ("headers", "larger than|[Tt]oo"),
            ("symmetric", "symmetric key"),
        ]:
            with self.subTest(path):
                self.assertRegex(self.fetch(path)[1], f"^failed test: .*({want})")

    def test_no_redirect_is_followed(self):
        self.server.seen.clear()
        self.fetch("redirect")
        self.assertEqual(self.server.seen, ["/redirect/.well-known/openid-configuration"])

    def test_a_slash_at_the_end_of_the_issuer(self):
        self.server.seen.clear()
        self.fetch("good/")
        self.assertEqual(self.server.seen[0], "/good/.well-known/openid-configuration")

    def test_an_empty_set_means_no_keys(self):
        self.assertEqual(self.fetch("good")[1], "fetched test: 0 usable keys: every login is refused")

    def test_slow_server_is_given_up_and_never_blocks(self):
        p = self.probe("-i", f"{self.server.url}/slow", "-c", self.folder / "ca" / "ca.pem", "-b", 60000, "-t", 1500)
        for _ in range(20):
            p.say("tick")
            self.assertEqual(p.next(), "tock")
        self.assertRegex(p.next(), "^failed test: .*[Tt]imed? ?out|^failed test: .*timed out")

    def test_proxies_of_the_environment_are_not_used(self):
        os.environ["https_proxy"] = "http://127.0.0.1:9"
        self.addCleanup(os.environ.pop, "https_proxy")
        self.assertRegex(self.fetch("good")[1], "^fetched")


class FromFile(Base):
    def write(self, content):
        path = self.folder / "keys.json"
        new = self.folder / "keys.new"
        new.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        new.rename(path)
        return path

    def test_file_is_used_and_read_again(self):
        mine = forge.signers()
        path = self.write(forge.jwks(mine))
        p = self.probe("-i", "https://id.example", "-f", path)
        claims = forge.claims_for("https://id.example")
        for s in mine.values():
            self.assertEqual(p.verify(s.token(claims)), "accepted agent groups=shop-agents")
        for name, token in [*forge.forged_claims(mine["RS256"], claims), *forge.forged_headers(mine["RS256"], claims),
                            *forge.forged_shapes(mine["RS256"], claims)]:
            with self.subTest(name):
                self.assertRegex(p.verify(token), "^refused .|unknown ")
        p = self.probe("-i", "https://id.example", "-f", path)
        new = forge.signers("new")["ES256"]
        self.write(forge.jwks({"": new}))
        self.assertEqual(p.verify(new.token(claims)), "after a fetch: accepted agent groups=shop-agents")

    def test_a_broken_file_keeps_the_old_keys(self):
        mine = forge.signers()
        p = self.probe("-i", "https://id.example", "-f", self.write(forge.jwks(mine)), "-r", 1)
        token = mine["ES256"].token(forge.claims_for("https://id.example"))
        self.write("{")
        self.assertRegex(p.until("failed"), "the old keys stay in use")
        self.assertIn("accepted", p.verify(token))

    def test_bad_files_are_not_opened(self):
        self.assertIn("cannot be read", self.not_opened("-i", "https://id.example", "-f", self.folder / "none.json"))
        self.assertIn("cannot be read", self.not_opened("-i", "https://id.example", "-f", self.folder))
        self.assertIn("strict JSON", self.not_opened("-i", "https://id.example", "-f", self.write("{")))
        self.assertIn("larger than", self.not_opened("-i", "https://id.example", "-f", self.write(" " * 300000)))
        weak = forge.Signer("RS256", "w", forge.rsa.generate_private_key(65537, 1024))
        self.assertIn("1024 bits", self.not_opened("-i", "https://id.example", "-f", self.write(forge.jwks({"": weak}))))


if __name__ == "__main__":
    PROBE = sys.argv.pop(1)
    if not (ISSUER / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=ISSUER, check=True)
    unittest.main(verbosity=1)
