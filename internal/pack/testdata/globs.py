#!/usr/bin/env python3
"""Prints globs.txt: which files globs fit by Python's fnmatch, as RoboVAST asks
it: for the path, and for the name alone; where the glob ends in a slash, for
the path of each folder on the way, and of the file.

    python3 globs.py > globs.txt
"""
import fnmatch
import sys

FILES = ["a", "b.py", "x/a", "x/y/a", "x/y/b.py", "x/y/z/c.py", "q/b.py", "{x}/a", ".hid/a", "xx/a", "[x]/a", "x^y/a", "x-y/a"]
GLOBS = ["a", "*", "*/a", "x/*", "x/*.py", "x*", "x/", "x/y/", "x*/", "*/", "y/", "a/", "*.py", "[xq]/*", "[!xq]/*", "[!x]*/a", "?/a", "x?y*", "x/?/a",
         "*/*/*/*", "x/y/z/c.py", ".hid/*", "[[]x]/a", "[x]/a", "*y/b.py", "x/y", "b.*", "[a-c].py", "gone"]


def fits(path, glob):
    if glob.endswith("/"):
        parts = path.split("/")
        return any(fnmatch.fnmatchcase("/".join(parts[:i + 1]), glob[:-1]) for i in range(len(parts)))
    return fnmatch.fnmatchcase(path, glob) or fnmatch.fnmatchcase(path.split("/")[-1], glob)


print("# made by globs.py with CPython %s; files:" % sys.version.split()[0], *sorted(FILES))
for glob in GLOBS:
    print(glob, *[f for f in sorted(FILES) if fits(f, glob)])
