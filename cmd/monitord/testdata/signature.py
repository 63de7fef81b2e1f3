import hashlib, hmac, time

def genuine(secret: bytes, header: str, body: bytes) -> bool:
    part = dict(p.split("=", 1) for p in header.split(","))
    want = hmac.new(secret, part["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(want, part["v1"]) and abs(time.time() - int(part["t"])) < 300
