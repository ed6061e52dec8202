#!/usr/bin/env python3
"""Prints what PyYAML reads plain scalars as: python3 table.py >table.tsv

One line each: the scalar as JSON, the type, Python's str of the value as JSON.
Where PyYAML cannot load the scalar the type is "error".
"""
import json
import platform
import random
import sys

import yaml

WRITTEN = """
yes Yes YES yEs no No NO on On ON off Off OFF true True TRUE tRUE false False FALSE y Y n N
~ null Null NULL nUll None none nil = <<
0 1 -1 +1 007 017 -017 08 09 0o17 0O17 0x1F 0X1F 0x1f -0x1F +0x1F 0b101 0B101 -0b101 0b102 0b_ 0x_ 0_ 0b 0x 00 -0 +0
1_000 1__0 1_ _1 -_1 1_000_000 0x_1F 0b1_0 0_17 0_8
9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 99999999999999999999 123456789012345678901234567890
0xFFFFFFFFFFFFFFFFFFFF 0b1111111111111111111111111111111111111111111111111111111111111111111 0777777777777777777777777
1e3 1E3 1e6 1e+3 1e-3 1.0e3 1.0e+3 1.0E+3 1.e+3 1.5e-7 12e03 -1e3 .5e3 .5e+3 1.0e+400 -1.0e+400 1.0e-400
0.1 .5 -.5 +.5 5. -5. +5. . .. .e .e+3 .5. 1.2.3 1_0.5 1_0.5_5 ._5 .5_0 10.5 100.0 1000000.0 1234567890123456.0 12345678901234567.0 1e16 10000000000000000.0 0.0001 0.00001 -0.0 3.0 0.30000000000000004
1.7976931348623157e+308 5.0e-324 2.2250738585072014e-308 9007199254740993.0 123456789.123456789
.inf .Inf .INF -.inf +.inf .nan .NaN .NAN .iNF inf nan -inf +.nan -.nan Infinity
1:30 01:30 0:30 1:60 1:59 1:5 12:34:56 -1:30 +1:30 1:30:00 1:30.5 01:30.5 0:30.5 190:20:30 190:20:30.15 1:2:3:4:5:6:7:8:9:10:11:12 22:22 8080:80 1:30: :30 1_0:30 1:3_0 1:99 60:00
1:00:00:00:00:00:00:00:00:00:00:00:00:00:00.5
2024-01-01 2024-1-1 2024-13-01 2024-02-30 2024-02-29 2023-02-29 0000-01-01 0001-01-01 9999-12-31 20240101 2024-01 2024-01-01T10:00:00 2024-01-01T10:00:00Z 2024-01-01t10:00:00z
2024-1-2T3:04:05 2024-01-01T10:00:00.5 2024-01-01T10:00:00.123456789 2024-01-01T10:00:00. 2024-01-01T10:00:00.5Z 2024-01-01T10:00:00+01:00 2024-01-01T10:00:00-5 2024-01-01T10:00:00+0530 2024-01-01T10:00:00+05:30 2024-01-01T10:00:00-00:00 2024-01-01T25:00:00 2024-01-01T10:60:00 2024-01-01T10:00:60 2024-01-01T10:00:00+23:59 2024-01-01T10:00:00+24:00 2024-01-01T10:00:00+23:99
1.2.3.4 10.0.0.1 v1 1.0-rc 3.13-slim 4+ 16GB 500m 512Mi H100:8 +1-2 1-2 8000-8010 - + -- 0x 0xG 0b2 1a 1,000 12,345.6 1e 1e+ e3 0e0 0.e+0 0e+0 00.5 01.5 1_e+3 1._e+3 1.e3_0 +12 +1.5 -1.5 +-1 1+1
""".split() + ["", "2024-01-01 10:00:00", "2024-01-01  10:00:00 Z", "2024-01-01 10:00:00 +1", "2024-01-01 10:00:00.25 -03:30", "1 000", "9" * 4300, "9" * 4301, "0x" + "f" * 3000]


def guessed(n):
    """Scalars of the characters that numbers and dates are made of."""
    rng = random.Random(1)
    out = set()
    while len(out) < n:
        alphabet = rng.choice(["0123456789", "01_", "01:59", "0.5e+-", "0123456789_:.eE+-x", "0x1fF_", "0b1_", "12:30.5"])
        s = "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 9)))
        if not (s.startswith("- ") or s in ("-", "---", "...") or s.endswith(":")):
            out.add(s)
    return sorted(out)


def read(scalar):
    try:
        value = yaml.load("a: " + scalar, Loader=yaml.SafeLoader)["a"]
    except (yaml.YAMLError, ValueError, OverflowError):
        return "error", ""
    return type(value).__name__, str(value)


def main():
    print(f"# PyYAML {yaml.__version__}, Python {platform.python_version()}")
    seen = set()
    for scalar in WRITTEN + guessed(3000):
        if scalar in seen or scalar in ("-", "1:30:"):
            continue
        seen.add(scalar)
        kind, text = read(scalar)
        print(json.dumps(scalar), kind, json.dumps(text), sep="\t")


sys.exit(main())
