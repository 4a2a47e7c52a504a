from biscuit_auth import Biscuit, BlockBuilder, PublicKey


def narrow(token, web_keys, dossier, piece, until):
    keys = {key["key_id"]: key["key_bytes"] for key in web_keys}
    checks = "check if dossier({d}); check if part($p), $p == {p}; check if time($t), $t <= {t}"
    block = BlockBuilder(checks, {"d": dossier, "p": "piece:" + piece, "t": until})
    token = Biscuit.from_base64(token, lambda key_id: PublicKey("ed25519/" + keys[key_id]))
    return token.append(block).to_base64()
