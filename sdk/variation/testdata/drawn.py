#!/usr/bin/env python3
"""Prints drawn.tsv: the values that CPython's module random and numpy's
generator of random.seed and random.normal give for variations of the .vast
format, drawn, clipped and rounded as RoboVAST does that.

    /usr/bin/python3 drawn.py > drawn.tsv       (Debian 12 with python3-numpy)

A line is the type, the settings, the hash of all values, and the first ones. A
float is written in hexadecimal, so that no bit is lost.
"""
import hashlib
import json
import random
import sys

import numpy

SEEDS = [0, 1, 7, 42, -1, -42, 2**31, 2**32 - 1, 2**32, 2**32 + 1, -2**32, 2**53 + 1, 2**63 - 1, -2**63, 2**64,
         2**64 + 12345678901234567890, -3**100, 10**400]
NUMPY_SEEDS = [0, 1, 2, 7, 42, 1234, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]
BOUNDS = [
    ("float", 0, 1), ("float", -2.5, 4), ("double", 1e-300, 1e300), ("number", -1, 3), ("float", 5, 5), ("float", 1e-5, 2e-5),
    ("int", 1, 10), ("integer", 0, 0), ("int", -5, 5), ("int", 0, 2**32 - 1), ("int", 0, 2**32), ("int", -2**63, 2**63 - 1),
    ("int", -10**30, 10**40), ("int", 0.9, 7.9), ("int", -3.7, 2.2),
    ("bool", 0, 0.5), ("bool", 0.2, 0.25), ("bool", 0.1, 1), ("bool", 0, 1),
    ("string", 1, 10), ("string", 1, 10.5), ("string", 0.0, 1e-4), ("string", 1e15, 1e17), ("string", -1e22, 1e22),
]
NORMALS = [
    ("float", 0, 1, None, None), ("float", 10.5, 2, None, None), ("float", 0, 0, None, None), ("double", -1e10, 1e-3, None, None),
    ("number", 0, 1, -0.5, 0.5), ("float", 0, 1, 0, None), ("float", 0, 1, None, 0), ("float", 3, 2, 1, 5.5),
    ("int", 0, 10, None, None), ("int", 0, 0.5, None, None), ("integer", 50, 20, 0, 100), ("int", 0.5, 0, None, None),
    ("int", 1.5, 0, None, None), ("int", -2.5, 0, None, None), ("int", 0, 1e30, None, None), ("int", 0, 3, -1.5, 2.5),
    ("bool", 0, 1, None, None), ("bool", 1, 1, None, 0.5),
    ("string", 0, 1, None, None), ("string", 0, 1e-5, None, None), ("string", 0, 1e17, None, None), ("string", 0, 1, 0, None),
    ("string", 0, 1, -0.0, 0.0),
]


def uniform(kind, low, high):
    if kind in ("int", "integer"):
        return random.randint(int(low), int(high))
    if kind == "bool":
        return random.random() < float(high)
    if kind == "string":
        if isinstance(low, int) and isinstance(high, int):
            return str(random.randint(low, high))
        return str(random.uniform(float(low), float(high)))
    return random.uniform(float(low), float(high))


def normal(kind, mean, std, low, high):
    value = numpy.random.normal(float(mean), float(std))
    if low is not None:
        value = max(value, float(low))
    if high is not None:
        value = min(value, float(high))
    if kind in ("int", "integer"):
        return int(round(value))
    if kind == "bool":
        return bool(value >= float(mean))
    return str(value) if kind == "string" else float(value)


def text(value):
    return value.hex() if isinstance(value, float) else str(value)


def line(kind, settings, values):
    texts = [text(v) for v in values]
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    print(kind, json.dumps(settings), digest, " ".join(texts[:3]), sep="\t")


def main():
    print("# made by drawn.py with CPython %s and numpy %s" % (sys.version.split()[0], numpy.__version__))
    for i, seed in enumerate(SEEDS):
        for j, (kind, low, high) in enumerate(BOUNDS):
            count = 5000 if (i + j) % 12 == 0 else 400
            random.seed(seed)
            line("uniform", {"seed": seed, "num_variations": count, "type": kind, "min": low, "max": high},
                 [uniform(kind, low, high) for _ in range(count)])
    for i, seed in enumerate(NUMPY_SEEDS):
        for j, (kind, mean, std, low, high) in enumerate(NORMALS):
            count = 20000 if j == 0 else 5000 if (i + j) % 6 == 0 else 401
            numpy.random.seed(seed)
            settings = {"seed": seed, "num_variations": count, "type": kind, "mean": mean, "std": std}
            settings.update({k: v for k, v in (("min", low), ("max", high)) if v is not None})
            line("gaussian", settings, [normal(kind, mean, std, low, high) for _ in range(count)])


main()
