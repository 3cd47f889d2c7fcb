/* Explaining the last step: the library's events say what happened, and a copy of the machine as it
 * was before, brought along event by event, says why. */
#include "why.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DETAILS 12

int lab_note_end(void *ctx, const struct fpr_block *b)
{
    struct lab_ends *e = ctx;
    e->first = e->n++ ? e->first : b->pfn;
    e->last = b->pfn;
    return 0;
}

bool lab_may_tell(struct why *y)
{
    if (y->told < DETAILS) {
        y->told++;
        return true;
    }
    if (!y->cut) {
        lab_say(y->lab, "- and so on");
    }
    y->cut = true;
    return false;
}

/* Before the first page of a batch, and before what had to be done for it. */
static void say_refill(struct why *y, const struct fpr_event *e)
{
    if (e->percpu_refill && !y->refilling && !y->through && lab_may_tell(y)) {
        lab_say(y->lab, "- the per-cpu list was empty: it is refilled with a batch");
    }
    y->refilling = e->percpu_refill;
}

static void one_event(struct why *y, const struct fpr_event *e, const struct fpr_event *before,
                      const struct fpr_event *next)
{
    switch (e->type) {
    case FPR_EVENT_PAGE_FREE:
        lab_on_free(y, e, next);
        break;
    case FPR_EVENT_PCPU_DRAIN:
        if (!y->through) {
            fpr_zone_pcp_take(y->shadow, e->pfn, e->order);
        }
        lab_explain_free(y, e->pfn, e->order, e->migratetype);
        break;
    case FPR_EVENT_ZONE_LOCKED:
        say_refill(y, e);
        lab_on_take(y, e);
        break;
    case FPR_EVENT_EXTFRAG:
        if (next && next->type == FPR_EVENT_ZONE_LOCKED) {
            say_refill(y, next);
        }
        lab_on_steal(y, e);
        break;
    case FPR_EVENT_PAGE_ALLOC:
        lab_on_alloc(y, e, before && before->type == FPR_EVENT_ZONE_LOCKED);
        break;
    case FPR_EVENT_NOTIFY:
        if (lab_may_tell(y)) {
            lab_say(y->lab, "- order %u is at or above the reporting order: reporting is told",
                    e->order);
        }
        break;
    default:
        break;
    }
}

static void changes(struct lab *lab)
{
    struct fpr_zone_counters now, was;
    if (fpr_zone_get_counters(lab->w.zone, &now) ||
        fpr_zone_get_counters(fpr_machine_zone(lab->before, lab->w.zone_at), &was)) {
        return;
    }
    if (now.boost > was.boost) {
        lab_say(lab, "- a mixed pageblock: the watermarks are boosted by %" PRIu64 " page%s",
                now.boost, now.boost == 1 ? "" : "s");
    }
}

/* Whether an event happened in the selected zone. */
static bool is_here(const struct lab *lab, const struct fpr_event *e)
{
    return lab->w.nr_zones == 1 || e->pfn == FPR_PFN_NONE ||
           fpr_machine_zone_of(lab->w.machine, e->pfn) == lab->w.zone;
}

static size_t first_event(const struct lab *lab)
{
    size_t k = 0;
    while (k < lab->log.nr_events && !is_here(lab, &lab->log.event[k])) {
        k++;
    }
    return k;
}

/* Two neighbours in the order in which they are told, the cause first: reporting hears of a block
 * before the drain ends that made it, and 6.12 tells of a fallback once the page is taken. */
static void tell_causes_first(struct lab *lab)
{
    struct lab_log *log = &lab->log;
    bool claims = lab->w.info.policy.fallback == FPR_FALLBACK_CLAIM_STEAL;
    for (size_t k = 1; k < log->nr_events && !log->causes_first; k++) {
        struct fpr_event *e = &log->event[k], before = e[-1];
        if ((e->type == FPR_EVENT_PCPU_DRAIN && before.type == FPR_EVENT_NOTIFY) ||
            (claims && e->type == FPR_EVENT_EXTFRAG && before.type == FPR_EVENT_ZONE_LOCKED)) {
            e[-1] = *e;
            *e = before;
        }
    }
    log->causes_first = true;
}

