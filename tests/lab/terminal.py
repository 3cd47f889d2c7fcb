#!/usr/bin/env python3
"""fpr-lab on a terminal, as a student types: editing, completion, history, colours, mistakes.

    terminal.py LAB"""
import os
import pty
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time
import struct
import fcntl

LAB = os.path.realpath(sys.argv[1])
LEAKS = os.path.realpath(os.path.join(os.path.dirname(__file__), "../leaks.supp"))
PROMPT = b"lab> "
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|[\x07\x0f]")
failed = 0


class Terminal:
    """A lab behind a pseudo-terminal."""

    def __init__(self, *arguments, columns=80, **environment):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for name in ("NO_COLOR", "INPUTRC"):
                os.environ.pop(name, None)
            os.environ.update({"TERM": "xterm", "INPUTRC": "/dev/null",
                               "LSAN_OPTIONS": "print_suppressions=0:suppressions=" + LEAKS} | environment)
            self.fd = 0
            self.columns(columns)
            os.execv(LAB, [LAB, *arguments])
        self.until_prompt()

    def columns(self, n):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, n, 0, 0))

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return b""
        try:
            return os.read(self.fd, 65536)
        except OSError:  # the other side has gone
            return b""

    def until_prompt(self, limit=20):
        """What comes until the lab waits for the next line."""
        got = b""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            part = self.read(0.15 if ESCAPES.sub(b"", got).endswith(PROMPT) else 5)
            if not part:
                break
            got += part
        self.seen += got
        return got

    def type(self, text):
        """Keys, and what the lab shows for them until it waits again."""
        os.write(self.fd, text.encode() if isinstance(text, str) else text)
        return ESCAPES.sub(b"", self.until_prompt()).decode(errors="replace").replace("\r", "")

    def end(self, keys=b"\x15quit\n"):
        """The exit status, after the line typed so far was dropped; None: it does not end."""
        os.write(self.fd, keys)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            self.seen += self.read(0.02)
            time.sleep(0.005)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        return None


def check(what, right):
    global failed
    if not right:
        print("not ok:", what, flush=True)
        failed += 1


def editing():
    lab = Terminal()
    check("zo TAB is zone", "zone: 32 frames" in lab.type("zo\tpages 32\n"))
    check("an option is completed", "no per-cpu" not in lab.type("zone pageb\t 2 max-o\t 3\n"))
    check("two words were completed", b"pageblock" in lab.seen and b"max-order" in lab.seen)
    check("a block is made", "elephant = frame" in lab.type("elephant = alloc 1\n"))
    check("the arrow recalls", "'elephant' is frame" in lab.type("\x1b[A\n"))
    check("a name is completed", "freed frame" in lab.type("free ele\t\n"))
    check("a line is edited", "a = frame" in lab.type("b = alloc 0\x01\x04a\n"))
    check("control-d on an empty line ends it", lab.end(b"\x04") == 0)


