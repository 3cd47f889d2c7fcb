/* A device of one's own: it takes batches, refuses some, and sees what happens then. */
#include <errno.h>
#include <stdio.h>
#include <fpr/fpr.h>

/* [device] */
struct my_device {
    unsigned calls;
    unsigned refused;
    uint64_t pages[FPR_NR_ORDERS]; /* taken, by order */
};

/* Called without any lock held. The blocks are nobody's until it returns. */
static int my_report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct my_device *mine = ctx;

    mine->calls++;
    if (mine->calls % 4 == 0) {
        mine->refused++;
        return -EBUSY; /* the blocks stay unreported and the pass ends */
    }
    for (unsigned i = 0; i < nents; i++)
        mine->pages[sg[i].order] += (uint64_t)1 << sg[i].order;
    return 0;
}
/* [device] end */

int main(void)
{
    struct my_device mine = {0};
    struct fpr_machine *guest;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    struct fpr_report_stats stats;

    if (fpr_machine_create_simple(FPR_PROFILE_V16, 262144, &guest) || fpr_clock_create(0, &clock) ||
        fpr_reporter_create(guest, clock, NULL, &reporter))
        return 1;
    /* [register] */
    const struct fpr_device device = {
        .name = "mine",
        .report = my_report,
        .ctx = &mine,
        .max_nents = 32, /* a reporter with larger batches is refused: -ENOSPC */
    };
    if (fpr_reporter_register(reporter, &device))
        return 1;
    /* [register] end */
    fpr_clock_advance(clock, 60 * FPR_NS_PER_S);

    if (fpr_reporter_get_stats(reporter, &stats))
        return 1;
    printf("%u calls, %u refused\n", mine.calls, mine.refused);
    for (unsigned order = 0; order < FPR_NR_ORDERS; order++) {
        if (mine.pages[order])
            printf("order %2u: %6llu pages\n", order, (unsigned long long)mine.pages[order]);
    }
    printf("the reporter counts %llu failed calls, %llu pages reported\n",
           (unsigned long long)stats.failed_calls, (unsigned long long)stats.reported_pages);
    fpr_reporter_destroy(reporter);
    fpr_clock_destroy(clock);
    fpr_machine_destroy(guest);
    return mine.refused != stats.failed_calls;
}
