import json, urllib.request
from datetime import datetime, timedelta
from biscuit_auth import AuthorizerBuilder, Biscuit, PublicKey, Rule

RULES = 'time({now}); service({service}); allow if kind("service"), audience({service}), user($u)'
LIMITS = AuthorizerBuilder().limits()
LIMITS.max_time = timedelta(seconds=1)  # the library's own millisecond is too short on a busy machine


def user_of(token, portal, service, now):
    keys = json.load(urllib.request.urlopen(portal + "/.well-known/biscuit-web-keys"))
    holds = lambda key: now < datetime.fromisoformat(key.get("expires_at", "9999-01-01T00:00:00Z"))
    keys = {key["key_id"]: key["key_bytes"] for key in keys if key["issuer"] == portal and holds(key)}
    token = Biscuit.from_base64(token, lambda key_id: PublicKey("ed25519/" + keys[key_id]))
    if token.block_count() != 1: raise ValueError("somebody has added to the token")
    rules = AuthorizerBuilder(RULES, {"now": now, "service": service})
    rules.set_limits(LIMITS)
    decision = rules.build(token)
    decision.authorize()
    return decision.query(Rule("who($u) <- user($u)"))[0].terms[0]
