/* A guest of 1 GiB that allocates a little and tells its host what is free. */
#include <stdio.h>

#include <fpr/fpr.h>

int main(void)
{
    struct fpr_machine *guest;
    struct fpr_host_config config;
    struct fpr_host *host;
    struct fpr_device device;
    struct fpr_clock *clock;
    struct fpr_reporter *reporter;
    fpr_pfn page;

    fpr_machine_create_simple(FPR_PROFILE_V16, 262144, &guest);
    fpr_host_config_init(&config);
    config.pages = 262144;
    fpr_host_create(&config, &host);
    fpr_host_load_resident(host, 0, 262144); /* the guest has used all of it once */
    fpr_host_device(host, &device);
    fpr_clock_create(0, &clock);
    fpr_reporter_create(guest, clock, NULL, &reporter);
    fpr_reporter_register(reporter, &device);

    fpr_alloc_pages(guest, 9, FPR_GFP_HIGHUSER_MOVABLE, &page);
    for (unsigned second = 0; second <= 20; second += 4) {
        fpr_clock_advance(clock, second * FPR_NS_PER_S);
        printf("%2u s: the host holds %4u MiB\n", second,
               (unsigned)(fpr_host_resident_pages(host) / 256));
    }

    fpr_reporter_destroy(reporter);
    fpr_clock_destroy(clock);
    fpr_host_destroy(host);
    fpr_machine_destroy(guest);
    return 0;
}
