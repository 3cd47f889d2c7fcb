/* Replaying a recording with the reference model: operations and passes. */
#include "support/ref_replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_notify(void *ctx, struct ref_zone *z, unsigned order)
{
    struct ref_replay *p = ctx;

    (void)z;
    (void)order;
    p->notified = true;
    if (p->in_callback)
        p->reporter.state = FPR_REPORT_REQUESTED;
}

static void hashed(struct ref_replay *p, const char *field)
{
    uint64_t h;

    p->ops++;
    if (p->failed || field[0] == '-')
        return;
    h = ref_hash(p->zone, p->pcp_on);
    if (h != strtoull(field, NULL, 16))
        ref_replay_wrong(p, "hash is %016" PRIx64, h);
}

static void note(struct ref_replay *p, char want)
{
    char got = p->in_callback ? '.' : p->notified ? 'n' : '-';

    if (got != want)
        ref_replay_wrong(p, "note is %c", got);
}

static fpr_gfp gfp_of(const struct ref_replay *p, unsigned type, unsigned flags)
{
    static const fpr_gfp v16[] = {FPR_GFP_NOMEMALLOC, 0, FPR_GFP_HIGH | FPR_GFP_ATOMIC,
                                  FPR_GFP_ATOMIC, FPR_GFP_HIGH};
    static const fpr_gfp later[] = {FPR_GFP_NOMEMALLOC, 0, FPR_GFP_HIGH, 0, FPR_GFP_HIGH};
    static const fpr_gfp types[] = {0, FPR_GFP_MOVABLE, FPR_GFP_RECLAIMABLE};

    return types[type % 3] | (p->v16 ? v16 : later)[flags % 5];
}

static void alloc(struct ref_replay *p)
{
    unsigned order, type, flags;
    char want[40], n, hash[40], got[40] = "-";
    fpr_pfn pfn;

    if (sscanf(p->line, "A %u %u %u %39s %c %39s", &order, &type, &flags, want, &n, hash) != 6) {
        ref_replay_wrong(p, "malformed");
        return;
    }
    pfn = ref_alloc(p->zone, order, gfp_of(p, type, flags), 0);
    if (pfn != REF_NONE)
        snprintf(got, sizeof got, "%" PRIx64, pfn);
    if (strcmp(got, want) != 0)
        ref_replay_wrong(p, "got %s", got);
    note(p, n);
    hashed(p, hash);
}

static void setting(struct ref_replay *p)
{
    struct ref_zone *z = p->zone;
    unsigned long long a, b, c;
    char word[8];

    if (sscanf(p->line, "C shuffle %llx", &a) == 1) {
        p->words = realloc(p->words, (p->nr_words + 1) * sizeof *p->words);
        if (!p->words)
            abort();
        p->words[p->nr_words++] = a;
    } else if (sscanf(p->line, "C pcp %7s %llu %llu", word, &a, &b) == 3) {
        p->pcp_on = !strcmp(word, "on");
        ref_set_pcp(z, (unsigned)a, (unsigned)b);
    } else if (sscanf(p->line, "C report %llu", &a) == 1) {
        p->reporter.order = (unsigned)a;
        z->notify_order = (int)a;
        z->notify = on_notify;
        z->notify_ctx = p;
    } else if (sscanf(p->line, "C wmark %llu %llu %llu", &a, &b, &c) == 3) {
        z->wmark[0] = (int64_t)a;
        z->wmark[1] = (int64_t)b;
        z->wmark[2] = (int64_t)c;
    } else if (sscanf(p->line, "C boost %llu %llu", &a, &b) == 2) {
        z->boost_factor = (int64_t)a;
        z->boost = (int64_t)b;
    } else {
        ref_replay_wrong(p, "unknown setting");
    }
}

