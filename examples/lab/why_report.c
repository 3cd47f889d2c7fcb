/* Explaining passes of page reporting by the reporter's counters. */
#include "lab.h"

#include <inttypes.h>

/* Blocks that the min watermark kept on their lists during the step. */
static uint64_t kept_by_min(const struct lab *lab)
{
    struct fpr_zone_stats now, was;
    uint64_t n = 0;
    for (size_t z = 0; z < lab->w.nr_zones; z++) {
        if (fpr_zone_get_stats(fpr_machine_zone(lab->w.machine, z), &now) == 0 &&
            fpr_zone_get_stats(fpr_machine_zone(lab->before, z), &was) == 0) {
            n += now.isolate_refused - was.isolate_refused;
        }
    }
    return n;
}

static void blocks(struct lab *lab, const struct fpr_report_stats *d,
                   const struct fpr_report_config *c)
{
    if (d->calls == 0 && kept_by_min(lab) == 0 && d->passes_refused == 0 &&
        d->skipped_blocks == 0) {
        lab_say(lab, "- nothing to report: no free block of order %d or more, or all are reported",
                c->order);
        return;
    }
    if (d->entries) {
        lab_say(lab,
                "- lists are walked from order %d up, type by type, head first; blocks not yet "
                "reported are taken off, %u a call; what is left at the end makes a short call",
                c->order, c->capacity);
        lab_say(lab, "- the batch fills from its end: the first entry is the block taken last");
        lab_say(lab, "- afterwards they go back, marked reported: %" PRIu64 " page%s",
                d->reported_pages, d->reported_pages == 1 ? "" : "s");
    }
    if (d->merged_blocks) {
        lab_say(lab, "- %" PRIu64 " merged as they went back, so they bear no mark",
                d->merged_blocks);
    }
    if (d->failed_calls) {
        lab_say(lab, "- %" PRIu64 " call%s failed: the blocks stay unreported", d->failed_calls,
                d->failed_calls == 1 ? "" : "s");
    }
}

static void limits(struct lab *lab, const struct fpr_report_stats *d,
                   const struct fpr_report_config *c)
{
    if (d->passes_refused) {
        lab_say(lab,
                "- the zone was left alone: free must be above low + %u blocks of order %d "
                "(capacity times the reporting order)",
                c->capacity, c->order);
    }
    if (kept_by_min(lab)) {
        lab_say(
            lab,
            "- the min watermark: a block is taken off only while more pages are free than min and "
            "the block have together; at one that was refused its list was left");
    }
    if (d->budget_stops) {
        lab_say(lab,
                "- budget: a list of n blocks may make n / (%u * %u), rounded up, calls and one "
                "more in a pass; it ran out %" PRIu64 " time%s, the rest waits for the next pass",
                c->capacity, c->budget_divisor, d->budget_stops, d->budget_stops == 1 ? "" : "s");
    }
    if (d->rotations) {
        lab_say(lab,
                "- rotation: a list that was left begins with the first block not reported, so "
                "the next walk need not pass the others (%" PRIu64 " time%s)",
                d->rotations, d->rotations == 1 ? "" : "s");
    }
    if (d->skipped_blocks) {
        lab_say(lab, "- %" PRIu64 " block%s left alone: a device has pinned a page there",
                d->skipped_blocks, d->skipped_blocks == 1 ? " was" : "s were");
    }
}

static void guest(struct lab *lab)
{
    struct fpr_guest_stats g;
    if (!lab->w.guest || fpr_guest_get_stats(lab->w.guest, &g)) {
        return;
    }
    if (g.inhibited_calls > lab->guest_before.inhibited_calls) {
        lab_say(lab, "- pins inhibit: the call was acknowledged, nothing was given to the host");
    }
    if (g.hazards > lab->guest_before.hazards) {
        lab_say(lab,
                "- hazard: %" PRIu64 " pinned page%s discarded; the device keeps the old frame "
                "and no longer sees what the guest sees",
                g.hazards - lab->guest_before.hazards,
                g.hazards - lab->guest_before.hazards == 1 ? " was" : "s were");
    }
}

void lab_why_report(struct lab *lab)
{
    struct fpr_report_stats now, d;
    struct fpr_report_config c;
    fpr_reporter_get_stats(lab->w.reporter, &now);
    fpr_reporter_get_config(lab->w.reporter, &c);
#define FPR_X(name, text) d.name = now.name - lab->report_before.name;
    FPR_REPORT_STATS(FPR_X)
#undef FPR_X
    blocks(lab, &d, &c);
    limits(lab, &d, &c);
    guest(lab);
    fpr_ns due;
    if (fpr_reporter_state(lab->w.reporter) == FPR_REPORT_REQUESTED &&
        fpr_clock_next(lab->w.clock, &due)) {
        lab_say(lab, "- the next pass is due at %.3f s", (double)due / 1e9);
    }
}
