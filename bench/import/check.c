/* Follows every page through a recording: an allocation of an allocated page or a free of a page
 * that nothing allocated says that events are missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "import/import.h"

enum page_state { PAGE_UNKNOWN = 0, PAGE_ALLOCATED, PAGE_FREE };

#define KPF_BUDDY 10
/* Beyond this a frame number is damage, not memory: 16 TiB of 4 KiB pages. */
#define MOST_PAGES ((uint64_t)1 << 32)
/* Of the trace's marks and the state's own words about the same moment. */
#define CLOCKS_DIFFER (50 * FPR_NS_PER_MS)

struct import_check {
    struct import_losses losses;
    uint8_t *pages;
    uint64_t size;
    uint64_t record; /* number of the one at hand */
    fpr_ns last;
    bool counting; /* outside the state dumps */
    const struct fpr_recording *rec;
    uint64_t taken;     /* when state.before was, by its own words; 0: it does not say */
    fpr_ns dump_begin;  /* by the trace's mark */
    bool begun, dumped; /* marks were seen */
    bool in_pass;
    uint32_t pass_pid;
};

static bool make_room(struct import_check *check, uint64_t pages)
{
    if (pages > MOST_PAGES) {
        return false;
    }
    if (pages > check->size) {
        uint64_t size = check->size * 2 > pages ? check->size * 2 : pages;
        uint8_t *more = realloc(check->pages, size);
        if (!more) {
            bench_die(BENCH_FAILED, "out of memory");
        }
        memset(more + check->size, PAGE_UNKNOWN, size - check->size);
        check->pages = more;
        check->size = size;
    }
    return true;
}

static void start_from_zone(struct import_check *check, const struct fpr_zone *zone)
{
    struct fpr_zone_info info;
    if (fpr_zone_get_info(zone, &info) || !make_room(check, info.start + info.spanned)) {
        return;
    }
    for (fpr_pfn pfn = info.start; pfn < info.start + info.spanned; pfn++) {
        enum fpr_page_kind kind;
        if (!fpr_zone_page(zone, pfn, &kind, NULL)) {
            check->pages[pfn] =
                kind == FPR_PAGE_FREE || kind == FPR_PAGE_PCP ? PAGE_FREE : PAGE_ALLOCATED;
        }
    }
}

static void start_from_state(struct import_check *check, const struct fpr_recording *rec)
{
    struct fpr_machine *machine = NULL;
    struct fpr_text_error error;
    memset(&error, 0, sizeof(error));
    struct fpr_state_header header = {.time_ns = 0};
    int err = fpr_machine_load(rec->state_before, rec->state_before_size, NULL, NULL, &machine,
                               &header, &error);
    if (err) {
        bench_die(BENCH_USAGE, "%s: state.before:%u: %s", rec->path, error.line, error.reason);
    }
    for (size_t i = 0; i < fpr_machine_nr_zones(machine); i++) {
        start_from_zone(check, fpr_machine_zone(machine, i));
    }
    fpr_machine_destroy(machine);
    check->taken = header.time_ns;
    check->losses.start_known = true;
}

/* A state.after that cannot be read costs a comparison, no more. */
static void look_at_end(struct import_check *check)
{
    const struct fpr_recording *rec = check->rec;
    struct fpr_machine *machine = NULL;
    struct fpr_text_error error = {0};
    if (rec->state_after && fpr_machine_load(rec->state_after, rec->state_after_size, NULL, NULL,
                                             &machine, NULL, &error)) {
        snprintf(check->losses.after, sizeof(check->losses.after), "line %u: %.120s", error.line,
                 error.reason);
    }
    fpr_machine_destroy(machine);
}

static void start_from_flags(struct import_check *check, const struct fpr_recording *rec)
{
    uint64_t pages = rec->kpageflags_before_pages;
    if (!make_room(check, pages)) {
        return;
    }
    for (uint64_t pfn = 0; pfn < pages; pfn++) {
        /* Pages of per-cpu lists look allocated here: a second allocation is not counted. */
        bool buddy = rec->kpageflags_before[pfn] >> KPF_BUDDY & 1;
        check->pages[pfn] = buddy ? PAGE_FREE : PAGE_UNKNOWN;
    }
    check->losses.start_known = true;
}

static void start(struct import_check *check)
{
    if (check->rec->state_before) {
        start_from_state(check, check->rec);
    } else if (check->rec->kpageflags_before) {
        start_from_flags(check, check->rec);
    }
}