static void operation(struct ref_replay *p)
{
    unsigned long long pfn;
    unsigned order;
    char n, hash[40];

    if (!p->in_callback)
        p->notified = false;
    if (p->line[0] == 'A') {
        alloc(p);
    } else if (sscanf(p->line, "F %llx %u %c %39s", &pfn, &order, &n, hash) == 4) {
        ref_free_pages(p->zone, pfn, order, 0);
        note(p, n);
        hashed(p, hash);
    } else if (sscanf(p->line, "V %c %39s", &n, hash) == 2) {
        ref_drain_all(p->zone);
        note(p, n);
        hashed(p, hash);
    } else if (p->line[0] == 'C') {
        setting(p);
    } else if (p->line[0] != 'P' && p->line[0] != '#') {
        ref_replay_wrong(p, "unknown record");
    }
}

static int on_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct ref_replay *p = ctx;
    char *text;
    unsigned k, n;
    int used = 0, err = 1;

    if (!ref_replay_line(p) || sscanf(p->line, "B %u %u%n", &k, &n, &used) != 2 ||
        k != p->batch++ || n != nents) {
        ref_replay_wrong(p, "batch of %u entries", nents);
        return 1;
    }
    text = p->line + used;
    for (unsigned i = 0; i < nents; i++) {
        fpr_pfn pfn = strtoull(text, &text, 16);
        unsigned order = (unsigned)strtoul(text + 1, &text, 10);

        if (pfn != sg[i].pfn || order != sg[i].order)
            ref_replay_wrong(p, "entry %u is %" PRIx64 ":%u", i, sg[i].pfn, sg[i].order);
    }
    hashed(p, text + 1);
    while (!p->failed && ref_replay_line(p)) {
        if (sscanf(p->line, "E %u %d", &k, &err) == 2)
            return err;
        operation(p);
    }
    ref_replay_wrong(p, "no E");
    return 1;
}

static void pass(struct ref_replay *p)
{
    unsigned calls, requested;
    char hash[40];

    p->batch = 0;
    p->in_callback = true;
    p->reporter.report = on_report;
    p->reporter.ctx = p;
    ref_pass(&p->reporter);
    p->in_callback = false;
    if (p->failed)
        return;
    if (!ref_replay_line(p) || sscanf(p->line, "Z %u %u %39s", &calls, &requested, hash) != 3) {
        ref_replay_wrong(p, "no Z");
        return;
    }
    if (calls != p->batch || (requested != 0) != (calls > 0 && p->reporter.queued))
        ref_replay_wrong(p, "pass ended with %u calls, requested %d", p->batch, p->reporter.queued);
    hashed(p, hash);
}

static void run(struct ref_replay *p)
{
    unsigned long ops;

    while (!p->failed && ref_replay_line(p)) {
        if (p->line[0] == 'S' && !p->zone)
            ref_replay_load(p);
        else if (p->line[0] == 'S')
            ref_replay_skip_dump(p);
        else if (!p->zone) {
            if (!ref_replay_header(p))
                ref_replay_wrong(p, "unknown header");
        } else if (p->line[0] == 'R')
            pass(p);
        else if (sscanf(p->line, "Q %lu ok", &ops) == 1) {
            if (ops != p->ops)
                ref_replay_wrong(p, "%lu operations", p->ops);
            return;
        } else
            operation(p);
    }
    ref_replay_wrong(p, "cut short");
}

bool ref_replay_file(const char *path)
{
    struct ref_replay p = {.path = path, .capacity = 32, .level = 8};

    p.in = gzopen(path, "rb");
    if (p.in)
        run(&p);
    else
        ref_replay_wrong(&p, "cannot be opened");
    if (p.failed)
        printf("not ok %s: line %lu: %s; recorded: %.120s\n", path, p.nr, p.why,
               p.line ? p.line : "");
    if (p.in)
        gzclose(p.in);
    ref_zone_destroy(p.zone);
    free(p.line);
    free(p.words);
    free(p.movable);
    return !p.failed;
}
