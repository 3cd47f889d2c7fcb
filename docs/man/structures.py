"""Public structures and enumerations as the headers declare them, with their comments."""
import collections
import re

Member = collections.namedtuple("Member", "name kind doc")
Item = collections.namedtuple("Item", "sort name doc members")

TOKEN = r"/\*\*(?P<doc>(?:(?!\*/).)*)\*/\s*"
BODY = re.compile(TOKEN + r"(?P<sort>struct|enum) (?P<name>fpr_\w+) \{(?P<body>.*?)\};", re.S)
TYPEDEF = re.compile(TOKEN + r"typedef (?P<code>[^;]*?);", re.S)
OPAQUE = re.compile(r"^struct (fpr_\w+);", re.M)
CONSTANT = re.compile(r"(?:" + TOKEN + r")?^#define (?P<name>FPR_\w+)[ \t]+(?!FPR_\w+_H\b)"
                      r"(?P<value>(?:[^\n\\/]|\\\n|/(?!\*))+?)[ \t]*(?:/\*\*<(?P<after>(?:(?!\*/).)*)\*/)?$", re.S | re.M)


class Unexplained(Exception):
    """A member without a comment."""


def plain(comment):
    text = re.sub(r"\s+", " ", re.sub(r"\n\s*\*+", " ", comment or "")).strip()
    return re.sub(r"@return +", "Returns ", text)


def listed(text, name):
    """Entries of an X-macro list: the arguments of each."""
    found = re.search(r"#define %s\(X\)((?:.*\\\n)*.*)" % name, text)
    return [re.findall(r'"(?:[^"\\]|\\.)*"|[^,\s][^,]*', entry) for entry in
            re.findall(r'X\(((?:[^()"]|"(?:[^"\\]|\\.)*"|\([^)]*\))*)\)', found.group(1).replace("\\\n", " "))]


def expanded(text, define, name):
    """Members that `#define FPR_X` and a list make, as declarations with comments."""
    parameters, made = re.match(r"#define FPR_X\(([^)]*)\)\s+(.*)", define).groups()
    parameters = [p.strip() for p in parameters.split(",")]
    for entry in listed(text, name):
        line = made
        for parameter, value in zip(parameters, entry):
            value = re.sub(r'"\s*"', "", value.strip())
            value = value[1:-1] if value.startswith('"') else value
            line = re.sub(r"(?:##)?\b%s\b" % parameter, lambda _, v=value: v, line)
        yield line


def without_lists(text, body):
    """A body in which lists are written out."""
    def replace(found):
        return "\n".join(expanded(text, found.group(1), found.group(2)))
    return re.sub(r"(#define FPR_X\(.*)\n\s*(FPR_\w+)\(FPR_X\)\n#undef FPR_X", replace, body)


def declarations(body, end):
    """(code, comment) of each declaration that ends in `end` (or with the body)."""
    done, before, code, depth = [], "", "", 0
    for token in re.findall(r"/\*.*?\*/|.", body, re.S):
        if token.startswith("/**<"):
            if code.strip():  # the last of an enumeration
                done.append([code, ""])
                code = ""
            done[-1][1] = plain(token[4:-2])
        elif token.startswith("/**"):
            before = plain(token[3:-2])
        elif token == end and depth == 0:
            done.append([code, before])
            before, code = "", ""
        else:
            depth += {"(": 1, ")": -1}.get(token, 0)
            code += token
    if code.strip():
        done.append([code, before])
    return [(" ".join(code.split()), doc) for code, doc in done]


def member(code, doc):
    name = re.search(r"\(\*(\w+)\)", code) or re.search(r"(\w+)(?:\[[^\]]*\])*$", code)
    kind = (code[:name.start(1)] + code[name.end(1):]).strip()
    return Member(name.group(1), re.sub(r"\s+\[", "[", kind), doc)


def enumerators(items):
    """Members with their numbers where these follow from the one before."""
    last, step = "-1", 0
    for code, doc in items:
        name, _, value = (p.strip() for p in code.partition("="))
        if value:
            last, step = value, 0
        else:
            step += 1
        kind = str(int(last, 0) + step) if re.fullmatch(r"-?\w+", last) and last.lstrip("-")[0].isdigit() else last
        yield Member(name, kind, doc)


def items(text, path):
    """Every structure and enumeration whose members can be seen."""
    for found in BODY.finditer(text):
        body = without_lists(text, found["body"])
        if found["sort"] == "enum":
            members = list(enumerators(declarations(body, ",")))
        else:
            members = [member(code, doc) for code, doc in declarations(body, ";")]
        for each in members:
            if not each.doc:
                raise Unexplained(f"{path}: {found['name']}: no comment of {each.name}")
        yield Item(found["sort"], found["name"], found["doc"], members)


def opaque(text):
    """Structures of which only the name is public."""
    shown = {name for name in re.findall(r"^struct (fpr_\w+) \{", text, re.M)}
    return sorted(set(OPAQUE.findall(text)) - shown)


def typedefs(text):
    """(name, declaration, comment) of the types with a name of their own."""
    for found in TYPEDEF.finditer(text):
        code = " ".join(found["code"].split())
        name = re.search(r"\(\*(\w+)\)", code) or re.search(r"\b(fpr_\w+)$", code)
        yield name.group(1), code, plain(found["doc"])


def constants(text):
    """(name, value, comment) of the documented constants."""
    for found in CONSTANT.finditer(text):
        doc = plain(found["after"] or found["doc"])
        if doc:
            yield found["name"], " ".join(found["value"].replace("\\\n", " ").split()), doc


def page(item, header, family, library, roff):
    """The manual page (mdoc) of a structure or an enumeration."""
    flags = {"libfprtrace": "-lfprtrace -lfpr"}.get(library, "-lfpr")
    out = [f".\\\" Made by docs/man/generate from include/fpr/{header}.h; do not edit.",
           ".Dd $Mdocdate: November 24 2026 $", f".Dt {item.name.upper()} 3", ".Os", ".Sh NAME",
           f".Nm {item.name}", f".Nd {brief(item.doc)}", ".Sh LIBRARY", f"{library} ({flags}; see",
           ".Xr fpr 7 )", ".Sh SYNOPSIS", f".In fpr/{header}.h", ".Pp", f".Vt {item.sort} {item.name} ;",
           ".Sh DESCRIPTION", roff(plain(item.doc)), ".Bl -tag -width Ds"]
    for each in item.members:
        if item.sort == "enum":
            out.append(f".It Dv {each.name} Pq {each.kind}")
        else:
            out.append(f".It Fa {each.name} Pq Vt \"{each.kind}\"")
        out.append(roff(each.doc))
    return "\n".join(out + [".El", ".Sh SEE ALSO", f".Xr {family} 3 ,", ".Xr fpr 7"]) + "\n"


def brief(doc):
    """The first sentence of a comment, as the line of a list of pages."""
    first = re.split(r"(?<=[a-z)])[.:;]( |$)", plain(doc))[0].rstrip(".")
    return first[:1].lower() + first[1:] if first[1:2].islower() else first
