"""Forged tokens of every kind, with keys made here, for tests that log in with them.

As a command it prints a JSON object {kind: token}:

    forge.py --issuer URL [--audience querywarden] [--subject agent] [--jwks-out FILE] [--like TOKEN]

--jwks-out writes the public keys to a JWKS file, and the output then also holds `good-*` tokens, signed by them.
--like takes kid and public claims from a real token, so that the forgeries differ from it in one point only.
--victim FILE is the issuer's real JWKS: its RSA key becomes the secret of the HS256 forgeries.
"""
import argparse
import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(n):
    return b64(n.to_bytes((n.bit_length() + 7) // 8, "big"))


def dumps(value):
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


class Signer:
    """One key with its algorithm; sign() gives the raw JWS signature."""

    def __init__(self, alg, kid, key):
        self.alg, self.kid, self.key = alg, kid, key

    def sign(self, data):
        if self.alg == "RS256":
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if self.alg == "PS256":
            return self.key.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        if self.alg == "ES256":
            r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.key.sign(data)

    def jwk(self):
        public = self.key.public_key()
        out = {"kid": self.kid, "alg": self.alg, "use": "sig"}
        if isinstance(public, rsa.RSAPublicKey):
            n = public.public_numbers()
            return out | {"kty": "RSA", "n": number(n.n), "e": number(n.e)}
        if isinstance(public, ec.EllipticCurvePublicKey):
            n = public.public_numbers()
            return out | {"kty": "EC", "crv": "P-256", "x": b64(n.x.to_bytes(32, "big")), "y": b64(n.y.to_bytes(32, "big"))}
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return out | {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}

    def token(self, payload, header=None):
        head = {"alg": self.alg, "typ": "JWT", "kid": self.kid} if header is None else header
        data = f"{b64(dumps(head).encode())}.{b64(dumps(payload).encode())}".encode()
        return f"{data.decode()}.{b64(self.sign(data))}"


def signers(kid=None):
    """One of each algorithm. `kid` for all of them, else each has its own."""
    rsa_key = rsa.generate_private_key(65537, 2048)
    return {
        "RS256": Signer("RS256", kid or "f-rs", rsa_key),
        "PS256": Signer("PS256", kid or "f-ps", rsa.generate_private_key(65537, 2048)),
        "ES256": Signer("ES256", kid or "f-es", ec.generate_private_key(ec.SECP256R1())),
        "EdDSA": Signer("EdDSA", kid or "f-ed", ed25519.Ed25519PrivateKey.generate()),
    }


def jwks(all_signers):
    return {"keys": [s.jwk() for s in all_signers.values()]}


def unsigned(header, payload, signature=b""):
    return f"{b64(dumps(header).encode())}.{b64(dumps(payload).encode())}.{b64(signature)}"


def hs256(header, payload, secret):
    data = unsigned(header, payload)[:-1]
    return f"{data}.{b64(hmac.new(secret, data.encode(), hashlib.sha256).digest())}"


def claims_for(issuer, audience="querywarden", subject="agent", groups=("shop-agents",), now=None):
    now = int(time.time() if now is None else now)
    return {"iss": issuer, "aud": audience, "sub": subject, "groups": list(groups), "iat": now, "exp": now + 600}


def victim_secrets(jwk):
    """The ways in which libraries hand a public RSA key to HMAC."""
    public = rsa.RSAPublicNumbers(int.from_bytes(unb64(jwk["e"]), "big"), int.from_bytes(unb64(jwk["n"]), "big")).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(serialization.Encoding.PEM, spki)
    yield "pem", pem
    yield "pem-stripped", pem.strip()
    yield "pem-pkcs1", public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    yield "der", public.public_bytes(serialization.Encoding.DER, spki)
    yield "modulus", unb64(jwk["n"])
    yield "jwk", dumps(jwk).encode()
    yield "empty", b""


def forged_claims(sign, claims):
    """Signed by `sign`; only a claim is wrong. Refused even where the signer's key is the issuer's own."""
    now = claims["iat"]

    def but(**changes):
        return sign.token({k: v for k, v in (claims | changes).items() if v is not ...})

    yield "issuer-other", but(iss="https://evil.example")
    yield "issuer-slash", but(iss=claims["iss"] + "/")
    yield "issuer-missing", but(iss=...)
    yield "audience-other", but(aud="someone-else")
    yield "audience-list-without", but(aud=["a", "b"])
    yield "audience-missing", but(aud=...)
    yield "expired", but(iat=now - 7200, exp=now - 3600)
    yield "expiry-missing", but(exp=...)
    yield "expiry-text", but(exp=str(now + 600))
    yield "expiry-float", but(exp=now + 600.5)
    yield "expiry-huge", but(exp=2**63 - 1)
    yield "not-yet", but(nbf=now + 600)
    yield "issued-in-future", but(iat=now + 600, exp=now + 1200)
    yield "lifetime-too-long", but(exp=now + 100 * 86400)
    yield "subject-empty", but(sub="")
    yield "subject-missing", but(sub=...)
    yield "subject-number", but(sub=7)
    yield "subject-nul", but(sub="agent\x00root")
    yield "bound-to-a-key", but(cnf={"jkt": "x"})
    yield "duplicate-claim", sign.token(dumps(claims)[:-1] + ',"sub":"root"}')
    yield "payload-list", sign.token(dumps([claims]))
    yield "payload-deep", sign.token(dumps(claims)[:-1] + ',"x":' + "[" * 2000 + "]" * 2000 + "}")
    yield "payload-text", sign.token('"agent"')
    yield "oversized", but(x="y" * 20000)


def forged_headers(sign, claims):
    good = {"alg": sign.alg, "typ": "JWT", "kid": sign.kid}
    for name, value in [("crit", ["exp"]), ("b64", False), ("zip", "DEF"), ("jwk", sign.jwk()), ("cty", "JWT"),
                        ("jku", "https://127.0.0.1:1/keys"), ("x5u", "https://127.0.0.1:1/cert"), ("x5c", ["MII="])]:
        yield f"header-{name}", sign.token(claims, good | {name: value})
    yield "header-duplicate", sign.token(claims, dumps(good)[:-1] + f',"kid":"{sign.kid}"}}')
    yield "header-typ", sign.token(claims, good | {"typ": "secevent+jwt"})
    yield "kid-number", sign.token(claims, good | {"kid": 7})
    yield "kid-unknown", sign.token(claims, good | {"kid": "nobody-has-this"})
    yield "kid-path", sign.token(claims, good | {"kid": "../../../../dev/null"})


def forged_shapes(sign, claims):
    good = sign.token(claims)
    head, payload, signature = good.split(".")
    other = sign.token(claims | {"x": 1}).split(".")[2]
    for alg in ["none", "None", "NONE", "nOnE", ""]:
        yield f"alg-{alg or 'empty'}-unsigned", unsigned({"alg": alg, "kid": sign.kid}, claims)
        yield f"alg-{alg or 'empty'}-signed", f"{b64(dumps({'alg': alg, 'kid': sign.kid}).encode())}.{payload}.{signature}"
    yield "two-parts", f"{head}.{payload}"
    yield "empty-signature", f"{head}.{payload}."
    yield "four-parts", f"{good}.x"
    yield "five-parts", f"{good}.x.y"
    yield "padded", f"{good}=="
    yield "signature-of-another", f"{head}.{payload}.{other}"
    yield "signature-cut", good[:-8]
    yield "signature-zero", f"{head}.{payload}.{b64(bytes(len(unb64(signature))))}"
    yield "trailing-bits", good[:-1] + chr(ord(good[-1]) + 1)
    yield "prefix-bearer", f"Bearer {good}"
    yield "garbage", "correct horse battery staple"
    yield "empty-parts", ".."


def forged(issuer, audience="querywarden", subject="agent", kid=None, victim=None, claims=None):
    """Everything that no issuer signed: name -> token. `kid`: of a real key; `victim`: the issuer's real JWKS."""
    claims = claims or claims_for(issuer, audience, subject)
    mine = signers(kid)
    out = {}
    for alg, s in mine.items():
        out[f"wrong-key-{alg}"] = s.token(claims)
    for part in (forged_claims, forged_headers, forged_shapes):
        out.update(part(mine["RS256"], claims))
    small = Signer("RS256", kid or "small", rsa.generate_private_key(65537, 1024))
    out["rsa-1024"] = small.token(claims)
    key = mine["ES256"]
    data = f"{b64(dumps({'alg': 'ES256', 'kid': key.kid}).encode())}.{b64(dumps(claims).encode())}"
    out["ecdsa-der"] = f"{data}.{b64(key.key.sign(data.encode(), ec.ECDSA(hashes.SHA256())))}"
    for jwk in (victim or jwks({"": mine["RS256"]}))["keys"]:
        if jwk["kty"] != "RSA":
            continue
        for name, secret in victim_secrets(jwk):
            for alg in ("HS256", "RS256", "hs256"):
                out[f"{alg}-with-public-key-{name}"] = hs256({"alg": alg, "kid": jwk.get("kid")}, claims, secret)
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--issuer", required=True)
    parser.add_argument("--audience", default="querywarden")
    parser.add_argument("--subject", default="agent")
    parser.add_argument("--jwks-out")
    parser.add_argument("--victim")
    parser.add_argument("--like")
    args = parser.parse_args()
    kid, claims, victim = None, claims_for(args.issuer, args.audience, args.subject), None
    if args.like:
        kid = json.loads(unb64(args.like.split(".")[0])).get("kid")
        claims = json.loads(unb64(args.like.split(".")[1]))
    if args.victim:
        with open(args.victim, encoding="utf-8") as f:
            victim = json.load(f)
    out = forged(args.issuer, args.audience, args.subject, kid, victim, claims)
    if args.jwks_out:
        mine = signers()
        with open(args.jwks_out, "w", encoding="utf-8") as f:
            json.dump(jwks(mine), f)
        out |= {f"good-{alg}": s.token(claims) for alg, s in mine.items()}
        out |= {f"own-key-{name}": t for name, t in forged_claims(mine["RS256"], claims)}
        out |= {f"own-key-{name}": t for name, t in forged_headers(mine["RS256"], claims)}
        out |= {f"own-key-{name}": t for name, t in forged_shapes(mine["RS256"], claims)}
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
