/* Page reporting: its knobs, passes by hand and by time; and the log that both feed. */
#include "lab.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

void lab_log_clear(struct lab_log *log)
{
    log->nr_events = log->dropped = 0;
    log->cut = log->causes_first = false;
    log->nr_passes = log->nr_sgs = log->nr_calls = 0;
    log->more_passes = 0;
    log->more_calls = 0;
}

static void on_event(void *ctx, const struct fpr_event *event)
{
    struct lab *lab = ctx;
    struct lab_log *log = &lab->log;
    if (lab->usdt.event && !lab->again) {
        lab->usdt.event(lab->usdt.ctx, event);
    }
    if (log->nr_events < LAB_EVENTS) {
        log->event[log->nr_events++] = *event;
    } else {
        log->dropped++;
    }
}

static void on_begin(void *ctx, fpr_ns now)
{
    struct lab_log *log = &((struct lab *)ctx)->log;
    if (log->nr_passes < LAB_PASSES) {
        log->pass[log->nr_passes++] = (struct lab_pass){.begin = now};
    } else {
        log->more_passes++;
    }
}

static void on_end(void *ctx, fpr_ns now, const struct fpr_pass_result *result)
{
    struct lab_log *log = &((struct lab *)ctx)->log;
    (void)now;
    if (log->more_passes) {
        log->more_calls += result->calls;
        return;
    }
    struct lab_pass *p = &log->pass[log->nr_passes - 1];
    p->calls = result->calls;
    p->error = result->error;
    p->requested = result->requested;
}

void lab_listen(struct lab *lab)
{
    const struct fpr_event_sink sink = {on_event, lab};
    const struct fpr_report_observer observer = {
        .pass_begin = on_begin, .pass_end = on_end, .ctx = lab};
    for (size_t z = 0; z < lab->w.nr_zones; z++) {
        fpr_zone_set_event_sink(fpr_machine_zone(lab->w.machine, z), &sink);
    }
    if (lab->w.reporter) {
        fpr_reporter_set_observer(lab->w.reporter, &observer);
    }
}

/* A call ends with what the log holds. */
static void note_call(struct lab_log *log)
{
    if (log->nr_calls < LAB_SGS) {
        log->call_end[log->nr_calls++] = (unsigned)log->nr_sgs;
    }
}

/* Stands before the host and notes each call. */
static int on_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct lab *lab = ctx;
    struct lab_log *log = &lab->log;
    struct fpr_sg moved[64];
    log->cut |= log->nr_sgs + nents > LAB_SGS;
    for (unsigned k = 0; !log->cut && k < nents; k++) {
        log->sg[log->nr_sgs++] = sg[k];
    }
    if (!log->cut) {
        note_call(log);
    }
    for (unsigned k = 0; k < nents; k++) {
        moved[k] = (struct fpr_sg){.pfn = sg[k].pfn - lab->w.base, .order = sg[k].order};
    }
    return lab->w.host_device.report(lab->w.host_device.ctx, moved, nents);
}

static void say_knobs(struct lab *lab)
{
    struct fpr_report_config c;
    fpr_reporter_get_config(lab->w.reporter, &c);
    lab_put(lab, "reporting from order %d, %u a call, ", c.order, c.capacity);
    if (c.budget_divisor) {
        lab_put(lab, "budget 1/%u of a list, ", c.budget_divisor);
    } else {
        lab_put(lab, "no budget, ");
    }
    lab_say(lab, "delay %g s%s%s", (double)c.delay / 1e9, c.rotate ? "" : ", no rotation",
            c.eager ? ", full batches at once" : "");
}

/* Has a host that starts now the frame at p? Not what is a hole, nor what an earlier host was told
 * of: nobody will tell this one. *end: up to where that holds at least. */
static bool is_resident(const struct fpr_zone *zone, fpr_pfn step, fpr_pfn p, fpr_pfn *end)
{
    enum fpr_page_kind kind;
    struct fpr_block b = {.pfn = p};
    if (fpr_zone_pageblock_type(zone, p) < 0) {
        *end = (p & ~(step - 1)) + step;
        return false;
    }
    bool there = fpr_zone_page(zone, p, &kind, &b) == 0;
    *end = there ? b.pfn + (1ull << b.order) : p + 1;
    return !(there && kind == FPR_PAGE_FREE && b.reported);
}

/* The host holds all that it may at first. Runs are loaded as a whole, since only such can be huge
 * pages. Returns how much memory there is. */
