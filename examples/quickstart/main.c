/* A guest of 1 GiB uses 512 MiB, frees it, and its host gets it back: when, and how much. */
#include <stdio.h>
#include <stdlib.h>
#include <fpr/fpr.h>

enum { GUEST_PAGES = 262144, USED_PAGES = 131072, PAGES_PER_MIB = 256 };

static void must(int result, const char *what)
{
    if (result < 0) {
        fprintf(stderr, "quickstart: %s: error %d\n", what, -result);
        exit(1);
    }
}

/* [use] */
static void use_memory(struct fpr_machine *guest, struct fpr_host *host, fpr_pfn *pages)
{
    for (size_t i = 0; i < USED_PAGES; i++) {
        must(fpr_alloc_pages(guest, 0, FPR_GFP_HIGHUSER_MOVABLE, &pages[i]), "allocating");
        fpr_host_touch(host, pages[i], 1); /* the guest writes to it: now the host needs memory */
    }
}
/* [use] end */

static void free_memory(struct fpr_machine *guest, const fpr_pfn *pages)
{
    for (size_t i = 0; i < USED_PAGES; i++)
        must(fpr_free_pages(guest, pages[i], 0), "freeing");
}

static void show(const char *what, const struct fpr_clock *clock, const struct fpr_host *host)
{
    printf("%4.1f s  %-14s the host holds %3u MiB\n",
           (double)fpr_clock_now(clock) / (double)FPR_NS_PER_S, what,
           (unsigned)(fpr_host_resident_pages(host) / PAGES_PER_MIB));
}

int main(void)
{
    static fpr_pfn pages[USED_PAGES];
    struct fpr_machine *guest;
    struct fpr_clock *clock;
    struct fpr_host_config host_config;
    struct fpr_host *host;
    struct fpr_device device;
    struct fpr_reporter *reporter;

    /* [build] */
    must(fpr_machine_create_simple(FPR_PROFILE_LINUX_6_1, GUEST_PAGES, &guest), "the guest");
    must(fpr_clock_create(0, &clock), "the clock");
    must(fpr_host_config_init(&host_config), "the host");
    host_config.pages = GUEST_PAGES;
    must(fpr_host_create(&host_config, &host), "the host");
    must(fpr_host_device(host, &device), "the device");
    must(fpr_reporter_create(guest, clock, NULL, &reporter), "reporting");
    must(fpr_reporter_register(reporter, &device), "registering");
    /* [build] end */

    /* Everything is free and gets reported; there is nothing to give back yet. */
    must(fpr_clock_advance(clock, 60 * FPR_NS_PER_S), "a minute");
    use_memory(guest, host, pages);
    show("512 MiB in use", clock, host);
    free_memory(guest, pages);
    show("all freed", clock, host);
    /* [wait] */
    for (unsigned second = 62; second <= 72; second += 2) {
        must(fpr_clock_advance(clock, second * FPR_NS_PER_S), "two seconds");
        show("idle", clock, host);
    }
    /* [wait] end */

    fpr_reporter_destroy(reporter);
    fpr_host_destroy(host);
    fpr_clock_destroy(clock);
    fpr_machine_destroy(guest);
    return 0;
}
