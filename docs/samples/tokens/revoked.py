import json, urllib.request
from datetime import datetime
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def revoked(portal, receipt_key, now):
    told = json.load(urllib.request.urlopen(portal + "/.well-known/guichet-revoked"))
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(receipt_key))
    key.verify(bytes.fromhex(told["signature"]), b"guichet revoked\n" + told["list"].encode())
    told = json.loads(told["list"])
    if now > datetime.fromisoformat(told["expires_at"]): raise ValueError("an old list")
    return told