static uint64_t load_host(struct lab_world *w)
{
    uint64_t pages = 0;
    for (size_t k = 0; k < w->nr_zones; k++) {
        const struct fpr_zone *zone = fpr_machine_zone(w->machine, k);
        struct fpr_zone_info info;
        fpr_zone_get_info(zone, &info);
        fpr_pfn end = info.start + info.spanned, step = 1ull << info.pageblock_order, next;
        fpr_pfn from = info.start;
        for (fpr_pfn p = from; p < end; p = next) {
            bool resident = is_resident(zone, step, p, &next);
            next = next < end ? next : end;
            pages += fpr_zone_pageblock_type(zone, p) >= 0 ? next - p : 0;
            if (!resident) {
                fpr_host_load_resident(w->host, from - w->base, p - from);
                from = next;
            }
        }
        fpr_host_load_resident(w->host, from - w->base, end - from);
    }
    return pages;
}

static int make_host(struct lab_world *w)
{
    struct fpr_host_config config;
    fpr_host_config_init(&config);
    config.pages = w->frames;
    int err = fpr_host_create(&config, &w->host);
    if (!err) {
        err = fpr_host_device(w->host, &w->host_device);
    }
    if (!err) {
        w->memory = load_host(w);
    }
    return err;
}

static int start_reporter(struct lab *lab, const struct fpr_report_config *config)
{
    struct lab_world *w = &lab->w;
    bool there = w->host != NULL; /* reporting was on before */
    int err = there ? 0 : make_host(w);
    if (!err) {
        w->device =
            (struct fpr_device){.name = "host", .report = on_report, .ctx = lab, .max_nents = 64};
        err = fpr_reporter_create(w->machine, w->clock, config, &w->reporter);
    }
    if (!err) {
        lab_listen(lab);
        err = fpr_reporter_register(w->reporter, &w->device);
    }
    if (err) {
        fpr_reporter_destroy(w->reporter);
        w->reporter = NULL;
    }
    if (err && !there) {
        fpr_host_destroy(w->host);
        w->host = NULL;
    }
    return err;
}

/* The host stays: what it was told of stays marked, and it is not told of it again. */
static enum lab_result stop_reporter(struct lab *lab)
{
    struct lab_world *w = &lab->w;
    if (w->guest || !w->reporter) {
        return lab_fail(lab, LAB_REFUSED,
                        w->guest ? "a guest always reports" : "reporting is off already");
    }
    fpr_reporter_destroy(w->reporter);
    w->reporter = NULL;
    lab_say(lab, "reporting off; what was reported stays marked, and absent from the host");
    return LAB_OK;
}

enum lab_result lab_cmd_reporting(struct lab *lab, const struct lab_words *words)
{
    static const char *const on_off[] = {"off", "on", NULL};
    static const char *const levels[] = {"p8", "p7", "p4", NULL};
    static const char *const places[] = {"rule", "head", "tail", NULL};
    struct lab_world *w = &lab->w;
    struct fpr_report_config c;
    fpr_report_config_init(&c);
    c.capacity = 4;
    if (w->reporter) {
        fpr_reporter_get_config(w->reporter, &c);
    }
    uint64_t order = w->info.pageblock_order, capacity = c.capacity, budget = c.budget_divisor;
    int rotate = c.rotate, level = -1, place = c.putback_set ? (int)c.putback : -1;
    if (words->n == 2 && !strcmp(words->word[1], "off")) {
        return stop_reporter(lab);
    }
    if (w->reporter && c.order >= 0) {
        order = (uint64_t)c.order;
    }
    struct lab_option options[] = {{"order", LAB_NUMBER, &order, 0, w->info.max_order, NULL, false},
                                   {"capacity", LAB_NUMBER, &capacity, 1, 64, NULL, false},
                                   {"budget", LAB_NUMBER, &budget, 0, 1000, NULL, false},
                                   {"delay", LAB_TIME, &c.delay, 0, 0, NULL, false},
                                   {"rotate", LAB_WORD, &rotate, 0, 0, on_off, false},
                                   {"patch", LAB_WORD, &level, 0, 0, levels, false},
                                   {"putback", LAB_WORD, &place, 0, 0, places, false},
                                   {0}};
    enum lab_result r = lab_options(lab, words, 1, options);
    if (r) {
        return r;
    }
    c.order = (int)order;
    c.capacity = (unsigned)capacity;
    c.budget_divisor = (unsigned)budget;
    c.rotate = rotate != 0;
    c.putback_set = place >= 0;
    c.putback = place >= 0 ? (enum fpr_place)place : c.putback;
    if (level >= 0) {
        fpr_report_config_patch_level(&c, (enum fpr_patch_level)level);
    }
    int err = w->reporter ? fpr_reporter_set_config(w->reporter, &c) : start_reporter(lab, &c);
    if (err) {
        return lab_fail(lab, LAB_REFUSED, "reporting: %s", strerror(-err));
    }
    say_knobs(lab);
    return LAB_OK;
}

