#include "iova_replay.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iova_arena.h"
#include "lines.h"

void iova_say(struct iova_replay *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(r->answer + r->used, sizeof(r->answer) - r->used, format, args);
    va_end(args);
    if (n > 0)
        r->used += (size_t)n;
    if (r->used >= sizeof(r->answer))
        r->used = sizeof(r->answer) - 1;
}

void iova_say_rc(struct iova_replay *r, int rc)
{
    static const struct {
        int number;
        const char *name;
    } names[] = {
        {EINVAL, "EINVAL"}, {EEXIST, "EEXIST"}, {ENOSPC, "ENOSPC"}, {ENOENT, "ENOENT"},
        {EFAULT, "EFAULT"}, {EPERM, "EPERM"},   {EBUSY, "EBUSY"},   {EACCES, "EACCES"},
        {E2BIG, "E2BIG"},   {ENOMEM, "ENOMEM"}, {ENODEV, "ENODEV"}, {EOVERFLOW, "EOVERFLOW"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (rc == -names[i].number) {
            iova_say(r, "-%s", names[i].name);
            return;
        }
    }
    iova_say(r, "%d", rc);
}

void iova_bad(struct iova_replay *r, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    r->bad = true;
    conform_fail(r->result, r->line, "%s", text);
}

bool iova_is(const struct iova_replay *r, const char *op)
{
    return strcmp(r->word[0], op) == 0;
}

uint64_t iova_number(struct iova_replay *r, unsigned i, uint64_t otherwise)
{
    if (i >= r->words)
        return otherwise;
    const char *text = r->word[i];
    char *end;
    errno = 0;
    uint64_t value = strtoull(text, &end, 0);
    if (*text < '0' || *text > '9' || *end || errno)
        iova_bad(r, "'%.40s' is not a number", text);
    return value;
}

/* Operations of other processes: they would need two address spaces. */
static bool skip_op(struct iova_replay *r)
{
    static const char *const names[] = {"mapc", "rdc", "wrc"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!iova_is(r, names[i]))
            continue;
        r->skip = true;
        r->result->skipped++;
        char *list = r->result->skipped_names;
        size_t used = strlen(list), room = sizeof(r->result->skipped_names) - used;
        if (!strstr(list, names[i]))
            snprintf(list + used, room, "%s%s", used ? ", " : "", names[i]);
        return true;
    }
    return false;
}

/* Operations, with the fewest and most words of their lines. */
static const struct form {
    const char *name;
    unsigned least, most;
    bool closed; /* also while no container is open */
} forms[] = {
    {"open", 2, 4, true},    {"close", 1, 1, true},    {"map", 5, 6, false},
    {"unmap", 4, 5, false},  {"unmapd", 6, 7, false},  {"rd", 3, 4, false},
    {"wr", 4, 5, false},     {"sum", 3, 3, true},      {"poke", 4, 4, true},
    {"fill", 1, 1, true},    {"dontneed", 3, 3, true}, {"dstart", 1, 1, false},
    {"dstop", 1, 1, false},  {"dflags", 2, 3, false},  {"dget", 6, 6, false},
    {"pin", 4, 4, false},    {"unpin", 3, 3, false},   {"lck", 1, 1, true},
    {"log", 1, 1, true},     {"info", 1, 1, false},    {"ext", 2, 2, false},
    {"memlock", 2, 2, true}, {"dropcaps", 1, 1, true},
};

static void check_form(struct iova_replay *r)
{
    const struct form *f = forms, *end = forms + sizeof(forms) / sizeof(forms[0]);
    while (f < end && !iova_is(r, f->name))
        f++;
    if (f == end)
        iova_bad(r, "unknown operation '%.40s'", r->word[0]);
    else if (!f->closed && !r->space)
        iova_bad(r, "'%.40s' while no container is open", f->name);
    else if (r->words < f->least)
        iova_bad(r, "'%s' lacks words: it has %u, and needs %u", f->name, r->words, f->least);
    else if (r->words > f->most)
        iova_bad(r, "'%.40s' is one word too many for '%s'", r->word[f->most], f->name);
}

