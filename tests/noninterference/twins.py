"""Three servers in lockstep, each behind a gateway of its own: two differ in nothing but the secrets, the third is as the first, so that
what moves by itself (time, random, counters) is known.

They live through the same statements from initdb on, so that even OIDs and transaction ids are the same; what drifts apart all the same
(a case that wrote more in one of them) is put right before the next one. What is left to make equal: ports, folders, process ids.
"""
import concurrent.futures
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "corpus"))

import wire  # noqa: E402
from world import VARIANTS, World, sample_policy  # noqa: E402

HASHED = {name: {"mask": "hash"} for name in ("contact", "identity", "payment")}


def policy(masks=None, everything=False):
    """The sample's; with `everything` no rule refuses: only what knows the secrets stands between them and the agent."""
    out = sample_policy(masks) if masks else sample_policy()
    if everything:
        out["rules"] = [{"name": "everything", "effect": "allow", "verbs": ["*", "unparsed", "set.pinned", "fastpath"]}]
    return out


class Twins:
    """`other`: the variant on the second side; on the first and on the third is "a"."""

    def __init__(self, direct=False, major=None, the_policy=None, other="b"):
        self.variants, self.sides = ("a", other, "a"), []
        self._pool = concurrent.futures.ThreadPoolExecutor(3)
        try:
            for variant in self.variants:
                tempfile.tempdir = None  # each side makes its folder the place of temporary files
                self.sides.append(World(direct, major, {variant: VARIANTS[variant]}, the_policy or policy()))
            self.new_oid = self.sides[0].new_oid
        except BaseException:
            self.close()
            raise

    def all(self, work):
        """[work(world, variant)] of every side, at the same time."""
        return [f.result() for f in [self._pool.submit(work, *s) for s in zip(self.sides, self.variants)]]

    def in_step(self):
        """The next OID and the next transaction id are the same on all sides."""
        oids = self.all(lambda w, _: int(w.administer("SELECT lo_create(0)")[0][0]))
        for world, oid in zip(self.sides, oids):
            if oid < max(oids):
                world.administer("DO $do$ DECLARE o oid; BEGIN LOOP o := lo_create(0); PERFORM lo_unlink(o); "
                                 f"EXIT WHEN o >= {max(oids)}; END LOOP; END $do$")
        xids = self.all(lambda w, _: int(w.administer("SELECT pg_snapshot_xmax(pg_current_snapshot())")[0][0]))
        for world, xid in zip(self.sides, xids):
            for _ in range(min(max(xids) - xid, 1000)):
                world.administer("SELECT pg_current_xact_id()")

    def close(self):
        self._pool.shutdown()
        while self.sides:
            self.sides.pop().close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def own_names(world, pid=None):
    """[(what, instead)] for everything that a client of this side may see of where it runs."""
    server = world.env.postgres
    out = [(str(server.folder).encode(), b"<server>"), (str(world.env.folder).encode(), b"<gateways>"),
           (str(world.scratch).encode(), b"<scratch>")]
    ports = [server.port] + [g.port for g in world.env.gateways]
    out += [(str(p).encode(), b"<port>") for p in ports]
    return out + ([(str(pid).encode(), b"<pid>")] if pid else [])


__all__ = ["HASHED", "Twins", "own_names", "policy", "wire"]
