/* Parts that a recording has not got, by weight; shares of page frames are those of
 * docs/accuracy.md. */
#include <inttypes.h>

#include "import/import.h"
#include "json.h"

/* Where a larger share than one in so many events does not fit, nothing does. */
#define MOST_MISFITS 10

struct lack {
    const char *word;
    bool (*is)(const struct fpr_recording *rec, const struct fpr_trace_summary *s);
    const char *meaning;
};

static bool no_frees(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)rec;
    return s->records[FPR_TRACE_ALLOC] && !s->records[FPR_TRACE_FREE];
}

static bool no_allocations(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)rec;
    return !s->records[FPR_TRACE_ALLOC] && s->records[FPR_TRACE_FREE];
}

static bool flags_known(const struct fpr_recording *rec)
{
    return rec->kpageflags_before && rec->zoneinfo_before;
}

static bool no_state(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)s;
    return !rec->state_before && flags_known(rec);
}

static bool no_start(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)s;
    return !rec->state_before && !flags_known(rec);
}

static bool no_passes(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    return !s->records[FPR_TRACE_PASS_BEGIN] && !s->records[FPR_TRACE_REPORT] &&
           !s->records[FPR_TRACE_NOTIFY] && !rec->nr_reports;
}

static bool no_bulk(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)rec;
    return !s->records[FPR_TRACE_BULK] && !s->records[FPR_TRACE_GOT];
}

static bool no_isolate(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)rec;
    return s->records[FPR_TRACE_COMPACT_BEGIN] && !s->records[FPR_TRACE_ISOLATE];
}

/* Drains may be missing because nothing was drained. */
static bool no_buddy(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)rec;
    return !s->records[FPR_TRACE_ZONE_LOCKED];
}

static bool no_end(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)s;
    return !rec->state_after && !rec->kpageflags_after;
}

static bool no_rss(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)s;
    return !rec->nr_rss;
}

static bool many_cpus(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)rec;
    return s->cpus_seen > 1;
}

static bool no_release(const struct fpr_recording *rec, const struct fpr_trace_summary *s)
{
    (void)s;
    return !rec->release[0];
}

static const struct lack lacks[] = {
    {"frees", no_frees, "mm_page_free was not recorded: memory only ever fills up in a replay"},
    {"allocations", no_allocations, "mm_page_alloc was not recorded: there is nothing to replay"},
    {"state", no_state,
     "no state.before: from kpageflags and zoneinfo the free blocks are exact, the order of the "
     "lists, the per-cpu lists and the pageblock types are guesses. Host memory can be predicted "
     "(memhog: to 3 MiB on average), page frames cannot (0.2 % of them)"},
    {"start", no_start,
     "neither state.before nor kpageflags.before with zoneinfo.before: a replay begins with an "
     "empty machine of the size seen; only the shape of its curves means anything"},
    {"passes", no_passes,
     "no event of a reporting pass: right if reporting was off; else a replay as recorded reports "
     "nothing (with a state.before: 2 to 14 % of page frames); replays with settings of their own "
     "are not harmed"},
    {"bulk", no_bulk,
     "no probe of the bulk allocator: pages that it took are inferred from what happens to them "
     "later (with a state.before: 75 to 100 % of page frames)"},
    {"isolate", no_isolate,
     "compaction ran, and no probe told which blocks it took (with a state.before: 76 to 100 % of "
     "page frames)"},
    {"buddy", no_buddy,
     "mm_page_alloc_zone_locked was not recorded: no mirror mode, and "
     "nothing to compare the model's lists with"},
    {"end", no_end, "neither state.after nor kpageflags.after: the final state is not compared"},
    {"rss", no_rss,
     "no rss.csv from the host: how much it held is predicted, but compared with nothing"},
    {"kernel", no_release, "the kernel's release is not known: linux-6.1 is assumed (--profile)"},
    {"one-cpu", many_cpus,
     "several CPUs: which of them found the lists locked is not recorded; page frames drift apart"},
};

uint64_t import_misfits(const struct fpr_trace_summary *s, const struct import_losses *l)
{
    bool takes_known = (s->records[FPR_TRACE_BULK] || s->records[FPR_TRACE_GOT]) &&
                       (s->records[FPR_TRACE_ISOLATE] || !s->records[FPR_TRACE_COMPACT_BEGIN]);
    return l->doubled + (takes_known ? l->unpaired : 0);
}

/* What is there, and does not fit. */
enum { BAD_GAPS, BAD_ORDER, BAD_FOREIGN, BAD_UNMARKED, BAD_END, NR_BAD };
static const char *const bad_words[NR_BAD] = {"gaps", "order", "foreign-state", "mark",
                                              "state-after"};

/* Delays of reporting are seconds: below this nothing that a pass does is another. */
#define MOST_BACK (100 * FPR_NS_PER_MS)

static bool out_of_order(const struct import_losses *l)
{
    return l->back_most > MOST_BACK || l->backwards > l->events / MOST_MISFITS;
}

