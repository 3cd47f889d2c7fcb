#include "trace/fields.h"

#include <string.h>

const char *fpr_field_name(enum fpr_field field)
{
    static const char *const names[] = {
#define FPR_X(symbol, key) [symbol] = (key),
        FPR_FIELDS(FPR_X)
#undef FPR_X
    };
    return (unsigned)field < FPR_NR_FIELDS ? names[field] : NULL;
}

/* Keys by length, so that most of them cost one comparison. */
static int field_of(const char *key, size_t len)
{
#define TRY(field, text)                                                                           \
    if (memcmp(key, text, sizeof(text) - 1) == 0)                                                  \
        return field;
    switch (len) {
    case 2:
        TRY(FPR_FIELD_MT, "mt")
        break;
    case 3:
        TRY(FPR_FIELD_PFN, "pfn")
        TRY(FPR_FIELD_RET, "ret")
        TRY(FPR_FIELD_GFP, "gfp")
        TRY(FPR_FIELD_PRE, "pre")
        TRY(FPR_FIELD_GOT, "got")
        break;
    case 4:
        TRY(FPR_FIELD_PAGE, "page")
        TRY(FPR_FIELD_MODE, "mode")
        TRY(FPR_FIELD_SYNC, "sync")
        break;
    case 5:
        TRY(FPR_FIELD_ORDER, "order")
        TRY(FPR_FIELD_NENTS, "nents")
        break;
    case 7:
        TRY(FPR_FIELD_HIGHEST, "highest")
        break;
    case 9:
        TRY(FPR_FIELD_GFP_FLAGS, "gfp_flags")
        break;
    case 10:
        TRY(FPR_FIELD_ZONE_START, "zone_start")
        break;
    case 11:
        TRY(FPR_FIELD_MIGRATETYPE, "migratetype")
        TRY(FPR_FIELD_ALLOC_ORDER, "alloc_order")
        break;
    case 13:
        TRY(FPR_FIELD_PERCPU_REFILL, "percpu_refill")
        break;
    case 14:
        TRY(FPR_FIELD_FALLBACK_ORDER, "fallback_order")
        break;
    case 17:
        TRY(FPR_FIELD_ALLOC_MIGRATETYPE, "alloc_migratetype")
        break;
    case 20:
        TRY(FPR_FIELD_FALLBACK_MIGRATETYPE, "fallback_migratetype")
        break;
    default:
        break;
    }
#undef TRY
    return -1;
}

void fpr_fields_split(struct fpr_span rest, struct fpr_fields *fields)
{
    fields->seen = 0;
    const char *p = rest.p;
    while (p < rest.end) {
        while (p < rest.end && (*p == ' ' || *p == ',' || *p == '\t'))
            p++;
        const char *key = p;
        while (p < rest.end && *p != '=' && *p != ' ')
            p++;
        if (p == rest.end || *p == ' ')
            continue;
        int field = field_of(key, (size_t)(p - key));
        const char *value = ++p;
        while (p < rest.end && *p != ' ' && *p != ',')
            p++;
        if (field >= 0) {
            fields->seen |= FPR_FIELD_BIT(field);
            fields->value[field] = (struct fpr_span){value, p};
        }
    }
}