def completion():
    lab = Terminal()
    lab.type("zone pages 32 dma 8\n")
    check("alloc after NAME =", "b = frame" in lab.type("b = a\t 1\n"))
    check("without blanks too", "c = frame" in lab.type("c =al\t 0\n"))
    check("types after NAME = alloc", ", unmovable" in lab.type("d = alloc 0 unm\t\n"))
    check("no command within itself", "alloc alloc" not in lab.type("alloc al\t\x15\n"))
    lab.type("reporting\n")
    for line, wanted, unwanted in (
            ("guest ", ("pages", "max-order", "pins"), ("as", "zone,", "start", "skip")),
            ("guest pins ", ("skip", "inhibit", "ignore"), ("pages",)),
            ("zone profile ", ("v16", "linux-5.10", "linux-6.12"), ("pages", "dma")),
            ("zone pages ", (), ("pages", "dma", "N")),
            ("reporting ", ("order", "patch", "off"), ("p4", "rule", "on")),
            ("reporting patch ", ("p4", "p7", "p8"), ("order", "off", "rule")),
            ("count re", ("reported_allocs", "refaults", "requests"), ("passes",)),
            ("select ", ("DMA", "Normal"), ("node",)),
            ("alloc 0 ", ("movable", "atomic", "cpu"), ("order",)),
            ("free ", ("b", "c", "cpu"), ("pages",)),
            ("show ", ("lists", "svg", "zones"), ("FILE",))):
        # twice where the words have a beginning in common, which comes first
        offered = set(re.split(r"[\s\x07]+", lab.type(line + "\t\t\t\x15\n").replace(line, "")))
        check(f"offered after '{line}'", offered >= set(wanted) and not offered & set(unwanted))
    check("help of a command", "explains the last" in lab.type("help wh\t\n"))
    with tempfile.TemporaryDirectory() as folder:
        open(os.path.join(folder, "picture.svg"), "w").close()
        check("files after show svg", "picture.svg" in lab.type(f"show svg {folder}/pic\t\n"))
        check("files after import", "picture.svg" in lab.type(f"import {folder}/pic\t\n"))
        check("files nowhere else", "picture.svg" not in lab.type(f"free {folder}/pic\t\x15\n"))
    check("completion: ends", lab.end() == 0)


def mistakes():
    lab = Terminal()
    lab.type("zone pages 32\n")
    check("a suggestion", "did you mean 'alloc'?" in lab.type("alocc 3\n"))
    check("a longer word", "did you mean 'alloc'?" in lab.type("allocate 3\n"))
    lab.type("a = alloc 0\n")
    check("a suggestion after a name", "did you mean 'alloc'?" in lab.type("b = aloc 3\n"))
    check("a refused step", "no block is called" in lab.type("free nobody\n"))
    why = lab.type("why\n")
    check("why tells of the last step that was done", "a = alloc 0" in why and "halved" in why)
    check("back goes on from there", "after step 1 of 2" in lab.type("back\n"))
    check("an interrupt gives a new line", "\nlab> " in lab.type("half a line\x03"))
    shown = lab.type("show zone\n")
    check("the next line is whole", "show zone" in shown and "free 32 of 32" in shown)
    check("the lab is still there", lab.end() == 0)


def colours():
    ansi = re.compile(rb"\x1b\[[0-9;]*m")
    script = "zone pages 32\na = alloc 1\nshow lists\nshow map\n"
    for what, want, arguments, environment in (
            ("a terminal", True, [], {}), ("--plain", False, ["--plain"], {}),
            ("NO_COLOR", False, [], {"NO_COLOR": "1"}), ("TERM=dumb", False, [], {"TERM": "dumb"}),
            ("an empty NO_COLOR", True, [], {"NO_COLOR": ""})):
        lab = Terminal(*arguments, **environment)
        lab.type(script)
        check(f"{what}: colours {want}", bool(ansi.search(lab.seen)) == want)
        check(f"{what}: ends", lab.end() == 0)
    out = subprocess.run([LAB], input=script.encode(), capture_output=True, check=True,
                         env=os.environ | {"TERM": "xterm"}).stdout
    check("no colours in a pipe", b"\x1b" not in out)


