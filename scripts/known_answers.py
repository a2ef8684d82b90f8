#!/usr/bin/env python3
"""Writes src/crypto/known_answers/answers.ts: what each algorithm gives for the inputs that mod.ts there states.

Nothing of iked computes here: ciphers, CMAC, X25519 and X448 are those of Python's `cryptography`, HMAC that of
hashlib, MODP is pow(), curves are affine arithmetic over the constants of RFC 5903, 5114, 5639 and 2409, AES-XCBC is
RFC 3566 over AES. Run: python3 scripts/known_answers.py; needs `cryptography` 43 or later.
"""
import hashlib
import hmac
import json
import re
import subprocess
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import CAST5, Blowfish, TripleDES
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC


def counting(start, length):
    return bytes((start + i) & 255 for i in range(length))


TEXT, AAD, MESSAGE = counting(0x10, 32), counting(0xC0, 12), counting(0x10, 50)


def iv(length):
    return counting(0xA0, length)


def encrypt(algorithm, mode):
    encryptor = Cipher(algorithm, mode).encryptor()
    return encryptor.update(TEXT) + encryptor.finalize()


def ciphers():
    rows = {}
    for bits in (128, 192, 256):
        size = bits // 8
        key, salted, ccm = counting(0, size), counting(0, size + 4), counting(0, size + 3)
        nonce, ccm_nonce = salted[size:] + iv(8), ccm[size:] + iv(8)
        rows[f"aes-{bits}"] = encrypt(AES(key), modes.CBC(iv(16)))
        rows[f"aes-{bits}-ctr"] = encrypt(AES(key), modes.CTR(nonce + b"\0\0\0\1"))
        sealed = AESGCM(key).encrypt(nonce, TEXT, AAD)
        covered = AAD + iv(8) + TEXT
        rows[f"aes-{bits}-gmac"] = TEXT + AESGCM(key).encrypt(nonce, b"", covered)
        for icv in (16, 12, 8):
            suffix = "" if icv == 16 else f"-{icv}"
            rows[f"aes-{bits}-gcm{suffix}"] = sealed[:len(TEXT) + icv]
            rows[f"aes-{bits}-ccm{suffix}"] = AESCCM(key, icv).encrypt(ccm_nonce, TEXT, AAD)
    salted = counting(0, 36)
    rows["chacha20-poly1305"] = ChaCha20Poly1305(salted[:32]).encrypt(salted[32:] + iv(8), TEXT, AAD)
    rows["3des"] = encrypt(TripleDES(counting(0, 24)), modes.CBC(iv(8)))
    rows["des"] = encrypt(TripleDES(counting(0, 8) * 3), modes.CBC(iv(8)))
    rows["blowfish"] = encrypt(Blowfish(counting(0, 20)), modes.CBC(iv(8)))
    rows["cast"] = encrypt(CAST5(counting(0, 16)), modes.CBC(iv(8)))
    rows["null"] = TEXT
    return rows


def xcbc(key, message):
    """RFC 3566 section 4."""
    block = lambda k, b: Cipher(AES(k), modes.ECB()).encryptor().update(b)
    k1, k2, k3 = (block(key, bytes([n] * 16)) for n in (1, 2, 3))
    xor = lambda a, b: bytes(x ^ y for x, y in zip(a, b))
    blocks = [message[i:i + 16] for i in range(0, len(message), 16)] or [b""]
    state = bytes(16)
    for one in blocks[:-1]:
        state = block(k1, xor(state, one))
    last = blocks[-1]
    whole = len(last) == 16
    padded = last if whole else (last + b"\x80").ljust(16, b"\0")
    return block(k1, xor(xor(state, padded), k2 if whole else k3))


def cmac(key, message):
    mac = CMAC(AES(key))
    mac.update(message)
    return mac.finalize()


