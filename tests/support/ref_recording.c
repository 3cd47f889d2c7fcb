/* Reading a recording into the reference model: header and first state. */
#include "support/ref_replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ref_replay_wrong(struct ref_replay *p, const char *format, ...)
{
    va_list args;

    if (p->failed)
        return;
    p->failed = true;
    va_start(args, format);
    vsnprintf(p->why, sizeof p->why, format, args);
    va_end(args);
}

bool ref_replay_line(struct ref_replay *p)
{
    size_t n = 0;

    for (;;) {
        if (p->room - n < 2) {
            p->room = p->room ? 2 * p->room : 4096;
            p->line = realloc(p->line, p->room);
            if (!p->line)
                abort();
        }
        if (!gzgets(p->in, p->line + n, (int)(p->room - n)))
            return n > 0;
        n += strlen(p->line + n);
        if (p->line[n - 1] == '\n')
            break;
    }
    p->line[n - 1] = 0;
    p->nr++;
    return true;
}

static uint64_t next_bits(void *ctx)
{
    struct ref_replay *p = ctx;

    if (p->next_word == p->nr_words) {
        ref_replay_wrong(p, "no shuffle word left");
        return 0;
    }
    return p->words[p->next_word++];
}

static void params(struct ref_replay *p, char *text)
{
    char *save = NULL;

    for (char *k = strtok_r(text, " ", &save); k; k = strtok_r(NULL, " ", &save)) {
        char *v = strtok_r(NULL, " ", &save);
        unsigned n = v ? (unsigned)strtoul(v, NULL, 10) : 0;

        if (!strcmp(k, "orders"))
            p->config.max_order = n - 1;
        else if (!strcmp(k, "pageblock_order"))
            p->config.pageblock_order = n;
        else if (!strcmp(k, "capacity"))
            p->capacity = n;
        else if (!strcmp(k, "nofragment"))
            p->config.nofragment = n;
        else if (!strcmp(k, "lru"))
            p->lru = n;
        else if (!strcmp(k, "shuffle"))
            p->config.shuffle = n;
    }
}

static void kernel(struct ref_replay *p, const char *release)
{
    enum fpr_profile profile = FPR_PROFILE_LINUX_6_1;
    bool tail = true;

    if (!strcmp(release, "v16")) {
        profile = FPR_PROFILE_V16;
        p->v16 = true;
        tail = false;
    } else if (!strncmp(release, "6.12.", 5)) {
        profile = FPR_PROFILE_LINUX_6_12;
    } else if (strstr(release, "-v16lists")) {
        tail = false;
    }
    p->config.policy.base = profile;
    p->config.policy.boot = tail ? FPR_PLACE_TAIL : FPR_PLACE_RULE;
    p->config.policy.move = tail ? FPR_PLACE_TAIL : FPR_PLACE_HEAD;
    p->config.policy.putback = tail ? FPR_PLACE_TAIL : FPR_PLACE_RULE;
}

bool ref_replay_header(struct ref_replay *p)
{
    char *l = p->line;
    unsigned long long start, span, present, managed;

    if (sscanf(l, "zone %llx %llu %llu %llu", &start, &span, &present, &managed) == 4) {
        p->config.start = start;
        p->config.spanned = span;
        p->config.managed = managed;
    } else if (!strncmp(l, "params ", 7)) {
        params(p, l + 7);
    } else if (!strncmp(l, "kernel ", 7)) {
        kernel(p, l + 7);
    } else if (!strncmp(l, "boost_factor ", 13)) {
        p->config.boost_factor = (unsigned)strtoul(l + 13, NULL, 10);
    } else if (!strcmp(l, "quirk v16-putback")) {
        p->config.policy.putback = FPR_PLACE_RULE;
    } else if (!strncmp(l, "quirk patch-level P", 19)) {
        p->level = (unsigned)(l[19] - '0');
    } else if (!strncmp(l, "m ", 2)) {
        p->movable = realloc(p->movable, (p->nr_movable + 1) * sizeof *p->movable);
        if (!p->movable)
            abort();
        p->movable[p->nr_movable++] = strtoull(l + 2, NULL, 16);
    } else {
        return !strncmp(l, "profile ", 8) || l[0] == '#' || l[0] == 'C';
    }
    return true;
}

static void load_list(struct ref_replay *p, char *text)
{
    unsigned order = (unsigned)strtoul(text, &text, 10);
    unsigned type = (unsigned)strtoul(text, &text, 10);

    while (*text) {
        fpr_pfn pfn = strtoull(text, &text, 16);
        bool reported = *text == '*';

        text += reported;
        ref_load_free(p->zone, pfn, order, type, reported);
    }
}

void ref_replay_load(struct ref_replay *p)
{
    struct ref_zone *z;

    p->config.empty = true;
    p->config.cpus = 1;
    p->config.page_shift = 12;
    p->config.pcp_batch = 1;
    p->config.watermark[0] = 1;
    p->config.movable_by_type = p->lru;
    p->config.policy.shuffle_bit_is_tail = true;
    p->config.bits = next_bits;
    p->config.bits_ctx = p;
    z = p->zone = ref_zone_create(&p->config);
    for (uint64_t i = 0; i < z->span; i++)
        ref_mark(z, z->start + i, 0, REF_ALLOCATED, false);
    for (size_t i = 0; i < p->nr_movable; i++)
        ref_page(z, p->movable[i])->movable = true;
    while (ref_replay_line(p) && strcmp(p->line, ".") != 0) {
        long long v[6];

        if (sscanf(p->line, "z %lld %lld %lld %lld %lld %lld", v, v + 1, v + 2, v + 3, v + 4,
                   v + 5) == 6) {
            z->free = v[0];
            z->highatomic = v[1];
            z->boost = v[2];
            for (int i = 0; i < 3; i++)
                z->wmark[i] = v[3 + i];
        } else if (p->line[0] == 'b') {
            for (uint64_t i = 0; i < z->nr_blocks; i++)
                z->block_type[i] = (uint8_t)(p->line[2 + i] - '0');
        } else if (p->line[0] == 'l') {
            load_list(p, p->line + 1);
        }
    }
    p->reporter.zone = &p->zone;
    p->reporter.nr_zones = 1;
    p->reporter.capacity = p->capacity;
    p->reporter.divisor = p->level == 8 ? 16 : 0;
    p->reporter.rotate = p->level != 4;
    p->reporter.eager = p->level == 4;
}

void ref_replay_skip_dump(struct ref_replay *p)
{
    while (ref_replay_line(p) && strcmp(p->line, ".") != 0)
        continue;
}