/* What happened in the selected zone; -1: out of memory, else how much there was to tell. */
static int tell_zone(struct lab *lab)
{
    const struct lab_log *log = &lab->log;
    const struct fpr_event *before = NULL;
    struct fpr_pcp_counters p = {.high = 0};
    fpr_zone_get_pcp(fpr_machine_zone(lab->before, lab->w.zone_at), 0, &p);
    struct why y = {.lab = lab,
                    .cpu = lab->cpu,
                    .stolen = {.pfn = FPR_PFN_NONE},
                    .through = p.high == 0 && p.batch <= 1};
    if (fpr_zone_clone(fpr_machine_zone(lab->before, lab->w.zone_at), &y.shadow)) {
        return -1;
    }
    if (lab->w.nr_zones > 1 && log->nr_passes == 0) {
        lab_say(lab, "in zone %s:", lab->w.info.name);
    }
    for (size_t k = first_event(lab); k < log->nr_events; k++) {
        const struct fpr_event *next = k + 1 < log->nr_events ? &log->event[k + 1] : NULL;
        if (is_here(lab, &log->event[k])) {
            one_event(&y, &log->event[k], before, next && is_here(lab, next) ? next : NULL);
            before = &log->event[k];
        }
    }
    fpr_zone_destroy(y.shadow);
    changes(lab);
    return (int)y.told;
}

static enum lab_result tell(struct lab *lab)
{
    size_t selected = lab->w.zone_at;
    int told = 0, n = 0;
    tell_causes_first(lab);
    for (size_t z = 0; z < lab->w.nr_zones && n >= 0; z++) {
        lab_select(lab, z);
        n = first_event(lab) < lab->log.nr_events || lab->w.nr_zones == 1 ? tell_zone(lab) : 0;
        told += n;
    }
    lab_select(lab, selected);
    if (n < 0) {
        return lab_fail(lab, LAB_REFUSED, "out of memory");
    }
    if (lab->log.nr_passes) {
        lab_why_report(lab);
    } else if (told == 0) {
        lab_say(lab, "- nothing moved on the free lists");
        lab_why_used(lab);
    }
    return LAB_OK;
}

/* Lines no longer than the screen is wide, the rest indented. */
static void wrap(struct lab *lab, const char *text)
{
    while (*text) {
        const char *end = strchrnul(text, '\n');
        unsigned at = 0;
        while (text < end) {
            size_t len = strcspn(text, " \n");
            if (at && at + 1 + len > lab->width - 1) {
                lab_put(lab, "\n ");
                at = 1;
            }
            lab_put(lab, "%s%.*s", at ? " " : "", (int)len, text);
            at += (unsigned)len + (at > 0);
            text += len + (text + len < end);
        }
        lab_put(lab, "\n");
        text = end + (*end == '\n');
    }
}

enum lab_result lab_cmd_why(struct lab *lab, const struct lab_words *words)
{
    char *text = NULL, first[16] = "";
    size_t size;
    FILE *out = lab->out;
    (void)words;
    if (lab->done == 0) {
        return lab_fail(lab, LAB_REFUSED, "no step to explain yet");
    }
    const char *step = lab->history[lab->done - 1];
    lab_say(lab, "why: %s", step);
    if (sscanf(step, " %15s", first) == 1 &&
        (!strcmp(first, "import") || !strcmp(first, "select"))) {
        lab_say(lab, "- no memory changed hands");
        return LAB_OK;
    }
    if (!lab->before || (sscanf(step, " %15s", first) == 1 &&
                         (!strcmp(first, "zone") || !strcmp(first, "guest")))) {
        lab_say(lab, "- boot frees memory in rising order, in the largest aligned blocks");
        return LAB_OK;
    }
    lab->out = open_memstream(&text, &size);
    if (!lab->out) {
        lab->out = out;
        return lab_fail(lab, LAB_REFUSED, "out of memory");
    }
    enum lab_result r = tell(lab);
    fclose(lab->out);
    lab->out = out;
    wrap(lab, text);
    free(text);
    return r;
}
