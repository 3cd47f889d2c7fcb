#include "replay/zoneinfo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fpr_zoneinfo_index(const char *name)
{
    for (int i = 0; i < FPR_NR_ZONE_INDICES; i++)
        if (!strcmp(name, fpr_zone_index_name(i)))
            return i;
    return -1;
}

/* "protection: (0, 569, 569, 569, 569)" */
static void protection(struct zoneinfo *z, const char *line)
{
    const char *at = strchr(line, '(');
    for (int i = 0; at && i < FPR_NR_ZONE_INDICES; i++) {
        char *end;
        z->reserve[i] = strtoull(at + 1, &end, 10);
        at = *end == ',' ? end : NULL;
    }
}

static void one_line(struct zoneinfo *z, const char *line)
{
    char word[32];
    unsigned long long n;
    if (sscanf(line, " protection: %31s", word) == 1)
        protection(z, line);
    if (sscanf(line, " pages free %llu", &n) == 1)
        z->free = n;
    if (sscanf(line, " vm stats threshold: %llu", &n) == 1)
        z->threshold = (unsigned)n;
    if (sscanf(line, " %31[a-z_] %llu", word, &n) == 2) {
        const struct {
            const char *name;
            uint64_t *to;
        } fields[] = {{"boost", &z->boost},    {"min", &z->mark[0]},     {"low", &z->mark[1]},
                      {"high", &z->mark[2]},   {"spanned", &z->spanned}, {"present", &z->present},
                      {"managed", &z->managed}};
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
            if (!strcmp(word, fields[i].name))
                *fields[i].to = n;
    }
    if (sscanf(line, " %31[a-z_]: %llu", word, &n) == 2) {
        if (!strcmp(word, "high"))
            z->high = (unsigned)n;
        else if (!strcmp(word, "batch"))
            z->batch = (unsigned)n;
        else if (!strcmp(word, "start_pfn"))
            z->start = n;
    }
}

int fpr_zoneinfo_parse(const char *text, struct zoneinfo *zones, size_t room)
{
    size_t nr = 0;
    struct zoneinfo *z = NULL;
    char *copy = strdup(text), *save;
    if (!copy)
        return -ENOMEM;
    for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        int node;
        char name[16];
        if (sscanf(line, "Node %d, zone %15s", &node, name) == 2) {
            if (z && !z->present)
                nr--;
            z = nr < room ? &zones[nr++] : NULL;
            if (z)
                *z = (struct zoneinfo){.node = node};
            if (z)
                snprintf(z->name, sizeof(z->name), "%s", name);
        } else if (z) {
            one_line(z, line);
        }
    }
    if (z && !z->present)
        nr--;
    free(copy);
    return (int)nr;
}
