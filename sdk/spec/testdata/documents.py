#!/usr/bin/env python3
"""Prints what PyYAML makes of documents: python3 documents.py >documents.json"""
import json
import platform

import yaml

DOCUMENTS = [
    "{a: yes, b: off, c: 1e3, d: 1.0e+3, e: 0o17, f: 017, g: 1_000, h: 0x1F, i: 1:30, j: 1:30.5, k: .5, l: -.5, m: ~, n: 12e03, o: y, p: '1', q: \"yes\"}",
    "{a: 99999999999999999999999, b: -9223372036854775809, c: 18446744073709551616, d: 9223372036854775807}",
    "{a: !!str yes, b: !!int '12', c: !!float 1e3, d: !!bool 'on', e: !!float 3, f: !!str 1.5}",
    "a: |\n  yes\nb: >\n  1\nc: 'no'\n",
    # Merge keys.
    "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: *x, <<: *y}\n",
    "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y]}\n",
    "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: *x, b: 3, <<: *y}\n",
    "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {c: 3, <<: *y}\n",
    "x: &x {a: 1}\ny: &y {a: 2}\nw: &w {a: 3, d: 3}\nz: {<<: [*x, *y], <<: *w}\n",
    "x: &x {a: 1}\ny: &y {a: 2}\nw: &w {a: 3, d: 3}\nz: {<<: *w, <<: [*x, *y]}\n",
    "x: &x {a: {b: 1}}\nz: {<<: *x, a: {c: 2}}\n",
    "z: {<<: {a: 1}, '<<': text}\n",
    "z: {<<: [], a: 1}\n",
]

print(json.dumps({
    "by": f"PyYAML {yaml.__version__}, Python {platform.python_version()}",
    "documents": [{"yaml": d, "json": yaml.safe_load(d)} for d in DOCUMENTS],
}, indent=1))