/* The dump of state.before has ended: what came before it is in it. */
static void start_again(struct import_check *check, fpr_ns ended)
{
    struct import_losses *l = &check->losses;
    check->dumped = check->counting = true;
    if (!check->rec->state_before) {
        return;
    }
    l->unpaired = l->doubled = l->before_trace = l->events = l->misfit_pages = 0;
    memset(check->pages, PAGE_UNKNOWN, check->size);
    start(check);
    l->foreign =
        check->taken && check->begun &&
        (check->taken + CLOCKS_DIFFER < check->dump_begin || check->taken > ended + CLOCKS_DIFFER);
}

struct import_check *import_check_new(const struct fpr_recording *rec)
{
    struct import_check *check = calloc(1, sizeof(*check));
    if (!check) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    check->counting = true;
    check->rec = rec;
    look_at_end(check);
    start(check);
    return check;
}

static void allocated(struct import_check *check, fpr_pfn pfn, unsigned order, bool judge)
{
    uint64_t pages = (uint64_t)1 << order;
    if (pfn > MOST_PAGES || !make_room(check, pfn + pages)) {
        return;
    }
    struct import_losses *l = &check->losses;
    l->events += judge;
    if (judge && check->pages[pfn] == PAGE_ALLOCATED) {
        l->misfit_pages += pages;
        if (!l->doubled++) {
            l->first_doubled = check->record;
            l->doubled_pfn = pfn;
        }
    }
    memset(check->pages + pfn, PAGE_ALLOCATED, pages);
}

static void freed(struct import_check *check, fpr_pfn pfn, unsigned order)
{
    uint64_t pages = (uint64_t)1 << order;
    if (pfn > MOST_PAGES || !make_room(check, pfn + pages)) {
        return;
    }
    struct import_losses *l = &check->losses;
    if (check->pages[pfn] == PAGE_UNKNOWN) {
        l->before_trace++;
    } else if (check->pages[pfn] == PAGE_FREE) {
        l->misfit_pages += pages;
        if (!l->unpaired++) {
            l->first_unpaired = check->record;
            l->unpaired_pfn = pfn;
        }
    }
    l->events++;
    memset(check->pages + pfn, PAGE_FREE, pages);
}

static void count(struct import_check *check, const struct fpr_trace_record *r)
{
    switch (r->type) {
    case FPR_TRACE_ALLOC:
        if (r->pfn != FPR_PFN_NONE) {
            allocated(check, r->pfn, r->order, true);
        }
        break;
    case FPR_TRACE_BULK_PAGE:
        allocated(check, r->pfn, 0, false);
        break;
    case FPR_TRACE_ISOLATE: /* a pass gives its blocks back; compaction uses and frees them */
        if (!check->in_pass || r->pid != check->pass_pid) {
            allocated(check, r->pfn, r->order, false);
        }
        break;
    case FPR_TRACE_FREE:
        freed(check, r->pfn, r->order);
        break;
    case FPR_TRACE_PASS_BEGIN:
        check->in_pass = true;
        check->pass_pid = r->pid;
        break;
    case FPR_TRACE_PASS_END:
        check->in_pass = false;
        break;
    default:
        break;
    }
}

void import_check_record(struct import_check *check, const struct fpr_trace_record *r)
{
    check->record++;
    if (r->time < check->last) {
        check->losses.backwards++;
        fpr_ns back = check->last - r->time;
        check->losses.back_most = back > check->losses.back_most ? back : check->losses.back_most;
    }
    check->last = r->time;
    if (r->type == FPR_TRACE_DUMP_BEGIN && r->nr) {
        check->counting = false; /* what follows is after state.after */
    } else if (r->type == FPR_TRACE_DUMP_BEGIN) {
        check->begun = true;
        check->dump_begin = r->time;
    } else if (r->type == FPR_TRACE_DUMP_END && !r->nr) {
        start_again(check, r->time);
    }
    if (check->counting) {
        count(check, r);
    }
}

void import_check_end(struct import_check *check, struct fpr_trace_summary *summary,
                      struct import_losses *losses)
{
    if (summary->lost_events < check->rec->lost_events) { /* two counts of the same */
        summary->lost_events = check->rec->lost_events;
    }
    check->losses.lost_events = summary->lost_events;
    check->losses.unmarked = check->rec->state_before && !check->dumped;
    *losses = check->losses;
    free(check->pages);
    free(check);
}