def narrow():
    lab = Terminal(columns=44)
    lab.type("zone pages 64\n")
    lab.type("a = alloc 0\n")
    shown = lab.type("why\n")
    check("no line is wider than the screen", 30 < max(map(len, shown.split("\n"))) <= 44)
    check("a map and its legend fit", wide(lab.type("show map\n")) <= 44)
    check("two zones are told within the screen", wide(lab.type("zone pages 64 dma 32\nshow zones\n")) <= 44)
    check("help fits", wide(lab.type("help\nhelp zone\n")) <= 44)
    check("a refusal fits", wide(lab.type("b = alloc 1 no-type-that-is-there\n")) <= 44)
    check("narrow: ends", lab.end() == 0)
    with open("lesson.lab", "w") as script:
        script.write("> Memory that can be moved is kept apart from memory that cannot.\nzone pages 16\n")
    lab = Terminal("lesson.lab", columns=44)
    shown = ESCAPES.sub(b"", lab.seen).decode().replace("\r", "")
    check("a lesson's text fits", "cannot" in shown and wide(shown) <= 44)
    os.waitpid(lab.pid, 0)
    with open("lesson.lab", "w") as script:
        script.write("> Lesson\n>\n> Memory that can be moved is kept apart from\n> memory that cannot, so "
                     "that it does not\n> spoil\n> a block.\n\nzone pages 16\n> The end\n> of it.\n")
    filled = ("Lesson\n\nMemory that can be moved is kept apart\nfrom memory that cannot, so that it does\n"
              "not spoil a block.\n\nlab> zone pages 16\n")
    for arguments in ([], ["--plain"]):
        lab = Terminal(*arguments, "lesson.lab", columns=40)
        shown = ESCAPES.sub(b"", lab.seen).decode().replace("\r", "")
        check(f"{arguments}: a lesson's paragraphs are filled", shown.startswith(filled))
        check(f"{arguments}: also the last one", shown.endswith("\nThe end of it.\n"))
        os.waitpid(lab.pid, 0)
    lab = Terminal(columns=40)
    check("a lesson that is played too", filled in lab.type("play lesson.lab\n"))
    check("text that is typed is printed at once", "\nWell\n" in lab.type("> Well\n"))
    check("played: ends", lab.end() == 0)
    lab = Terminal("lesson.lab", columns=80)
    shown = ESCAPES.sub(b"", lab.seen).decode().replace("\r", "")
    check("where there is room lines stay as they are", "apart from\nmemory that" in shown)
    os.waitpid(lab.pid, 0)
    for arguments in (["--quiz", "--seed", "1", "--questions", "7", "--solutions"], ["--help"]):
        lab = Terminal(*arguments, columns=40)
        shown = ESCAPES.sub(b"", lab.seen).decode().replace("\r", "")
        check(f"{arguments[0]} fits", len(shown) > 200 and wide(shown) <= 40)
        os.waitpid(lab.pid, 0)
    lab = Terminal()
    lab.type("zone pages 64\na = alloc 0\n")
    check("a wide screen is used", wide(lab.type("why\n")) > 40)
    lab.columns(40)
    check("a screen that became narrow is asked again", wide(lab.type("why\n")) <= 40)
    check("short lists are whole in 40 columns", "0x10 0x0\n" in
          lab.type("zone pages 32 pageblock 4\nshow lists\n"))
    check("resized: ends", lab.end() == 0)


def wide(text):
    return max(map(len, text.split("\n")))


def garbage():
    chance = random.Random(1)
    words = ["zone", "alloc", "free", "=", "-1", "0x", "99999999999999999999", "\"", "#", ">", "show",
             "why", "back", "forth", "report", "advance", "1e9s", "nan", "guest", "pin", "rw", "map",
             "import", "/dev/null", "select", "split", "x" * 300, "%s%n", "é", "…", "count", "lists"]
    lab = Terminal()
    for _ in range(12):
        lab.type("".join(" ".join(chance.choices(words, k=chance.randrange(1, 7))) + "\n"
                         for _ in range(20)))
    for _ in range(30):
        noise = bytes(b for b in chance.randbytes(60) if b not in b"\x03\x04\x1a\x1c\x13\x11\x0f")
        os.write(lab.fd, noise + b"\x07\x15\n")
    lab.until_prompt()
    check("garbage does not end it", lab.end(b"\x07\x15\nquit\n") == 0)
    script = bytes(chance.randbytes(20000))
    out = subprocess.run([LAB], input=script, capture_output=True)
    check("a file of noise is one mistake", out.returncode == 2 and out.stderr.count(b"\n") == 1)


os.chdir(tempfile.mkdtemp())
if "libreadline" not in subprocess.run(["ldd", LAB], capture_output=True, text=True).stdout:
    sys.exit(77)
for part in (editing, completion, mistakes, colours, narrow, garbage):
    part()
shutil.rmtree(os.getcwd())
sys.exit(1 if failed else 0)