static bool is_bad(int bad, const struct fpr_trace_summary *s, const struct import_losses *l)
{
    switch (bad) {
    case BAD_GAPS:
        return import_misfits(s, l) > 0;
    case BAD_ORDER:
        return out_of_order(l);
    case BAD_FOREIGN:
        return l->foreign;
    case BAD_UNMARKED:
        return l->unmarked;
    default:
        return l->after[0];
    }
}

static double misfit_mib(const struct import_losses *l)
{
    return (double)l->misfit_pages * 4096 / (1 << 20);
}

static uint64_t first_misfit(const struct import_losses *l)
{
    return l->doubled && (!l->unpaired || l->first_doubled < l->first_unpaired) ? l->first_doubled
                                                                                : l->first_unpaired;
}

static void tell_bad(int bad, const struct fpr_trace_summary *s, const struct import_losses *l,
                     FILE *to)
{
    switch (bad) {
    case BAD_GAPS:
        fprintf(to,
                "events: %" PRIu64 " of %" PRIu64 " allocations and frees do not fit what was "
                "before them (the first is record %" PRIu64 "): a part of the trace is missing, or "
                "the state is another recording's. From there on page frames cannot be predicted, "
                "and whether %.1f MiB are in use is not known",
                import_misfits(s, l), l->events, first_misfit(l), misfit_mib(l));
        break;
    case BAD_ORDER:
        fprintf(to,
                "the order of events: %" PRIu64 " records are earlier than the one before, by up "
                "to %.3f s, as where several CPUs' buffers were joined one after the other; sort "
                "the lines by their time",
                l->backwards, (double)l->back_most / (double)FPR_NS_PER_S);
        break;
    case BAD_FOREIGN:
        fputs("its own state.before: that one was taken at another time than the trace says; page "
              "frames cannot be predicted from it",
              to);
        break;
    case BAD_UNMARKED:
        fputs("the mark of when state.before was taken (FS_DUMP_END before): a replay takes it for "
              "the state at the first event, and unless it is, next to no page frame is predicted "
              "(0.2 % of them)",
              to);
        break;
    default:
        fprintf(to, "a whole state.after (%s): the final state is not compared", l->after);
    }
}

/* What all of it comes to. */
static const struct verdict {
    const char *word, *meaning;
} verdicts[] = {
    {"nothing", "nothing: allocations and frees are both needed"},
    {"shape", "the shape of curves"},
    {"memory", "host memory and settings, not page frames"},
    {"part", "host memory and settings; page frames up to the first lost event"},
    {"everything", "everything: page frames, reports, host memory, settings"},
};

static const struct verdict *judge(const struct fpr_recording *rec,
                                   const struct fpr_trace_summary *s,
                                   const struct import_losses *losses)
{
    uint64_t misfits = import_misfits(s, losses);
    if (!s->records[FPR_TRACE_ALLOC] || !s->records[FPR_TRACE_FREE]) {
        return &verdicts[0];
    }
    if (no_start(rec, s) || out_of_order(losses) || misfits > losses->events / MOST_MISFITS) {
        return &verdicts[1];
    }
    if (no_state(rec, s) || losses->foreign || losses->unmarked) {
        return &verdicts[2];
    }
    return losses->lost_events || misfits ? &verdicts[3] : &verdicts[4];
}

const char *import_good_for(const struct fpr_recording *rec,
                            const struct fpr_trace_summary *summary,
                            const struct import_losses *losses)
{
    return judge(rec, summary, losses)->word;
}

void import_lacks(const struct fpr_recording *rec, const struct fpr_trace_summary *summary,
                  const struct import_losses *losses, FILE *to)
{
    const char *head = "what it lacks:\n";
    for (int bad = 0; bad < NR_BAD; bad++) {
        if (is_bad(bad, summary, losses)) {
            fprintf(to, "%s  * ", head);
            tell_bad(bad, summary, losses, to);
            fputs(".\n", to);
            head = "";
        }
    }
    for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
        if (lacks[i].is(rec, summary)) {
            fprintf(to, "%s  * %s.\n", head, lacks[i].meaning);
            head = "";
        }
    }
    if (*head) {
        fprintf(to, "what it lacks  nothing\n");
    }
    fprintf(to, "good for       %s", judge(rec, summary, losses)->meaning);
    if (import_misfits(summary, losses)) {
        fprintf(to, "; all of it give or take %.1f MiB", misfit_mib(losses));
    }
    fputc('\n', to);
}

void import_lacks_json(const struct fpr_recording *rec, const struct fpr_trace_summary *summary,
                       const struct import_losses *losses, struct json_object *json)
{
    struct json_object *words = bench_json_array();
    for (int bad = 0; bad < NR_BAD; bad++) {
        if (is_bad(bad, summary, losses)) {
            json_object_array_add(words, json_object_new_string(bad_words[bad]));
        }
    }
    for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
        if (lacks[i].is(rec, summary)) {
            json_object_array_add(words, json_object_new_string(lacks[i].word));
        }
    }
    bench_json_add_u64(json, "misfits", import_misfits(summary, losses));
    bench_json_add(json, "lacks", words);
    bench_json_add_string(json, "good_for", import_good_for(rec, summary, losses));
}