def macs():
    """Name to MAC function, octets of key and of ICV."""
    rows = {}
    for name, digest, key, icv in (
        ("hmac-sha2-256", "sha256", 32, 16), ("hmac-sha2-384", "sha384", 48, 24),
        ("hmac-sha2-512", "sha512", 64, 32), ("hmac-sha1", "sha1", 20, 12), ("hmac-md5", "md5", 16, 12),
    ):
        rows[name] = (lambda k, m, d=digest: hmac.new(k, m, d).digest(), key, icv)
    rows["aes-xcbc"] = (xcbc, 16, 12)
    rows["aes-cmac"] = (cmac, 16, 12)
    return rows


def integs():
    return {name: mac(counting(0, size), MESSAGE)[:icv] for name, (mac, size, icv) in macs().items()}


def prfs():
    """The 16 octets before and behind the end of T1 of prf+ (RFC 7296 section 2.13)."""
    rows = {}
    for name, (mac, size, _) in macs().items():
        key = counting(0, size)
        t1 = mac(key, MESSAGE + b"\1")
        rows[name] = t1[-16:] + mac(key, t1 + MESSAGE + b"\2")[:16]
    return rows


def answer(public_i, public_r, shared):
    return hmac.new(counting(0, 32), public_i + public_r + shared, "sha256").digest()


PRIVATE_I, PRIVATE_R = counting(0x01, 19), counting(0x21, 19)
I, R = int.from_bytes(PRIVATE_I, "big"), int.from_bytes(PRIVATE_R, "big")


def modp_row(p, g, length):
    octets = lambda n: n.to_bytes(length, "big")
    return answer(octets(pow(g, I, p)), octets(pow(g, R, p)), octets(pow(g, I * R, p)))


