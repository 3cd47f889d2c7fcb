/* Free page reporting from the inside. */
#ifndef REPORT_REPORTER_H
#define REPORT_REPORTER_H

#include <fpr/report.h>

#include "mm/zone.h"

/* The entries of one report: filled from the end, so the device sees the latest first. */
struct batch {
    struct fpr_sg *sg;
    unsigned capacity;
    unsigned offset; /* entries not used yet */
};

struct fpr_reporter {
    struct fpr_machine *machine;
    struct fpr_clock *clock;         /* NULL: passes run only by hand */
    struct fpr_report_config config; /* as set; holds from the next pass on */
    struct fpr_report_config pass;   /* of the pass that is running */
    unsigned order;                  /* in force */
    const struct fpr_device *device; /* NULL: none registered */
    int state;                       /* enum fpr_report_state, atomic */
    bool busy;                       /* a pass is running */
    bool enabled;                    /* a device was registered once: frees notify */
    struct fpr_work work;
    struct batch batch;
    struct fpr_report_stats stats;
    struct fpr_report_observer observer;
    unsigned calls; /* of the pass that is running */
    struct fpr_mem_ops mem;
};

/* Asks for a pass unless one is asked for already. */
void fpr_reporter_request(struct fpr_reporter *r);

/* Reports what is unreported in one zone; the device's error ends it. */
int fpr_report_zone(struct fpr_reporter *r, struct fpr_zone *z);

/* Hands entries offset.. of the batch to the device and empties it. Lock not held. */
int fpr_report_call(struct fpr_reporter *r, unsigned *nents);
/* Puts the last `nents` entries back and flags them if they were reported. Lock held. */
void fpr_report_drain(struct fpr_reporter *r, struct fpr_zone *z, unsigned nents, bool reported);

#endif
