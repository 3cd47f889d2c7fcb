/* Events as statically defined probes: an instruction that does nothing until someone watches. */
#include <fpr/sink.h>

#include <errno.h>

#ifdef FPR_HAVE_SDT
#include <sys/sdt.h>

#ifdef __clang__ /* of sdt.h's own macros */
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif

static void fire(void *ctx, const struct fpr_event *e)
{
    (void)ctx;
    switch (e->type) {
    case FPR_EVENT_PAGE_ALLOC:
        DTRACE_PROBE4(fpr, mm_page_alloc, e->pfn, e->order, e->migratetype, e->gfp);
        break;
    case FPR_EVENT_PAGE_FREE:
        DTRACE_PROBE3(fpr, mm_page_free, e->pfn, e->order, e->migratetype);
        break;
    case FPR_EVENT_ZONE_LOCKED:
        DTRACE_PROBE4(fpr, mm_page_alloc_zone_locked, e->pfn, e->order, e->migratetype,
                      e->percpu_refill);
        break;
    case FPR_EVENT_PCPU_DRAIN:
        DTRACE_PROBE3(fpr, mm_page_pcpu_drain, e->pfn, e->order, e->migratetype);
        break;
    case FPR_EVENT_EXTFRAG:
        DTRACE_PROBE6(fpr, mm_page_alloc_extfrag, e->pfn, e->order, e->migratetype,
                      e->fallback_order, e->fallback_migratetype, e->change_ownership);
        break;
    case FPR_EVENT_ISOLATE:
        DTRACE_PROBE3(fpr, isolate_free_page, e->pfn, e->order, e->migratetype);
        break;
    case FPR_EVENT_PUTBACK:
        DTRACE_PROBE3(fpr, putback_isolated_page, e->pfn, e->order, e->migratetype);
        break;
    case FPR_EVENT_NOTIFY:
        DTRACE_PROBE3(fpr, page_reporting_notify, e->pfn, e->order, e->migratetype);
        break;
    case FPR_NR_EVENTS:
        break;
    }
}

int fpr_usdt_events(struct fpr_event_sink *events)
{
    if (!events)
        return -EINVAL;
    *events = (struct fpr_event_sink){.event = fire};
    return 0;
}
#else
int fpr_usdt_events(struct fpr_event_sink *events)
{
    return events ? -ENOTSUP : -EINVAL;
}
#endif
