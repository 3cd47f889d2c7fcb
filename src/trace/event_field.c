#include "trace/event.h"

#include <errno.h>
#include <string.h>

int fpr_event_bad(struct fpr_event_parser *ep, const char *reason)
{
    ep->reason = reason;
    return -EINVAL;
}

int fpr_event_page_pfn(struct fpr_event_parser *ep, uint64_t address, fpr_pfn *pfn)
{
    /* Scatterlists keep two marks in the low bits. Without a base the upper bits are cut off:
     * every base that x86-64 uses is a multiple of 2^40. */
    address &= ~(uint64_t)3;
    if (ep->vmemmap && address < ep->vmemmap)
        return fpr_event_bad(ep, "page address lies below the page array");
    uint64_t offset = ep->vmemmap ? address - ep->vmemmap : address & 0xffffffffffu;
    if (offset % 64)
        return fpr_event_bad(ep, "not the address of a page structure");
    *pfn = offset / 64;
    return 0;
}

int fpr_event_pfn(struct fpr_event_parser *ep, uint64_t n, enum fpr_trace_type type, fpr_pfn *pfn)
{
    if (type == FPR_TRACE_ALLOC && (n == 0 || n == UINT64_MAX)) {
        *pfn = FPR_PFN_NONE;
        return 0;
    }
    if (n >> 52)
        return fpr_event_bad(ep, "frame number out of range");
    *pfn = n;
    return 0;
}

int fpr_event_report_order(struct fpr_event_parser *ep, uint64_t bytes, unsigned *order)
{
    uint64_t pages = bytes >> 12;
    if (pages << 12 != bytes || pages == 0 || (pages & (pages - 1)) || pages >> FPR_MAX_ORDER > 1)
        return fpr_event_bad(ep, "length is not that of a block");
    *order = (unsigned)__builtin_ctzll(pages);
    return 0;
}

static int set_gfp(struct fpr_event_parser *ep, struct fpr_span v, fpr_gfp *gfp)
{
    size_t len = (size_t)(v.end - v.p);
    /* Length, first and last letters tell the usual texts well apart. */
    size_t key = len;
    if (len >= 8)
        key = len * 5 + (unsigned char)v.p[len - 2] * 3 + (unsigned char)v.p[len - 5] +
              (unsigned char)v.p[4] * 7;
    struct fpr_event_gfp *slot = &ep->gfp[key % FPR_EVENT_GFP_SLOTS];
    if (slot->len != len || len == 0 || memcmp(slot->text, v.p, len) != 0) {
        fpr_gfp parsed;
        if (fpr_gfp_parse(v.p, len, &parsed) < 0)
            return fpr_event_bad(ep, "not flags of a request");
        if (len > sizeof(slot->text)) {
            *gfp = parsed;
            return 0;
        }
        memcpy(slot->text, v.p, len);
        slot->len = len;
        slot->gfp = parsed;
    }
    *gfp = slot->gfp;
    return 0;
}

static int number(struct fpr_event_parser *ep, struct fpr_span v, uint64_t *n)
{
    const char *p = fpr_scan_number(v.p, v.end, n);
    return p && p == v.end ? 0 : fpr_event_bad(ep, "not a number");
}

int fpr_event_hex(struct fpr_event_parser *ep, struct fpr_span v, uint64_t *n)
{
    if (v.end - v.p > 2 && v.p[0] == '0' && v.p[1] == 'x')
        v.p += 2;
    return fpr_scan_hex(v.p, v.end, n) == v.end ? 0 : fpr_event_bad(ep, "not a hexadecimal number");
}

/* Largest value of a field. */
static uint64_t field_max(enum fpr_field field)
{
    switch (field) {
    case FPR_FIELD_ORDER:
    case FPR_FIELD_ALLOC_ORDER:
    case FPR_FIELD_FALLBACK_ORDER:
        return FPR_MAX_ORDER;
    case FPR_FIELD_MIGRATETYPE:
    case FPR_FIELD_ALLOC_MIGRATETYPE:
    case FPR_FIELD_FALLBACK_MIGRATETYPE:
    case FPR_FIELD_MT:
        return FPR_NR_MIGRATETYPES; /* one more than ours: a kernel with CMA */
    case FPR_FIELD_HIGHEST:
        return FPR_NR_ZONE_INDICES - 1;
    case FPR_FIELD_NENTS:
        return FPR_TRACE_MAX_SG;
    case FPR_FIELD_PERCPU_REFILL:
        return 1;
    case FPR_FIELD_SYNC:
        return 4; /* a number of enum migrate_mode */
    default:
        return UINT64_MAX;
    }
}

int fpr_event_set_number(struct fpr_event_parser *ep, enum fpr_field field, uint64_t n,
                         struct fpr_trace_record *r)
{
    if (n > field_max(field))
        return fpr_event_bad(ep, "number out of range");
    switch (field) {
    case FPR_FIELD_PFN:
        return fpr_event_pfn(ep, n, r->type, &r->pfn);
    case FPR_FIELD_PAGE:
        return fpr_event_page_pfn(ep, n, &r->pfn);
    case FPR_FIELD_ZONE_START:
        r->pfn = n;
        break;
    case FPR_FIELD_ORDER:
    case FPR_FIELD_ALLOC_ORDER:
        r->order = (uint8_t)n;
        break;
    case FPR_FIELD_MIGRATETYPE:
    case FPR_FIELD_ALLOC_MIGRATETYPE:
    case FPR_FIELD_MT:
        r->migratetype = (uint8_t)n;
        break;
    case FPR_FIELD_FALLBACK_MIGRATETYPE:
    case FPR_FIELD_RET:
        r->value = (int32_t)(uint32_t)n;
        break;
    case FPR_FIELD_SYNC:
        r->value = n == 0;
        break;
    case FPR_FIELD_FALLBACK_ORDER:
    case FPR_FIELD_PERCPU_REFILL:
    case FPR_FIELD_HIGHEST:
    case FPR_FIELD_NENTS:
        r->nr = (uint32_t)n;
        break;
    case FPR_FIELD_GFP_FLAGS: /* the kernel's bits; those that matter to the model are ours too */
        r->gfp = (fpr_gfp)n & FPR_GFP_ALL_BITS;
        break;
    default:
        break;
    }
    return 0;
}

int fpr_event_set_field(struct fpr_event_parser *ep, enum fpr_field field, struct fpr_span v,
                        struct fpr_trace_record *r)
{
    uint64_t n = 0;
    int rc = 0;
    bool minus = false;
    switch (field) {
    case FPR_FIELD_GFP_FLAGS:
        return set_gfp(ep, v, &r->gfp);
    case FPR_FIELD_MODE:
        r->value = v.end - v.p == 5 && memcmp(v.p, "async", 5) == 0;
        return 0;
    case FPR_FIELD_PAGE:
    case FPR_FIELD_ZONE_START:
        rc = fpr_event_hex(ep, v, &n);
        break;
    case FPR_FIELD_RET:
        minus = v.p < v.end && *v.p == '-';
        v.p += minus;
        rc = number(ep, v, &n);
        n = minus ? 0 - n : n;
        break;
    default:
        rc = number(ep, v, &n);
        break;
    }
    return rc < 0 ? rc : fpr_event_set_number(ep, field, n, r);
}