/* A guest has its own device: what its calls held is what was taken off until some went back, the
 * first in the last place. */
static void note_calls(struct lab_log *log)
{
    size_t begin = 0, end = 0;
    for (size_t k = 0; k < log->nr_events; k++) {
        const struct fpr_event *e = &log->event[k];
        if (e->type == FPR_EVENT_ISOLATE) {
            begin = begin == end ? k : begin;
            end = k + 1;
        } else if (e->type == FPR_EVENT_PUTBACK && begin != end) {
            for (; end > begin && log->nr_sgs < LAB_SGS; end--) {
                const struct fpr_event *block = &log->event[end - 1];
                if (block->type == FPR_EVENT_ISOLATE) {
                    log->sg[log->nr_sgs++] =
                        (struct fpr_sg){.pfn = block->pfn, .order = block->order};
                }
            }
            note_call(log);
            begin = end;
        }
    }
}

/* A pass with its calls, the first of which is call number `call` of the log. */
static void say_pass(struct lab *lab, const struct lab_pass *p, size_t call)
{
    const struct lab_log *log = &lab->log;
    unsigned shown = 0;
    lab_say(lab, "%.3f s: a pass, %u call%s%s%s", (double)p->begin / 1e9, p->calls,
            p->calls == 1 ? "" : "s", p->error ? ", ended by an error" : "",
            p->requested ? ", another one wanted" : "");
    for (; shown < p->calls && call < log->nr_calls; call++) {
        lab_put(lab, "  call %u:", ++shown);
        for (unsigned k = call ? log->call_end[call - 1] : 0; k < log->call_end[call]; k++) {
            lab_put(lab, " %s/%u", lab_hex(log->sg[k].pfn).text, log->sg[k].order);
        }
        lab_say(lab, "%s", "");
    }
    if (p->calls > shown) {
        lab_say(lab, "  and %u more", p->calls - shown);
    }
}

static void say_passes(struct lab *lab)
{
    struct lab_log *log = &lab->log;
    size_t call = 0;
    if (lab->w.guest) {
        note_calls(log);
    }
    for (size_t k = 0; k < log->nr_passes; k++) {
        say_pass(lab, &log->pass[k], call);
        call += log->pass[k].calls;
    }
    if (log->more_passes) {
        lab_say(lab, "and %zu pass%s more, %" PRIu64 " call%s", log->more_passes,
                log->more_passes == 1 ? "" : "es", log->more_calls,
                log->more_calls == 1 ? "" : "s");
    }
    if (lab->w.host) {
        lab_say(lab, "the host holds %" PRIu64 " of %" PRIu64 " pages",
                fpr_host_resident_pages(lab->w.host), lab->w.memory);
    } else if (lab->w.guest) {
        int64_t bytes = fpr_arena_resident_bytes(fpr_guest_arena(lab->w.guest));
        lab_say(lab, "the host holds %" PRId64 " of %" PRIu64 " pages",
                bytes / (int64_t)fpr_arena_page_size(fpr_guest_arena(lab->w.guest)), lab->w.frames);
    }
}

enum lab_result lab_cmd_report(struct lab *lab, const struct lab_words *words)
{
    (void)words;
    if (!lab->w.reporter) {
        return lab_fail(lab, LAB_REFUSED, "reporting is off; turn it on with: reporting");
    }
    int err = fpr_reporter_pass(lab->w.reporter, NULL);
    if (err) {
        return lab_fail(lab, LAB_REFUSED, "report: %s", strerror(-err));
    }
    say_passes(lab);
    return LAB_OK;
}

enum lab_result lab_cmd_advance(struct lab *lab, const struct lab_words *words)
{
    fpr_ns by;
    if (words->n != 2) {
        return lab_fail(lab, LAB_BAD, "advance needs a time: advance 2s");
    }
    enum lab_result r = lab_time(lab, words->word[1], &by);
    if (r) {
        return r;
    }
    fpr_ns now = fpr_clock_now(lab->w.clock);
    if (by > 1000 * 3600 * FPR_NS_PER_S) {
        return lab_fail(lab, LAB_BAD, "advance: at most 1000 hours");
    }
    fpr_clock_advance(lab->w.clock, now + by);
    lab_say(lab, "it is %.3f s now", (double)(now + by) / 1e9);
    say_passes(lab);
    return LAB_OK;
}
