"""The second half of ./run: starts everything, plays the tour, stays up. Every step is checked, not only shown."""
import os
import pathlib
import shutil
import signal
import socket
import sys
import tempfile
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from env import Env, wait_for  # noqa: E402
from terminal import Psql  # noqa: E402

HOME = pathlib.Path(sys.argv[sys.argv.index("--home") + 1] if "--home" in sys.argv else ROOT / ".run")
PORT = 6432
TOKEN_LIFETIME_S = 12 * 3600
COLOUR = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
EMAIL, CARD = "alice.moore@example.com", "4111 1111 1111 1111"  # of fixtures/sql/shop.sql


def paint(text, code):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def show(text, prefix="    "):
    print(textwrap.indent(text.rstrip("\n"), prefix, lambda line: True), flush=True)


class Checks:
    """What the tour has shown, and what it has not."""

    def __init__(self):
        self.failed, self.count = [], 0

    def that(self, fact, is_true):
        self.count += 1
        print(f"  {paint('ok', 32) if is_true else paint('FAILED', 31)}  {fact}", flush=True)
        if not is_true:
            self.failed.append(fact)


class Tour:
    def __init__(self, env, checks):
        self.env, self.checks, self.step = env, checks, 0
        self.psql = Psql("service=agent", environment=psql_environment())

    def title(self, text):
        self.step += 1
        print(f"\n{paint(f'{self.step}. {text}', 1)}\n", flush=True)

    def ask(self, statement):
        show(paint(f"shop=> {statement}", 36))
        answer = self.psql.ask(statement)
        show(answer)
        print()
        return answer

    def shell(self, *command):
        """querywarden, as typed in a second shell."""
        shown = ["querywarden", *command, "--config", str(HOME.relative_to(ROOT) / "gateway" / "querywarden.yaml")]
        show(paint("$ " + " ".join(shown), 36))
        done = self.env.run(*command, check=False, cwd=ROOT)
        show(done.stdout + done.stderr)
        print()
        return done.stdout if done.returncode == 0 else ""

    def count(self, what):
        return int(self.env.postgres.sql(f"SELECT count(*) FROM {what}", "shop"))

    def line_of_agent(self):
        return next((line for line in self.env.run("sessions").splitlines() if " agent " in line), "")

    # ---- the steps ----
    def masked_read(self):
        self.title("An agent reads. What is sensitive comes back masked.")
        out = self.ask("SELECT id, name, email, ssn, card FROM customers ORDER BY id LIMIT 4;")
        self.checks.that("names are readable", "Alice Moore" in out)
        self.checks.that("no e-mail address, no whole card number is in the answer", "@" not in out and "4111 1111" not in out)
        self.checks.that("the card's last four digits are", "1111" in out)
        theirs = self.env.psql("dba", "SELECT email, card FROM customers WHERE id = 1", token=token_of("dba")).stdout
        self.checks.that("a DBA reads the same row unmasked", theirs.strip() == f"{EMAIL}|{CARD}")

    def drop(self):
        self.title("DROP is refused.")
        out = self.ask("DROP TABLE orders;")
        self.checks.that("the error names the rule and the act", "no-destruction" in out and "ddl.drop" in out)
        self.checks.that("the table is still there", self.count("orders") == 10)

    def hidden_delete(self):
        self.title("A DELETE that hides in a common table expression is refused, too.")
        out = self.ask("WITH gone AS (DELETE FROM customers RETURNING *) SELECT count(*) FROM gone;")
        self.checks.that("the error names the act", "no-destruction" in out and "delete" in out)
        self.checks.that("no customer is gone", self.count("customers") == 8)

    def held_ddl(self):
        self.title("A change of the schema waits for a person.")
        statement = "CREATE INDEX orders_total_idx ON orders (total);"
        show(paint(f"shop=> {statement}", 36))
        self.psql.type(statement)
        try:
            ticket = self.psql.until(r"(?:approval|ticket)\W+([0-9A-Za-z-]{6,})\b")
        except (TimeoutError, EOFError) as e:
            self.checks.that(f"psql shows a notice with the approval's id ({e})", False)
            return
        show(self.psql.seen.replace(b"\r", b"").decode().partition("\n")[2])
        print()
        self.checks.that(f"it is held as {ticket}", self.count("pg_indexes WHERE indexname = 'orders_total_idx'") == 0)
        print("\n  In a second shell:\n")
        listed = self.shell("approvals")
        self.checks.that("the DBA sees the statement", ticket in listed and "CREATE INDEX" in listed)
        self.shell("approve", ticket, "--token-file", str(HOME.relative_to(ROOT) / "dba.token"))
        print("  And the first one goes on:\n")
        out = self.psql.until_prompt().partition("\n")[2]
        show("\n".join(line for line in out.splitlines() if ticket not in line) or out)
        print()
        self.checks.that("the statement was executed", self.count("pg_indexes WHERE indexname = 'orders_total_idx'") == 1)

    def replay(self):
        self.title("Everything is on record.")
        self.psql.close()
        wait_for("the end of the session is on record", lambda: "goodbye" in self.line_of_agent())
        sessions = self.shell("sessions")
        self.checks.that("the agent's session is listed", " agent " in sessions)
        session = self.line_of_agent().split()[0]
        out = self.shell("replay", session, "--transcript")
        words = ["SELECT id, name, email", "tok_", "DROP TABLE orders", "DELETE FROM customers", "CREATE INDEX orders_total_idx"]
        places = [out.find(word) for word in words]
        self.checks.that("the replay shows each statement, in order, and the masked rows", -1 not in places and places == sorted(places))
        timeline = self.env.run("replay", session)
        self.checks.that("and no clear e-mail address or card number", not any(s in out + timeline for s in (EMAIL, CARD)))
        self.checks.that("the timeline names who approved", "dba" in timeline)

    def play(self):
        try:
            for step in (self.masked_read, self.drop, self.hidden_delete, self.held_ddl, self.replay):
                step()
        finally:
            self.psql.close()