void iova_replay_op(struct iova_replay *r)
{
    if (skip_op(r))
        return;
    check_form(r);
    if (!r->bad && !iova_replay_map_op(r) && !iova_replay_memory_op(r) && !r->bad)
        iova_bad(r, "operation '%.40s' cannot be replayed", r->word[0]);
}

void iova_replay_close(struct iova_replay *r)
{
    fpr_iova_reader_destroy(r->reader);
    fpr_iova_space_destroy(r->space);
    r->reader = NULL;
    r->space = NULL;
    r->told = 0;
}

static void split(struct iova_replay *r, char *text)
{
    r->words = 0;
    char *save = NULL;
    for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        if (r->words == IOVA_WORDS_MAX) {
            iova_bad(r, "more than %d words", IOVA_WORDS_MAX);
            return;
        }
        r->word[r->words++] = w;
    }
    if (r->words == 0)
        iova_bad(r, "no operation before '=>'");
}

/* One line that is not a comment. */
static void replay_line(struct iova_replay *r, char *text)
{
    static const char arrow[] = " => ";
    char *want = strstr(text, arrow);
    if (!want) {
        iova_bad(r, "no ' => ' in '%.40s'", text);
        return;
    }
    char op[128];
    *want = '\0';
    want += sizeof(arrow) - 1;
    snprintf(op, sizeof(op), "%s", text);
    r->used = 0;
    r->answer[0] = '\0';
    r->skip = false;
    split(r, text);
    if (!r->bad)
        iova_replay_op(r);
    if (r->bad || r->skip)
        return;
    r->result->ops++;
    if (strcmp(r->answer, want) != 0) {
        iova_bad(r, "%.80s: expected %.300s, got %.300s", op, want, r->answer);
    }
}

static bool read_header(struct iova_replay *r, struct lines *in)
{
    static const char magic[] = "# fpr-iova 1 profile ";
    char *text;
    size_t length;
    int got = lines_next(in, &text, &length);
    if (got < 0)
        return conform_fail(r->result, 1, "%s", lines_error(in));
    if (got != 1 || strncmp(text, magic, sizeof(magic) - 1) != 0)
        return conform_fail(r->result, 1, "the first line is not '# fpr-iova 1 profile NAME'");
    if (fpr_iova_profile_from_name(text + sizeof(magic) - 1, &r->profile))
        return conform_fail(r->result, 1, "unknown profile '%.40s'", text + sizeof(magic) - 1);
    return true;
}

static void replay_lines(struct iova_replay *r, struct lines *in)
{
    char *text;
    size_t length;
    int got;
    if (!read_header(r, in))
        return;
    while (!r->bad && (got = lines_next(in, &text, &length)) != 0) {
        r->line = lines_number(in);
        if (got < 0)
            iova_bad(r, "%s", lines_error(in));
        else if (strlen(text) != length)
            iova_bad(r, "a NUL byte");
        else if (length > 0 && text[0] != '#')
            replay_line(r, text);
    }
    if (!r->bad && r->result->ops == 0)
        conform_fail(r->result, lines_number(in), "no operation in the file");
}

void conform_iova_lines(struct lines *in, bool exact_dirty, struct conform_result *result)
{
    struct iova_replay *r = calloc(1, sizeof(*r));
    char *arena = r ? arena_new() : NULL;
    int installed = fpr_iova_guard_install();
    result->ok = true;
    if (!arena || installed) {
        conform_fail(result, 0, "no memory for the replay");
    } else {
        r->result = result;
        r->exact_dirty = exact_dirty;
        r->arena = arena;
        r->locked_limit = UINT64_MAX;
        r->capable = true;
        replay_lines(r, in);
        iova_replay_close(r);
    }
    if (installed == 0)
        fpr_iova_guard_remove();
    arena_free(arena);
    free(r);
}

int conform_iova_file(const char *path, struct conform_result *result)
{
    struct lines *in;
    int rc = lines_open(path, &in);
    if (rc)
        return rc;
    conform_iova_lines(in, false, result);
    lines_close(in);
    return 0;
}
