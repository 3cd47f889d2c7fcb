#!/usr/bin/env python3
"""Every command in README, docs and bench/README.md is run, and what a document says that it
prints is what it prints.

    commands.py SOURCE BUILD [--slow]

A ```sh block is run by `bash -e` in a copy of the sources whose build/release is the build under
test, with its programs in PATH. A comment before it may say more:

    <!-- slow -->             only with --slow, where build/release is made anew
    <!-- needs PROGRAM -->    only where this program is
    <!-- fails -->            its status is not 0
    <!-- not run: REASON -->  never
    <!-- save FILE -->        (before another block) the block's text is put into this file

A ```console block holds `$ command` lines, each followed by all that it prints. A ```text block
after `<!-- prints -->` is all that the sh block before printed, after `<!-- prints part -->` lines
of it, in order; columns may be left out and long lines broken. Other languages than these, c and cmake are refused, so
that no command hides in a block without a name."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?P<marks>(?:<!--[^>]*-->\n+)*)^(?P<indent> *)```(?P<kind>\S*)\n(?P<body>.*?)^ *```$",
                   re.S | re.M)
QUICK_LIMIT, SLOW_LIMIT = 900, 3000
KINDS = {"sh", "console", "text", "c", "cmake", "json"}
NOT_RUN_MOST = 14  # half of them want a guest


class Documents:
    def __init__(self, source, build, slow):
        self.source, self.slow = source, slow
        self.failed = self.ran = self.not_run = 0
        self.work = tempfile.mkdtemp()
        self.tree = os.path.join(self.work, "libfpr")
        self.copy()
        os.makedirs(os.path.join(self.tree, "build"))
        if slow:
            self.programs = os.path.join(self.tree, "build/release/bin")
        else:
            self.programs = os.path.join(build, "bin")
            os.symlink(build, os.path.join(self.tree, "build/release"))
        home = os.path.join(self.work, "home")
        os.mkdir(home)
        self.environment = os.environ | {
            "HOME": home, "PATH": self.programs + os.pathsep + os.environ["PATH"],
            "LC_ALL": "C.UTF-8", "TERM": "dumb"}

    def copy(self):
        """The files of the checkout, without what was built there."""
        listed = subprocess.run(["git", "-C", self.source, "ls-files", "-z", "-co",
                                 "--exclude-standard"], capture_output=True, check=False)
        if listed.returncode:  # a tarball
            shutil.copytree(self.source, self.tree, ignore=shutil.ignore_patterns("build", ".git"))
            return
        for name in listed.stdout.decode().split("\0"):
            origin, place = os.path.join(self.source, name), os.path.join(self.tree, name)
            if name and os.path.isfile(origin):
                os.makedirs(os.path.dirname(place), exist_ok=True)
                shutil.copy2(origin, place)

    def bad(self, where, what):
        print(f"{where}: {what}", flush=True)
        self.failed += 1

    def run(self, where, text, fails=False):
        """Output of a block's commands; None if they went wrong."""
        self.ran += 1
        limit = SLOW_LIMIT if self.slow else QUICK_LIMIT
        try:
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", text], cwd=self.folder,
                                  env=self.environment, stdin=subprocess.DEVNULL, timeout=limit,
                                  capture_output=True, check=False)
        except subprocess.TimeoutExpired:
            self.bad(where, f"not done after {limit} s")
            return None
        if (done.returncode != 0) != fails:
            tail = (done.stdout + done.stderr).decode(errors="replace")[-1500:]
            self.bad(where, f"status {done.returncode}\n{tail}")
            return None
        return done.stdout.decode(errors="replace")

    def console(self, where, body, fails):
        """`$ command` lines with what they print."""
        for entry in re.split(r"^\$ ", body, flags=re.M)[1:]:
            command, _, want = entry.partition("\n")
            got = self.run(where, command, fails)
            if got is not None and got.rstrip() != want.rstrip():
                self.bad(where, f"'{command}' printed\n{got}")

    def prints(self, where, body, got, whole):
        if got is None:
            return self.bad(where, "there is no output that this could be")
        if whole:
            return got.rstrip() == body.rstrip() or self.bad(where, f"it printed\n{got}")
        at, left = 0, [line.split() for line in got.splitlines()]
        for line in filter(str.strip, body.splitlines()):
            words = line.split()
            while at < len(left) and rest_after(words, left[at]) is None:
                at += 1
            if at == len(left):
                return self.bad(where, f"not printed (in this order): {line}")
            left[at] = rest_after(words, left[at])
        return True

    def block(self, where, marks, kind, body, last):
        """Does what a block asks for; returns what `prints` compares with from now on."""
        slow = "slow" in marks
        needs = [m.split()[1] for m in marks if m.startswith("needs ")]
        skipped = slow != self.slow or any(not shutil.which(n) for n in needs)
        for mark in marks:
            if mark.startswith("save "):
                with open(os.path.join(self.folder, mark[5:]), "w", encoding="utf-8") as file:
                    file.write(body)
        if any(m.startswith("not run:") for m in marks):
            self.not_run += 1
            return None if kind == "sh" else last
        if kind == "sh":
            return "skipped" if skipped else self.run(where, body, "fails" in marks)
        if kind == "console" and not skipped:
            self.console(where, body, "fails" in marks)
        if last != "skipped" and ("prints" in marks or "prints part" in marks):
            self.prints(where, body, last, "prints" in marks)
        return last

    def document(self, name):
        text = open(os.path.join(self.source, name), encoding="utf-8").read()
        self.folder = self.tree
        last = None
        for found in BLOCK.finditer(text):
            where = f"{name}:{text.count(chr(10), 0, found.start('kind')) + 1}"
            if found["kind"] not in KINDS:
                self.bad(where, f"a block of '{found['kind']}'; known are {', '.join(sorted(KINDS))}")
                continue
            marks = [m.strip() for m in re.findall(r"<!--(.*?)-->", found["marks"])]
            body = re.sub("^" + found["indent"], "", found["body"], flags=re.M)
            last = self.block(where, marks, found["kind"], body, last)


def rest_after(some, words):
    """What is left of the words after all of these, in order; None: they are not all there."""
    left = iter(words)
    return list(left) if all(word in left for word in some) else None


def main():
    source, build = (os.path.realpath(p) for p in sys.argv[1:3])
    documents = Documents(source, build, "--slow" in sys.argv[3:])
    names = ["README.md", "bench/README.md"] + sorted(
        "docs/" + n for n in os.listdir(os.path.join(source, "docs")) if n.endswith(".md"))
    try:
        if documents.slow:
            documents.folder = documents.tree
            documents.run("building", "cmake --preset release && cmake --build --preset release -j2")
        for name in names:
            documents.document(name)
    finally:
        shutil.rmtree(documents.work)
    if documents.not_run > NOT_RUN_MOST:
        documents.bad("all", f"{documents.not_run} blocks are not run: too many")
    print(f"{documents.ran} commands run, {documents.failed} wrong")
    sys.exit(1 if documents.failed or not documents.ran else 0)


main()
