/* Events as tracefs prints them. */
#include "trace/sink.h"

#include <inttypes.h>
#include <stdio.h>

/* Where x86-64 has the page structure of frame 0, and their size: what probes print is addresses.
 */
#define VMEMMAP   UINT64_C(0xffffea0000000000)
#define PAGE_SIZE 64u

static void begin(struct fpr_sink *s)
{
    fpr_sink_put(s, "# tracer: nop\n#\n"
                    "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
                    "#              | |         |   |||||     |         |\n");
}

static void head(struct fpr_sink *s, const char *name)
{
    fpr_ns us = (fpr_sink_now(s) + 500) / 1000;
    fpr_sink_put(s, "             fpr-1       [000] ..... %5" PRIu64 ".%06" PRIu64 ": %s:",
                 us / 1000000, us % 1000000, name);
}

/* Flags as a 6.1 kernel prints them: of its words, in its order, each that is wholly there is taken
 * out of what is left; those for several flags come first. Later kernels have other orders. */
static void put_gfp(struct fpr_sink *s, fpr_gfp gfp)
{
    static const struct {
        const char *name;
        fpr_gfp bits;
    } names[] = {
        {"GFP_TRANSHUGE", FPR_GFP_TRANSHUGE_LIGHT | FPR_GFP_DIRECT_RECLAIM},
        {"GFP_TRANSHUGE_LIGHT", FPR_GFP_TRANSHUGE_LIGHT},
        {"GFP_HIGHUSER_MOVABLE", FPR_GFP_HIGHUSER_MOVABLE},
        {"GFP_HIGHUSER", FPR_GFP_USER | FPR_GFP_HIGHMEM},
        {"GFP_USER", FPR_GFP_USER},
        {"GFP_KERNEL_ACCOUNT", FPR_GFP_KERNEL | FPR_GFP_ACCOUNT},
        {"GFP_KERNEL", FPR_GFP_KERNEL},
        {"GFP_NOFS", FPR_GFP_RECLAIM | FPR_GFP_IO},
        {"GFP_ATOMIC", FPR_GFP_ATOMIC_REQUEST},
        {"GFP_NOIO", FPR_GFP_RECLAIM},
        {"GFP_NOWAIT", FPR_GFP_NOWAIT},
        {"GFP_DMA", FPR_GFP_DMA},
        {"__GFP_HIGHMEM", FPR_GFP_HIGHMEM},
        {"GFP_DMA32", FPR_GFP_DMA32},
        {"__GFP_HIGH", FPR_GFP_HIGH},
        {"__GFP_ATOMIC", FPR_GFP_ATOMIC},
        {"__GFP_IO", FPR_GFP_IO},
        {"__GFP_FS", FPR_GFP_FS},
        {"__GFP_NOWARN", FPR_GFP_NOWARN},
        {"__GFP_RETRY_MAYFAIL", FPR_GFP_RETRY_MAYFAIL},
        {"__GFP_NOFAIL", FPR_GFP_NOFAIL},
        {"__GFP_NORETRY", FPR_GFP_NORETRY},
        {"__GFP_COMP", FPR_GFP_COMP},
        {"__GFP_ZERO", FPR_GFP_ZERO},
        {"__GFP_NOMEMALLOC", FPR_GFP_NOMEMALLOC},
        {"__GFP_MEMALLOC", FPR_GFP_MEMALLOC},
        {"__GFP_HARDWALL", FPR_GFP_HARDWALL},
        {"__GFP_THISNODE", FPR_GFP_THISNODE},
        {"__GFP_RECLAIMABLE", FPR_GFP_RECLAIMABLE},
        {"__GFP_MOVABLE", FPR_GFP_MOVABLE},
        {"__GFP_ACCOUNT", FPR_GFP_ACCOUNT},
        {"__GFP_WRITE", FPR_GFP_WRITE},
        {"__GFP_DIRECT_RECLAIM", FPR_GFP_DIRECT_RECLAIM},
        {"__GFP_KSWAPD_RECLAIM", FPR_GFP_KSWAPD_RECLAIM},
    };
    const char *bar = "";
    fpr_sink_put(s, " gfp_flags=%s", gfp ? "" : "none");
    for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
        if ((gfp & names[k].bits) == names[k].bits) {
            fpr_sink_put(s, "%s%s", bar, names[k].name);
            gfp &= ~names[k].bits;
            bar = "|";
        }
    }
}

