/* Reading /proc/pagetypeinfo and /proc/buddyinfo. */
#include "replay/import.h"

#include "trace/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct told_file *told;
    struct fpr_trace_error *error;
    uint64_t line;
    int column[16]; /* types in the order of "Number of blocks type" */
    unsigned columns;
};

static int bad(const struct parser *p, const char *field, const char *reason)
{
    return fpr_trace_error_set(p->error, -EINVAL, p->told->path, p->line, field, "%s", reason);
}

/* A type by its name; CMA pages hold movable memory. -1: none. */
static int type_of(const char *name)
{
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
        if (!strcmp(name, fpr_migratetype_name(mt)))
            return mt;
    return !strcmp(name, "CMA") ? FPR_MOVABLE : -1;
}

static struct told *zone_of(struct parser *p, int node, const char *name)
{
    struct told_file *t = p->told;
    for (size_t i = 0; i < t->nr; i++)
        if (t->zone[i].node == node && !strcmp(t->zone[i].name, name))
            return &t->zone[i];
    if (t->nr == MAX_ZONEINFO)
        return NULL;
    struct told *z = &t->zone[t->nr++];
    *z = (struct told){.node = node, .line = p->line};
    snprintf(z->name, sizeof(z->name), "%s", name);
    return z;
}

/* The numbers at the end of a line; ">100000" counts as 100000. Returns how many, or -EINVAL. */
static int numbers(struct parser *p, const char *text, uint64_t *values, unsigned room)
{
    unsigned n = 0;
    for (;;) {
        text += strspn(text, " \t\r");
        if (!*text)
            return (int)n;
        text += *text == '>';
        char *end;
        errno = 0;
        unsigned long long v = strtoull(text, &end, 10);
        if (*text < '0' || *text > '9' || errno || v > UINT64_MAX >> 20)
            return bad(p, NULL, "not a number of blocks");
        if (n == room)
            return bad(p, NULL, "more numbers than there can be");
        values[n++] = v;
        text = end;
    }
}

static int free_counts(struct parser *p, struct told *z, int mt, const char *text)
{
    uint64_t v[FPR_NR_ORDERS] = {0};
    int n = numbers(p, text, v, FPR_NR_ORDERS);
    if (n < 0)
        return n;
    if (n < 2)
        return bad(p, NULL, "a number for every order is missing");
    if (p->told->max_order && p->told->max_order != (unsigned)n - 1)
        return bad(p, NULL, "not as many orders as in the lines before");
    p->told->max_order = (unsigned)n - 1;
    for (int o = 0; o < n; o++)
        z->nr_free[mt][o] += v[o];
    return 0;
}

static int block_counts(struct parser *p, struct told *z, const char *text)
{
    uint64_t v[16];
    int n = numbers(p, text, v, 16);
    if (n < 0)
        return n;
    if ((unsigned)n != p->columns)
        return bad(p, NULL, "not as many numbers as types");
    for (int k = 0; k < n; k++) /* NOLINTNEXTLINE(*uninitialized*): numbers() has set n of them */
        z->pageblocks[p->column[k]] += v[k];
    return 0;
}

/* "Number of blocks type  Unmovable Movable …" */
static int block_types(struct parser *p, char *text)
{
    char *save, *word = strtok_r(text, " \t\r", &save);
    for (p->columns = 0; word; word = strtok_r(NULL, " \t\r", &save)) {
        int mt = type_of(word);
        if (mt < 0 || p->columns == 16)
            return bad(p, word, "an unknown type of pageblock");
        p->column[p->columns++] = mt;
    }
    return p->columns ? 0 : bad(p, NULL, "no types");
}

static int zone_line(struct parser *p, char *line, bool types)
{
    char name[16] = "", type[16] = "";
    int node, at = 0;
    if (types && sscanf(line, "Node %d, zone %15[^,], type %15s%n", &node, name, type, &at) == 3 &&
        at) {
        int mt = type_of(type);
        struct told *z = zone_of(p, node, name);
        if (mt < 0 || !z)
            return bad(p, type, mt < 0 ? "an unknown type" : "too many zones");
        return free_counts(p, z, mt, line + at);
    }
    at = 0;
    if (sscanf(line, "Node %d, zone %15s%n", &node, name, &at) != 2 || !at)
        return bad(p, NULL, "not a line about a zone");
    struct told *z = zone_of(p, node, name);
    if (!z)
        return bad(p, name, "too many zones");
    if (!types)
        return free_counts(p, z, FPR_MOVABLE, line + at);
    return p->columns ? block_counts(p, z, line + at)
                      : bad(p, NULL, "pageblocks before their types are named");
}

static int one_line(struct parser *p, char *line, bool types)
{
    static const char blocks[] = "Number of blocks type";
    if (!strncmp(line, "Node", 4))
        return zone_line(p, line, types);
    if (types && !strncmp(line, blocks, sizeof(blocks) - 1))
        return block_types(p, line + sizeof(blocks) - 1);
    unsigned order;
    if (types && sscanf(line, "Page block order: %u", &order) == 1) {
        if (order < 1 || order > FPR_MAX_ORDER)
            return bad(p, "Page block order", "no order that is modelled");
        p->told->pageblock_order = order;
    }
    return types || !line[strspn(line, " \t\r")] ? 0 : bad(p, NULL, "not a line about a zone");
}

static int parse(const char *text, struct told_file *told, bool types,
                 struct fpr_trace_error *error)
{
    struct parser p = {.told = told, .error = error};
    char *copy = strdup(text);
    int err = copy ? 0 : -ENOMEM;
    for (char *line = copy; line && !err;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        p.line++;
        err = one_line(&p, line, types);
        line = end ? end + 1 : NULL;
    }
    free(copy);
    p.line = 0;
    return err || told->nr ? err : bad(&p, NULL, "tells of no zone");
}

int fpr_import_parse_types(const char *text, struct told_file *told, struct fpr_trace_error *error)
{
    return parse(text, told, true, error);
}

int fpr_import_parse_buddyinfo(const char *text, struct told_file *told,
                               struct fpr_trace_error *error)
{
    return parse(text, told, false, error);
}

uint64_t fpr_import_told_pages(const struct told *told)
{
    uint64_t pages = 0;
    for (int mt = 0; mt < FPR_NR_MIGRATETYPES; mt++)
        for (unsigned o = 0; o < FPR_NR_ORDERS; o++)
            pages += told->nr_free[mt][o] << o;
    return pages;
}
