"""What a program in Python makes of the portal's tokens: run by interop.rs, with what it needs as JSON on standard input.

It calls the very samples that docs/access.md shows, and prints what came of each case as JSON.
"""

import base64
import io
import json
import os
import pathlib
import sys
import urllib.request
import zipfile
from datetime import datetime, timedelta, timezone

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "docs/samples/tokens"))

import bagit
import verify_token
from biscuit_auth import Biscuit, BiscuitBuilder, BlockBuilder, KeyPair, PublicKey, UnverifiedBiscuit
from narrow_token import narrow
from revoked import revoked
from verify_token import user_of


def outcome(do, *arguments):
    """What a call returned, or the kind of error that it ended with."""
    try:
        return do(*arguments)
    except Exception as error:
        return f"{type(error).__module__.split('.')[0]}.{type(error).__name__}: {error}"


def flipped(text, at):
    """The token with one bit of it changed."""
    raw = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    raw[at % len(raw)] ^= 1
    return base64.urlsafe_b64encode(raw).decode()


def verify(given):
    token, portal, service = given["token"], given["portal"], given["service"]
    now = datetime.now(timezone.utc)
    right = user_of(token, portal, service, now)

    # The keys were fetched as a stranger does; the other cases read them again from here, as they are or changed.
    told = urllib.request.urlopen(portal + "/.well-known/biscuit-web-keys").read()
    served = json.loads(told)

    def said(token, service=service, now=now, **change):
        keys = json.dumps([key | change for key in served]).encode()
        verify_token.urllib.request.urlopen = lambda url: io.BytesIO(keys)
        return outcome(user_of, token, portal, service, now)

    def forged():
        forger = BiscuitBuilder('user("x"); kind("service"); audience({s})', {"s": service})
        forger.set_root_key_id(UnverifiedBiscuit.from_base64(token).root_key_id())
        return forger.build(KeyPair().private_key).to_base64()

    length = len(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    tampered = [said(flipped(token, at)) for at in range(length)]
    return {
        "right": right,
        "again": said(token),
        "audience": said(token, service="other.example"),
        "late": said(token, now=now + timedelta(minutes=6)),
        "forged": said(forged()),
        "issuer": said(token, issuer="https://other.example"),
        "key over": said(token, expires_at=(now - timedelta(seconds=1)).isoformat()),
        "key holds": said(token, expires_at=(now + timedelta(seconds=1)).isoformat()),
        "api": said(given["api"]),
        "session": said(given["session"]),
        "added": said(narrow(given["api"], served, "x", "P9", now)),
        "widened": outcome(narrow, token, served, "x", "P9", now),
        "tampered": len(tampered),
        "taken": [answer for answer in tampered if not answer.startswith("biscuit_auth.")],
    }


def narrows(given):
    keys, until = given["keys"], datetime.fromtimestamp(given["until"], timezone.utc)

    def only(token, piece, until=until):
        return narrow(token, keys, given["dossier"], piece, until)

    def appended(source):
        roots = {key["key_id"]: PublicKey("ed25519/" + key["key_bytes"]) for key in keys}
        return Biscuit.from_base64(given["token"], lambda key: roots[key]).append(BlockBuilder(source)).to_base64()

    return {
        "narrowed": only(given["token"], given["piece"]),
        "twice": only(only(given["token"], given["piece"]), given["other"]),
        "over": only(given["token"], given["piece"], until - timedelta(days=400)),
        "widened": appended('role("officer")'),
        "bomb": appended("check if " + ", ".join(f"user($u{n})" for n in range(6))),
    }


def shows(given):
    token = UnverifiedBiscuit.from_base64(given["token"])
    keys = {key["key_id"]: key["key_bytes"] for key in given["keys"]}
    verified = token.verify(PublicKey("ed25519/" + keys[token.root_key_id()]))
    return {
        "blocks": verified.block_count(),
        "ids": list(verified.revocation_ids),
        "added": verified.block_source(verified.block_count() - 1),
    }


def lists(given):
    now = datetime.now(timezone.utc)
    return {
        "list": revoked(given["portal"], given["key"], now),
        "other key": outcome(revoked, given["portal"], "00" * 31 + "01", now),
        "old": outcome(revoked, given["portal"], given["key"], now + timedelta(hours=1)),
    }


def bag(given):
    """What others' library finds in an archive of one's own data, unpacked into a folder."""
    with zipfile.ZipFile(given["archive"]) as archive:
        archive.extractall(given["folder"])
    [name] = os.listdir(given["folder"])
    found = bagit.Bag(os.path.join(given["folder"], name))
    found.validate()
    return {"name": name, "valid": True, "payload": sorted(found.payload_files()), "info": dict(found.info)}


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](json.load(sys.stdin))))
