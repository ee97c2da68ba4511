"""Where tokens come from: StaticIssuer signs them here (fast), DevIssuer is a real OpenID provider (node)."""
import itertools
import json
import os
import pathlib
import shutil
import time

from cryptography.hazmat.primitives.asymmetric import ec

from forge import Signer
from process import ROOT, Child, quietly

AUDIENCE = "querywarden"
PRINCIPALS = {"agent": ("agent-7", ["shop-agents"]), "dba": ("dora", ["shop-dbas"])}  # role: subject, groups
ISSUER_FOLDER = ROOT / "tests" / "support" / "issuer"


class StaticIssuer:
    """One ES256 key in a JWKS file; token() takes any claims."""

    def __init__(self, folder, url="https://issuer.test"):
        self.url, self.jwks_file = url, pathlib.Path(folder) / "jwks.json"
        self.signer, self._ids = Signer("ES256", "k1", ec.generate_private_key(ec.SECP256R1())), itertools.count(1)
        self.jwks_file.write_text(json.dumps({"keys": [self.signer.jwk()]}))

    def config(self):
        return {"name": "static", "issuer": self.url, "audience": AUDIENCE, "algorithms": ["ES256"],
                "lifetime_max_s": 86400, "jwks_file": str(self.jwks_file)}

    def token(self, role="agent", lifetime_s=3600, **claims):
        """Claims of PRINCIPALS[role], changed by `claims`; None takes one away."""
        subject, groups = PRINCIPALS.get(role, (role, []))
        now = int(time.time())
        body = {"iss": self.url, "aud": AUDIENCE, "sub": subject, "iat": now, "exp": now + lifetime_s,
                "jti": f"t{next(self._ids)}", "groups": groups} | claims
        return self.signer.token({k: v for k, v in body.items() if v is not None})

    def stop(self):
        pass


class DevIssuer:
    """tests/support/issuer: discovery over HTTPS, client credentials. Needs `npm ci` there."""

    def __init__(self, folder, lifetime_s=3600):
        self.state = pathlib.Path(folder) / "issuer"
        command = [shutil.which("node") or "node", ISSUER_FOLDER / "issuer.mjs", "--state", self.state, "--lifetime", lifetime_s]
        self.child = Child("issuer", command, pathlib.Path(folder) / "issuer.log", env=_node_environment())
        facts = self.state / "issuer.json"
        self.child.until(facts.exists)
        self.facts = json.loads(facts.read_text())
        self.url = self.facts["issuer"]

    def config(self):
        return {"name": "dev", "issuer": self.url, "audience": AUDIENCE, "algorithms": ["RS256", "ES256", "EdDSA"],
                "lifetime_max_s": 86400, "discovery": True, "ca_file": self.facts["ca_file"]}

    def token_command(self, role="agent"):
        return ["node", str(ISSUER_FOLDER / "token.mjs"), "--state", str(self.state), "--client", role]

    def token(self, role="agent"):
        return quietly(*self.token_command(role), env=_node_environment()).strip()

    def stop(self):
        self.child.stop()


def _node_environment():
    return {k: v for k, v in os.environ.items() if not k.startswith(("NODE_", "npm_"))}
