#!/usr/bin/python3
"""What ./run shows, without its words: one session, judged, masked, held, approved, recorded."""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env, wait_for  # noqa: E402


def test_reads_are_masked_for_the_agent_only(env):
    sql = "SELECT email, ssn, card FROM customers WHERE id = 1"
    email, ssn, card = env.psql("agent", sql).stdout.strip().split("|")
    assert email.startswith("tok_") and ssn == "***" and card == "****1111", (email, ssn, card)
    assert env.psql("dba", sql).stdout.strip() == "alice.moore@example.com|078-05-1120|4111 1111 1111 1111"


def test_equal_values_have_equal_hashes(env):
    out = env.psql("agent", "SELECT email FROM customers WHERE id = 1", "SELECT email FROM customers WHERE id = 1").stdout.split()
    assert len(out) == 2 and out[0] == out[1], out


def refused(env, sql, rule):
    done = env.psql("agent", sql, options=["-v", "VERBOSITY=verbose"])
    assert done.returncode != 0 and f'"{rule}"' in done.stderr, done
    return done


def test_destruction_is_refused_wherever_it_hides(env):
    for sql in ("DROP TABLE orders", "TRUNCATE orders", "DELETE FROM orders", "SELECT 1; DROP VIEW v_customers",
                "WITH d AS (DELETE FROM customers RETURNING *) SELECT count(*) FROM d", "DO $$ BEGIN DELETE FROM orders; END $$",
                "EXPLAIN ANALYZE DELETE FROM orders"):
        refused(env, sql, "no-destruction")
    assert env.postgres.sql("SELECT count(*) FROM customers", "shop") == "8"
    assert env.postgres.sql("SELECT count(*) FROM orders", "shop") == "10"


def test_ddl_waits_and_goes_on_when_approved(env):
    command = ["psql", "-X", env.dsn("agent"), "-c", "CREATE INDEX waits ON orders (total)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as psql:
        notice = psql.stderr.readline()
        ticket = re.search(r"approval (\w+)", notice)[1]
        assert "CREATE INDEX waits" in env.run("approvals")
        token = env.gateway.folder / "dba.token"
        token.write_text(env.token("dba"))
        assert psql.poll() is None
        env.run("approve", ticket, "--token-file", token)
        out = psql.communicate(timeout=30)
    assert psql.returncode == 0 and out[0].strip() == "CREATE INDEX", out
    assert re.search(rf"{ticket}\s+consumed", env.run("approvals", "--all"))


def test_the_requester_cannot_approve(env):
    command = ["psql", "-X", env.dsn("agent"), "-c", "CREATE INDEX never ON orders (total)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as psql:
        ticket = re.search(r"approval (\w+)", psql.stderr.readline())[1]
        token = env.gateway.folder / "agent.token"
        token.write_text(env.token("agent"))
        assert env.run("approve", ticket, "--token-file", token, check=False).returncode == 1
        env.run("deny", ticket, "--reason", "not on a Friday")
        _, err = psql.communicate(timeout=30)
    assert psql.returncode != 0 and "not on a Friday" in err, err
    assert env.postgres.sql("SELECT count(*) FROM pg_indexes WHERE indexname = 'never'", "shop") == "0"


def test_the_session_can_be_replayed(env):
    env.psql("agent", "SELECT name, email FROM customers WHERE id = 2", "SELECT 'marker of this session'")
    row = wait_for("the closed session", lambda: next((r for r in env.run("sessions").splitlines() if "goodbye" in r), None))
    sessions = [r.split()[0] for r in env.run("sessions").splitlines()[1:]]
    assert row and len(sessions) >= 5, sessions
    replays = [env.run("replay", s, "--transcript") for s in sessions]
    mine = [r for r in replays if "marker of this session" in r]
    assert len(mine) == 1 and "Bob Stone" in mine[0] and "bob@stone.example" not in mine[0], mine
    assert not any("bob@stone.example" in r for r in replays)


def test_a_wrong_token_is_refused(env):
    done = env.psql("agent", "SELECT 1", token="not.a.token")
    assert done.returncode == 2 and "FATAL" in done.stderr, done
    done = env.psql("dba", "SELECT 1", token=env.token("agent"))  # the role is the DBA's, the claims are not
    assert done.returncode == 2 and "FATAL" in done.stderr, done


with Env(issuer="dev") as world:
    status = run_tests(globals(), world)
sys.exit(status)
