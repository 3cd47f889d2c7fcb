/* /proc/zoneinfo, as far as a starting state needs it. */
#ifndef FPR_REPLAY_ZONEINFO_H
#define FPR_REPLAY_ZONEINFO_H

#include <fpr/machine.h>

#define MAX_ZONEINFO 64

struct zoneinfo {
    char name[16];
    int node;
    uint64_t spanned, present, managed, start;
    uint64_t free, boost, mark[FPR_NR_WMARKS];
    uint64_t reserve[FPR_NR_ZONE_INDICES];
    unsigned high, batch, threshold;
};

/* Reads the zones that have pages. Returns how many, 0 if the text tells of none, or -ENOMEM. */
int fpr_zoneinfo_parse(const char *text, struct zoneinfo *zones, size_t room);
/* Index of a zone name; -1 if it is none. */
int fpr_zoneinfo_index(const char *name);

#endif
