#!/bin/bash
# Every C block in README and guides is code that is compiled and tested: it equals a whole
# examples/*/main.c, or the part of one between the lines `/* [name] */` and `/* [name] end */`
# that a comment `<!-- FILE [name] -->` before the block names. A text block after `<!-- FILE -->` is
# a part of that file (an example's expected.txt).
#   guides.sh SOURCE
set -eu
cd "$1"
python=$(command -v python3) || exit 77
"$python" - README.md docs/*.md <<'PYTHON'
import os
import re
import sys
import textwrap

failed = False
blocks = 0


def code(text):
    """Text without indentation and without blank lines at the ends."""
    return textwrap.dedent(text).strip("\n")


def part(file, name):
    text = open(file, encoding="utf-8").read()
    if name is None:
        return code(text)
    found = re.search(r"^ */\* \[%s\] \*/\n(.*?)^ */\* \[%s\] end \*/$" % (name, name), text,
                      re.S | re.M)
    return code(found.group(1)) if found else None


for document in sys.argv[1:]:
    text = open(document, encoding="utf-8").read()
    for block in re.finditer(r"(?:<!-- (\S+)(?: \[(\S+)\])? -->\n+)?```c\n(.*?)```", text, re.S):
        blocks += 1
        line = text.count("\n", 0, block.start()) + 1
        file, name, body = block.groups()
        if file is None:
            file = "examples/first/main.c"
        try:
            want = part(file, name)
        except OSError as error:
            want = None
            print(error)
        if want is None:
            print(f"{document}:{line}: {file} has no part [{name}]")
            failed = True
        elif want != code(body):
            print(f"{document}:{line}: the block is not {file} [{name}]")
            failed = True
    for block in re.finditer(r"<!-- (?!prints )(\S+) -->\n+```text\n(.*?)```", text, re.S):
        if block.group(2) not in open(block.group(1), encoding="utf-8").read():
            line = text.count("\n", 0, block.start()) + 1
            print(f"{document}:{line}: the text is not in {block.group(1)}")
            failed = True
index = open("docs/README.md", encoding="utf-8").read()
for document in sys.argv[1:]:
    if os.path.basename(document) != "README.md" and f"]({os.path.basename(document)})" not in index:
        print(f"docs/README.md does not name {document}")
        failed = True
if not blocks:
    print("no C block found at all")
sys.exit(failed or not blocks)
PYTHON