/* The kernel hashes addresses; a frame's own number is as good. A failed request has none. */
static void put_page(struct fpr_sink *s, const struct fpr_event *e)
{
    fpr_pfn pfn = e->pfn == FPR_PFN_NONE ? 0 : e->pfn;
    fpr_sink_put(s, " page=%016" PRIx64 " pfn=0x%" PRIx64, pfn, pfn);
}

static void put_address(struct fpr_sink *s, fpr_pfn pfn)
{
    fpr_sink_put(s, "0x%" PRIx64, VMEMMAP + pfn * PAGE_SIZE);
}

static void put_probe(struct fpr_sink *s, const char *name, const char *function)
{
    head(s, name);
    fpr_sink_put(s, " (%s+0x0/0x0)", function);
}

static void extfrag(struct fpr_sink *s, const struct fpr_event *e)
{
    unsigned pageblock = s->config.pageblock_order;
    put_page(s, e);
    fpr_sink_put(s,
                 " alloc_order=%u fallback_order=%u pageblock_order=%u alloc_migratetype=%d "
                 "fallback_migratetype=%d fragmenting=%d change_ownership=%d\n",
                 e->order, e->fallback_order, pageblock, e->migratetype, e->fallback_migratetype,
                 e->fallback_order < pageblock, e->change_ownership);
}

static void tracepoint(struct fpr_sink *s, const struct fpr_event *e)
{
    head(s, fpr_event_name(e->type));
    if (e->type == FPR_EVENT_EXTFRAG) {
        extfrag(s, e);
        return;
    }
    put_page(s, e);
    fpr_sink_put(s, " order=%u", e->order);
    if (e->type != FPR_EVENT_PAGE_FREE)
        fpr_sink_put(s, " migratetype=%d", e->migratetype);
    if (e->type == FPR_EVENT_ZONE_LOCKED)
        fpr_sink_put(s, " percpu_refill=%d", e->percpu_refill);
    if (e->type == FPR_EVENT_PAGE_ALLOC)
        put_gfp(s, e->gfp);
    fpr_sink_put(s, "\n");
}

static void event(struct fpr_sink *s, const struct fpr_event *e)
{
    switch (e->type) {
    case FPR_EVENT_ISOLATE:
        put_probe(s, "isol", "__isolate_free_page");
        fpr_sink_put(s, " page=");
        put_address(s, e->pfn);
        fpr_sink_put(s, " order=%u\n", e->order);
        break;
    case FPR_EVENT_PUTBACK:
        fpr_sink_put(s, "# putback pfn=0x%" PRIx64 " order=%u\n", e->pfn, e->order);
        break;
    case FPR_EVENT_NOTIFY:
        put_probe(s, "notify", "__page_reporting_notify");
        fpr_sink_put(s, "\n");
        break;
    default:
        tracepoint(s, e);
        break;
    }
}

static void pass(struct fpr_sink *s, bool end, unsigned calls)
{
    (void)calls;
    put_probe(s, end ? "process_ret" : "process", "page_reporting_process");
    fpr_sink_put(s, "\n");
}

static void report(struct fpr_sink *s, const struct fpr_sg *sg, unsigned nents)
{
    put_probe(s, "report", "virtballoon_free_page_report");
    fpr_sink_put(s, " nents=%u", nents);
    for (unsigned k = 0; k < nents; k++) {
        fpr_sink_put(s, " l%u=", k);
        put_address(s, sg[k].pfn);
        fpr_sink_put(s, " n%u=%llu", k, 4096ull << sg[k].order);
    }
    fpr_sink_put(s, "\n");
}

static void report_end(struct fpr_sink *s, int result)
{
    put_probe(s, "report_ret", "virtballoon_free_page_report");
    fpr_sink_put(s, " ret=%d\n", result);
}

static void end(struct fpr_sink *s)
{
    (void)s;
}

const struct fpr_sink_ops fpr_sink_ftrace = {begin, event, pass, report, report_end, end};