def psql_environment():
    mine = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return mine | {"PGSERVICEFILE": str(HOME / "pg_service.conf")}


def token_of(user):
    return (HOME / f"{user}.token").read_text().strip()


def secret_file(name, text):
    with open(os.open(HOME / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
        f.write(text)


def write_home(env):
    """What a person needs to connect: certificates, tokens, psql services."""
    link = HOME / "gateway"
    if link.is_symlink():
        link.unlink()
    link.symlink_to(env.gateway.folder)
    shutil.copyfile(env.authority.certificate, HOME / "ca.pem")
    services = ""
    for user in ("agent", "dba"):
        token = env.token(user)
        secret_file(f"{user}.token", token + "\n")
        secret_file(f"{user}.pgpass", f"*:*:*:*:{token}\n")
        services += (f"[{user}]\nhost=127.0.0.1\nport={env.gateway.port}\ndbname=shop\nuser={user}\nsslmode=verify-full\n"
                     f"sslrootcert={HOME / 'ca.pem'}\npassfile={HOME / f'{user}.pgpass'}\n\n")
    (HOME / "pg_service.conf").write_text(services)


def dsn(env, user):
    return (f"postgresql://{user}@127.0.0.1:{env.gateway.port}/shop?sslmode=verify-full"
            f"&sslrootcert={HOME / 'ca.pem'}&passfile={HOME / f'{user}.pgpass'}")


def say_hello(env):
    print(f"\n{paint('Querywarden is up', 1)}, in front of a throw-away PostgreSQL with the database shop.\n")
    for user in ("agent", "dba"):
        print(f"  {user:6} psql '{dsn(env, user)}'")
    print(f"  also   export PGSERVICEFILE={HOME / 'pg_service.conf'}; psql service=agent")


def say_goodbye(env):
    config = HOME.relative_to(ROOT) / "gateway" / "querywarden.yaml"
    binary = env.gateway.binary.relative_to(ROOT)
    print(f"""
{paint('Now you.', 1)} Everything stays up until Ctrl-C.

  connect    psql '{dsn(env, "agent")}'
  approvals  {binary} approvals --config {config}
             {binary} approve ID --token-file .run/dba.token --config {config}
  record     {binary} sessions --config {config}
  policy     edit .run/gateway/policy.yaml, then kill -HUP {env.gateway.child.pid}
  metrics    http://127.0.0.1:{env.gateway.http_port}/metrics
  log        .run/gateway/gateway.log
""", flush=True)


def preferred_port():
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
    return PORT


def wait_for_the_end(env):
    """Until Ctrl-C or SIGTERM; tells when the gateway ended by itself."""
    signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes pause()
    try:
        while env.gateway.child.is_running():
            signal.pause()
        print("The gateway has ended:", env.gateway.logged()[-2000:], sep="\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nending")
        return 0


def main(once):
    HOME.mkdir(parents=True, exist_ok=True)
    checks = Checks()
    folder = tempfile.mkdtemp(prefix="qw-run-")
    listen = {"address": "127.0.0.1", "port": preferred_port()}
    with Env(issuer="dev", folder=folder, token_lifetime_s=TOKEN_LIFETIME_S, gateway=False) as env:
        env.add_gateway("gateway", start=False)
        env.gateway.listen(listen)
        env.gateway.start()
        write_home(env)
        say_hello(env)
        Tour(env, checks).play()
        print(f"\ntour: {checks.count - len(checks.failed)} passed, {len(checks.failed)} failed", flush=True)
        if not once:
            say_goodbye(env)
            return wait_for_the_end(env)
    return 1 if checks.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main("--once" in sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, OSError, EOFError, TimeoutError, AssertionError) as e:
        sys.exit(f"\n./run: {e}")
