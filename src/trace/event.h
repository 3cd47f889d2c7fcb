/* From an event's name and fields to a record. */
#ifndef TRACE_EVENT_H
#define TRACE_EVENT_H

#include "trace/fields.h"

#define FPR_EVENT_SLOTS     64u /* hash table of event names, a power of two */
#define FPR_EVENT_GFP_SLOTS 64u /* remembered gfp texts, a power of two */

struct fpr_event_rule;

struct fpr_event_gfp {
    char text[160];
    size_t len;
    fpr_gfp gfp;
};

/* What the reader of one file remembers between lines. */
struct fpr_event_parser {
    uint64_t vmemmap; /* 0: mask the address */
    const struct fpr_event_rule *slot[FPR_EVENT_SLOTS];
    struct fpr_event_gfp gfp[FPR_EVENT_GFP_SLOTS];
    struct fpr_sg sg[FPR_TRACE_MAX_SG]; /* of the last REPORT */
    const char *field;                  /* at fault, after -EINVAL */
    const char *reason;                 /* likewise */
};

void fpr_event_parser_init(struct fpr_event_parser *ep, uint64_t vmemmap);
/* Reads an event. record->time, cpu, pid and context are the caller's to fill, all else is set.
 * @return 1, 0 (not one of ours), -EINVAL with ep->field and ep->reason. */
int fpr_event_parse(struct fpr_event_parser *ep, struct fpr_span name, struct fpr_span rest,
                    struct fpr_trace_record *record);

/* Steps that the trace.dat reader shares. All return 0 or -EINVAL with ep->reason. */
/* Frame of the page structure at `address` (low bits as a scatterlist keeps them are dropped). */
int fpr_event_page_pfn(struct fpr_event_parser *ep, uint64_t address, fpr_pfn *pfn);
/* A frame number as events print it: all ones and, for a request, 0 mean none. */
int fpr_event_pfn(struct fpr_event_parser *ep, uint64_t n, enum fpr_trace_type type, fpr_pfn *pfn);
/* Order of a report entry of `bytes`. */
int fpr_event_report_order(struct fpr_event_parser *ep, uint64_t bytes, unsigned *order);

/* Stores the number of a field into the member that a record has for it. */
int fpr_event_set_number(struct fpr_event_parser *ep, enum fpr_field field, uint64_t n,
                         struct fpr_trace_record *record);
/* Fields of an event that must and may be there, as FPR_FIELD_BITs. @return whether it is ours */
bool fpr_event_fields(const struct fpr_event_parser *ep, struct fpr_span name,
                      enum fpr_trace_type *type, uint32_t *must, uint32_t *may);

/* Between event.c and event_field.c. */
/* Notes the reason. @return -EINVAL. */
int fpr_event_bad(struct fpr_event_parser *ep, const char *reason);
/* A hexadecimal number, with or without 0x, that fills the whole span. */
int fpr_event_hex(struct fpr_event_parser *ep, struct fpr_span v, uint64_t *n);
/* Stores one field into the member that a record has for it. */
int fpr_event_set_field(struct fpr_event_parser *ep, enum fpr_field field, struct fpr_span v,
                        struct fpr_trace_record *record);

#endif
