#!/usr/bin/env python3
"""Every relative link of the Markdown files below each FOLDER goes to a file that is there, and to a
heading of it if it names one.

    links.py FOLDER..."""
import os
import re
import subprocess
import sys
import urllib.parse

FENCED = re.compile(r"^ *```.*?^ *```$", re.S | re.M)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s+(\S+)|(?:href|src)=\"([^\"]+)\"", re.M)


def documents(folder):
    """Markdown files; in a checkout those that belong to it, not what was built there."""
    listed = subprocess.run(["git", "-C", folder, "ls-files", "-z", "-co", "--exclude-standard", "--", "*.md"],
                            capture_output=True, check=False)
    if not listed.returncode:
        return [os.path.join(folder, n) for n in listed.stdout.decode().split("\0") if n]
    return [os.path.join(at, n) for at, below, names in os.walk(folder)
            if not os.path.relpath(at, folder).startswith("build") for n in names if n.endswith(".md")]


def anchors(path):
    """What a link may name in a file: its headings, spelt as forges do."""
    seen = {}
    for heading in re.findall(r"^#{1,6} +(.*?)#* *$", FENCED.sub("", open(path, encoding="utf-8").read()), re.M):
        text = re.sub(r"\]\([^)]*\)", "]", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        seen[slug] = seen.get(slug, -1) + 1
        yield slug if not seen[slug] else f"{slug}-{seen[slug]}"


def wrong(document, target):
    """What is the matter with a link; None: nothing."""
    path, _, anchor = urllib.parse.unquote(target).partition("#")
    place = os.path.join(os.path.dirname(document), path) if path else document
    if not os.path.exists(place):
        return "no such file"
    if anchor and (not place.endswith(".md") or anchor not in anchors(place)):
        return "no such heading"
    return None


def main():
    links = failed = 0
    for folder in sys.argv[1:]:
        for document in sorted(documents(folder)):
            text = re.sub(r"`[^`\n]*`", "", FENCED.sub("", open(document, encoding="utf-8").read()))
            for found in LINK.finditer(text):
                target = next(filter(None, found.groups()))
                if re.match(r"[a-z]+:", target):
                    continue
                links += 1
                fault = wrong(document, target)
                if fault:
                    failed += 1
                    print(f"{os.path.relpath(document, folder)}: {fault}: {target}")
    print(f"{links} links, {failed} dead")
    sys.exit(failed > 0 or links < 20)


main()
