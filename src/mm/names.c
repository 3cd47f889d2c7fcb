#include "mm/zone.h"

#include <fpr/event.h>

const char *fpr_migratetype_name(int mt)
{
    static const char *const names[FPR_NR_MIGRATETYPES] = {"Unmovable", "Movable", "Reclaimable",
                                                           "HighAtomic", "Isolate"};
    return mt >= 0 && mt < FPR_NR_MIGRATETYPES ? names[mt] : "?";
}

const char *fpr_zone_index_name(int index)
{
    static const char *const names[FPR_NR_ZONE_INDICES] = {"DMA", "DMA32", "Normal", "Movable",
                                                           "Device"};
    return index >= 0 && index < FPR_NR_ZONE_INDICES ? names[index] : "?";
}

const char *fpr_event_name(enum fpr_event_type type)
{
    static const char *const names[FPR_NR_EVENTS] = {
#define FPR_X(symbol, name) [symbol] = (name),
        FPR_EVENTS(FPR_X)
#undef FPR_X
    };
    return (unsigned)type < FPR_NR_EVENTS ? names[type] : NULL;
}

bool fpr_zone_name_ok(const char *name)
{
    for (const char *p = name; p && *p; p++) {
        if (*p <= ' ' || *p > '~') {
            return false;
        }
    }
    return name && *name;
}
