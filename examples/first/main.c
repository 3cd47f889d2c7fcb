/* A free guest of 1 GiB tells its host, pass by pass, which memory it does not need. */
#include <stdio.h>
#include <fpr/fpr.h>

int main(void)
{
    struct fpr_machine *guest;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    struct fpr_device device;
    struct fpr_report_stats stats;

    fpr_machine_create_simple(FPR_PROFILE_V16, 262144, &guest);
    fpr_clock_create(0, &clock);
    fpr_reporter_create(guest, clock, NULL, &reporter);
    fpr_device_null(&device);
    fpr_reporter_register(reporter, &device);
    for (unsigned second = 2; second <= 10; second += 2) {
        fpr_clock_advance(clock, second * FPR_NS_PER_S);
        fpr_reporter_get_stats(reporter, &stats);
        printf("%2u s: %4u MiB reported\n", second, (unsigned)(stats.pages / 256));
    }
    fpr_reporter_destroy(reporter);
    fpr_clock_destroy(clock);
    fpr_machine_destroy(guest);
    return 0;
}
