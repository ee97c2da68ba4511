#!/usr/bin/python3
"""fixtures/querytree -> seeds of fuzz_querytree: the shortest trees of each version. usage: make_querytree_seeds.py FIXTURES CORPUS"""
import pathlib
import sys

fixtures, corpus = map(pathlib.Path, sys.argv[1:])
(corpus / "querytree").mkdir(exist_ok=True)
for major in range(13, 19):
    trees = sorted((fixtures / str(major)).glob("*.txt"), key=lambda f: f.stat().st_size)
    for tree in [t for t in trees if t.name.startswith("names_with_line")] + trees[:8 if major in (13, 18) else 3]:
        how = major - 13 + (0 if tree.name.startswith("names") else 6)
        (corpus / "querytree" / f"ok-{major}-{tree.stem}").write_bytes(bytes([how]) + tree.read_bytes())
