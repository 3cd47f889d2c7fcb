/* Taking knowledge out of a recorded state, line by line, before a machine is made of it. */
#include "replay/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is needed of the whole zone while its lines are rewritten. */
struct editor {
    FILE *out;
    uint32_t without;
    fpr_pfn start;
    unsigned pageblock_order;
    const char *zone; /* its first line */
    bool failed;      /* no memory for a line */
};

static bool hides(const struct editor *e, enum fpr_knowledge bit)
{
    return e->without >> bit & 1;
}

static const char *line_end(const char *line, const char *end)
{
    const char *nl = memchr(line, '\n', (size_t)(end - line));
    return nl ? nl : end;
}

static int by_frame(const void *a, const void *b)
{
    fpr_pfn x = strtoull(*(char *const *)a, NULL, 16), y = strtoull(*(char *const *)b, NULL, 16);
    return x < y ? -1 : x > y;
}

/* "l <order> <type> <pfn>[*]..." with the blocks in rising order. */
static void sort_list(struct editor *e, char *line)
{
    size_t room = strlen(line) / 2 + 1, nr = 0;
    char **words = malloc(room * sizeof(*words));
    if (!words) {
        e->failed = true;
        return;
    }
    char *save, *word = strtok_r(line, " ", &save);
    while (word && nr < room) {
        words[nr++] = word;
        word = strtok_r(NULL, " ", &save);
    }
    if (nr > 3)
        qsort(words + 3, nr - 3, sizeof(*words), by_frame);
    for (size_t i = 0; i < nr; i++)
        fprintf(e->out, "%s%s", i ? " " : "", words[i]);
    free(words);
}

/* Each pageblock gets the type of the list that its free blocks are on, else movable. */
static void guess_types(struct editor *e, const char *line, const char *end)
{
    const char *stop = line_end(line, end);
    size_t nr = (size_t)(stop - line) > 2 ? (size_t)(stop - line) - 2 : 0;
    char *types = malloc(nr + 1);
    if (!types) {
        e->failed = true;
        return;
    }
    memset(types, '0' + FPR_MOVABLE, nr);
    fpr_pfn first = e->start >> e->pageblock_order;
    for (const char *l = stop; l < end && *l; l = line_end(l + 1, end)) {
        const char *at = l + 1;
        if (at >= end || *at == '.')
            break;
        if (*at != 'l')
            continue;
        char *next;
        unsigned long order = strtoul(at + 2, &next, 10), mt = strtoul(next, &next, 10);
        while (*next == ' ') {
            fpr_pfn pfn = strtoull(next + 1, &next, 16);
            next += *next == '*';
            fpr_pfn last = (pfn + (1ull << (order & 15)) - 1) >> e->pageblock_order;
            for (fpr_pfn b = pfn >> e->pageblock_order; b <= last && b - first < nr; b++)
                types[b - first] = (char)('0' + mt);
        }
    }
    fprintf(e->out, "b %.*s", (int)nr, types);
    free(types);
}

/* "p <count> <high> <batch> <free_factor> ..." */
static void edit_pcp(struct editor *e, char *line)
{
    char *save;
    int i = 0;
    for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save), i++) {
        bool zero = (i == 1 && hides(e, FPR_KNOW_BIT_PCP)) ||
                    (i == 4 && (hides(e, FPR_KNOW_BIT_PCP) || hides(e, FPR_KNOW_BIT_FACTOR)));
        fprintf(e->out, "%s%s", i ? " " : "", zero ? "0" : word);
    }
}

/* "w <threshold> <global> <diff> ...": no threshold, nothing left to fold */
static void edit_drift(struct editor *e, char *line)
{
    char *next;
    strtoul(line + 2, &next, 10);
    long long global = strtoll(next, &next, 10), diff = strtoll(next, &next, 10);
    fprintf(e->out, "w 0 %lld 0%s", global + diff, next);
}

static bool edit(struct editor *e, char *copy, const char *line, const char *end)
{
    switch (*line) {
    case 'l':
        if (!hides(e, FPR_KNOW_BIT_ORDER) || copy[1] != ' ')
            return false;
        sort_list(e, copy);
        return true;
    case 'b':
        if (!hides(e, FPR_KNOW_BIT_PBTYPE) || copy[1] != ' ')
            return false;
        guess_types(e, line, end);
        return true;
    case 'p':
        if (copy[1] != ' ')
            return false;
        edit_pcp(e, copy);
        return true;
    case 'w':
        if (!hides(e, FPR_KNOW_BIT_DRIFT) || copy[1] != ' ')
            return false;
        edit_drift(e, copy);
        return true;
    case 'm':
        if (!hides(e, FPR_KNOW_BIT_LRU) || (copy[1] != ' ' && copy[1]))
            return false;
        fputs("m", e->out);
        return true;
    default:
        return false;
    }
}

static void one_line(struct editor *e, const char *line, const char *stop, const char *end)
{
    size_t len = (size_t)(stop - line);
    if (hides(e, FPR_KNOW_BIT_PCP) && e->zone && len > 1 && line[1] == ' ' &&
        (*line == 'q' || *line == 'r'))
        return;
    char *copy = strndup(line, len);
    if (!copy) {
        e->failed = true;
        return;
    }
    unsigned long long start;
    if (sscanf(copy, "Z %*s %llx", &start) == 1) {
        e->zone = line;
        e->start = start;
    }
    const char *word = strstr(copy, "pageblock_order ");
    if (!e->zone && !strncmp(copy, "params", 6) && word)
        e->pageblock_order = (unsigned)strtoul(word + 16, NULL, 10) % 32;
    if (!e->zone || !edit(e, copy, line, end))
        fwrite(line, 1, len, e->out);
    fputc('\n', e->out);
    free(copy);
}

char *fpr_hide_state(const char *text, size_t len, uint32_t without, size_t *out_len)
{
    char *out = NULL;
    struct editor e = {.without = without, .pageblock_order = 9};
    e.out = open_memstream(&out, out_len);
    if (!e.out)
        return NULL;
    const char *end = text + len;
    for (const char *line = text; line < end && !e.failed;) {
        const char *stop = line_end(line, end);
        one_line(&e, line, stop, end);
        line = stop + 1;
    }
    if (fclose(e.out) || e.failed) {
        free(out);
        return NULL;
    }
    return out;
}
