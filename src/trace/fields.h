/* "key=value" fields of a trace line. */
#ifndef TRACE_FIELDS_H
#define TRACE_FIELDS_H

#include "trace/scan.h"

/* Fields that are read: X(symbol, key). */
#define FPR_FIELDS(X)                                                                              \
    X(FPR_FIELD_PFN, "pfn")                                                                        \
    X(FPR_FIELD_PAGE, "page")                                                                      \
    X(FPR_FIELD_ORDER, "order")                                                                    \
    X(FPR_FIELD_MIGRATETYPE, "migratetype")                                                        \
    X(FPR_FIELD_GFP_FLAGS, "gfp_flags")                                                            \
    X(FPR_FIELD_PERCPU_REFILL, "percpu_refill")                                                    \
    X(FPR_FIELD_ALLOC_ORDER, "alloc_order")                                                        \
    X(FPR_FIELD_FALLBACK_ORDER, "fallback_order")                                                  \
    X(FPR_FIELD_ALLOC_MIGRATETYPE, "alloc_migratetype")                                            \
    X(FPR_FIELD_FALLBACK_MIGRATETYPE, "fallback_migratetype")                                      \
    X(FPR_FIELD_MT, "mt")                                                                          \
    X(FPR_FIELD_NENTS, "nents")                                                                    \
    X(FPR_FIELD_RET, "ret")                                                                        \
    X(FPR_FIELD_HIGHEST, "highest")                                                                \
    X(FPR_FIELD_GFP, "gfp")                                                                        \
    X(FPR_FIELD_PRE, "pre")                                                                        \
    X(FPR_FIELD_GOT, "got")                                                                        \
    X(FPR_FIELD_ZONE_START, "zone_start")                                                          \
    X(FPR_FIELD_MODE, "mode")                                                                      \
    X(FPR_FIELD_SYNC, "sync")

enum fpr_field {
#define FPR_X(symbol, key) symbol,
    FPR_FIELDS(FPR_X)
#undef FPR_X
        FPR_NR_FIELDS
};

#define FPR_FIELD_BIT(f) (1u << (f))

struct fpr_fields {
    uint32_t seen; /* FPR_FIELD_BITs of those with a value */
    struct fpr_span value[FPR_NR_FIELDS];
};

/* Finds the fields of a line; of a repeated one the last counts, others are passed over. */
void fpr_fields_split(struct fpr_span rest, struct fpr_fields *fields);
/* Key of a field; NULL for none. */
const char *fpr_field_name(enum fpr_field field);

#endif