def pi_times(bits):
    """floor(2^bits * pi), by Machin."""
    one = 1 << (bits + 64)

    def arctan(x):
        power, total, n, sign = one // x, one // x, 3, -1
        while power:
            power //= x * x
            total += sign * (power // n)
            n, sign = n + 2, -sign
        return total

    return (16 * arctan(5) - 4 * arctan(239)) >> 64


class Prime:
    """y^2 = x^3 + ax + b over GF(p), affine."""

    def __init__(self, p, a):
        self.p, self.a = p, a

    def add(self, s, t):
        if s is None or t is None:
            return s or t
        p = self.p
        if s[0] == t[0]:
            if (s[1] + t[1]) % p == 0:
                return None
            slope = (3 * s[0] * s[0] + self.a) * pow(2 * s[1], -1, p)
        else:
            slope = (t[1] - s[1]) * pow(t[0] - s[0], -1, p)
        x = (slope * slope - s[0] - t[0]) % p
        return x, (slope * (s[0] - x) - s[1]) % p


class Binary:
    """y^2 + xy = x^3 + b over GF(2^bits), affine, polynomials as integers."""

    def __init__(self, bits, middle):
        self.bits, self.polynomial = bits, 1 << bits | 1 << middle | 1

    def mul(self, a, b):
        result = 0
        while b:
            if b & 1:
                result ^= a
            a <<= 1
            if a >> self.bits:
                a ^= self.polynomial
            b >>= 1
        return result

    def invert(self, a):
        """a^(2^bits - 2)"""
        result = 1
        for _ in range(self.bits - 1):
            a = self.mul(a, a)
            result = self.mul(result, a)
        return result

    def add(self, s, t):
        if s is None or t is None:
            return s or t
        if s[0] == t[0]:
            if s[1] != t[1] or s[0] == 0:
                return None
            slope = s[0] ^ self.mul(s[1], self.invert(s[0]))
            x = self.mul(slope, slope) ^ slope
            return x, self.mul(s[0], s[0]) ^ self.mul(slope ^ 1, x)
        slope = self.mul(s[1] ^ t[1], self.invert(s[0] ^ t[0]))
        x = self.mul(slope, slope) ^ slope ^ s[0] ^ t[0]
        return x, self.mul(slope, s[0] ^ x) ^ x ^ s[1]


def curve_row(curve, base, length):
    def times(k, point):
        result = None
        while k:
            if k & 1:
                result = curve.add(result, point)
            point = curve.add(point, point)
            k >>= 1
        return result

    octets = lambda point: b"".join(n.to_bytes(length, "big") for n in point)
    i, r = times(I, base), times(R, base)
    return answer(octets(i), octets(r), octets(times(I, r))[:length])


def named_curve(name):
    """p, a and the base point, as `openssl ecparam` states them."""
    command = ["openssl", "ecparam", "-name", name, "-param_enc", "explicit", "-text", "-noout"]
    text = re.sub(r"\s", "", subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    field = lambda a, b: re.search(a + r"((?:[0-9a-f]{2}:)*[0-9a-f]{2})" + b, text).group(1).replace(":", "")
    base = field(r"\(uncompressed\):", "Order")[2:]
    half = len(base) // 2
    return (int(field("Prime:", "A:"), 16), int(field("A:", "B:"), 16),
            (int(base[:half], 16), int(base[half:], 16)), half // 2)


def subgroups():
    """p and g of RFC 5114 section 2, from the constants that iked has: pow() and the vectors of RFC 5114 judge them."""
    text = Path("src/crypto/subgroups.ts").read_text()
    for name, body in re.findall(r"KE\.MODP_(\w+)\]: \{(.*?)\n  \}", text, re.S):
        fields = {k: "".join(re.findall(r'"([0-9a-f]+)"', v)) for k, v in re.findall(r"(\w): (.*?),\n", body, re.S)}
        yield "modp" + name.replace("_", "-"), int(fields["p"], 16), int(fields["g"], 16)


def key_exchanges():
    rows = {}
    for bits, c in ((768, 149686), (1024, 129093), (1536, 741804), (2048, 124476), (3072, 1690314), (4096, 240904),
                    (6144, 929484), (8192, 4743158)):
        p = (1 << bits) - (1 << (bits - 64)) - 1 + ((pi_times(bits - 130) + c) << 64)
        rows[f"modp{bits}"] = modp_row(p, 2, bits // 8)
    for name, p, g in subgroups():
        rows[name] = modp_row(p, g, (p.bit_length() + 7) // 8)
    for name, openssl in (("ec256", "prime256v1"), ("ec384", "secp384r1"), ("ec521", "secp521r1"),
                          ("ec192", "prime192v1"), ("ec224", "secp224r1"), ("brainpool224", "brainpoolP224r1"),
                          ("brainpool256", "brainpoolP256r1"), ("brainpool384", "brainpoolP384r1"),
                          ("brainpool512", "brainpoolP512r1")):
        p, a, base, length = named_curve(openssl)
        rows[name] = curve_row(Prime(p, a), base, length)
    rows["ec155"] = curve_row(Binary(155, 62), (0x7B, 0x1C8), 20)
    rows["ec185"] = curve_row(Binary(185, 69), (0x18, 0xD), 24)
    for name, private, public, size in (("curve25519", X25519PrivateKey, X25519PublicKey, 32),
                                        ("curve448", X448PrivateKey, X448PublicKey, 56)):
        i, r = (private.from_private_bytes(one.rjust(size, b"\0")) for one in (PRIVATE_I, PRIVATE_R))
        i_public, r_public = (one.public_key().public_bytes_raw() for one in (i, r))
        rows[name] = answer(i_public, r_public, i.exchange(public.from_public_bytes(r_public)))
    return rows


def table(name, doc, rows):
    lines = "".join(f"  {json.dumps(key)}: \"{value.hex()}\",\n" for key, value in rows.items())
    return f"\n/** {doc} */\nexport const {name}: Readonly<Record<string, string>> = {{\n{lines}}};\n"


Path("src/crypto/known_answers/answers.ts").write_text(
    "/** Written by `scripts/known_answers.py`, which computes without iked; the inputs are those of `mod.ts`. Hex. */\n"
    + table("ENCR_ANSWERS", "Ciphertext and ICV.", ciphers())
    + table("INTEG_ANSWERS", "ICVs.", integs())
    + table("PRF_ANSWERS", "Octets of prf+ around the end of its first block.", prfs())
    + table("KE_ANSWERS", "HMAC-SHA-256 over both public values and the secret.", key_exchanges()))
