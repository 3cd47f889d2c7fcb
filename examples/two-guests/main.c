/* Two guests of 1 GiB that use 700 MiB in turn, on one host and one clock: what the host needs at
 * most, with reporting and without. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <fpr/fpr.h>

enum { GUESTS = 2, PAGES = 262144, USED = 700 * 256, TURNS = 6, TURN_S = 30 };

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "two-guests: error %d\n", -result);
        exit(1);
    }
}

struct guest {
    struct fpr_machine *machine;
    struct fpr_host *host; /* this guest's share of the host */
    struct fpr_reporter *reporter;
    struct fpr_device device;
    fpr_pfn pages[USED];
};

static void guest_make(struct guest *g, struct fpr_clock *clock, bool reporting)
{
    struct fpr_host_config config;

    must(fpr_machine_create_simple(FPR_PROFILE_LINUX_6_1, PAGES, &g->machine));
    must(fpr_host_config_init(&config));
    config.pages = PAGES;
    must(fpr_host_create(&config, &g->host));
    must(fpr_host_device(g->host, &g->device));
    must(fpr_reporter_create(g->machine, clock, NULL, &g->reporter));
    if (reporting)
        must(fpr_reporter_register(g->reporter, &g->device));
}

static void guest_use(struct guest *g)
{
    for (size_t i = 0; i < USED; i++) {
        must(fpr_alloc_pages(g->machine, 0, FPR_GFP_HIGHUSER_MOVABLE, &g->pages[i]));
        fpr_host_touch(g->host, g->pages[i], 1);
    }
}

static void guest_free(struct guest *g)
{
    for (size_t i = 0; i < USED; i++)
        must(fpr_free_pages(g->machine, g->pages[i], 0));
}

static uint64_t held_mib(const struct guest *guests)
{
    uint64_t pages = 0;
    for (int i = 0; i < GUESTS; i++)
        pages += fpr_host_resident_pages(guests[i].host);
    return pages / 256;
}

static void run(struct guest *guests, bool reporting)
{
    struct fpr_clock *clock;
    uint64_t peak = 0;
    unsigned second = 0;

    must(fpr_clock_create(0, &clock));
    for (int i = 0; i < GUESTS; i++)
        guest_make(&guests[i], clock, reporting);
    for (int turn = 0; turn < TURNS; turn++) {
        struct guest *g = &guests[turn % GUESTS];
        guest_use(g);
        peak = held_mib(guests) > peak ? held_mib(guests) : peak;
        guest_free(g);
        second += TURN_S; /* both reporters run their passes on the way */
        must(fpr_clock_advance(clock, second * FPR_NS_PER_S));
    }
    printf("reporting %-3s  peak %4u MiB, at the end %4u MiB\n", reporting ? "on" : "off",
           (unsigned)peak, (unsigned)held_mib(guests));
    for (int i = 0; i < GUESTS; i++) {
        fpr_reporter_destroy(guests[i].reporter);
        fpr_host_destroy(guests[i].host);
        fpr_machine_destroy(guests[i].machine);
    }
    fpr_clock_destroy(clock);
}

int main(void)
{
    static struct guest guests[GUESTS];

    run(guests, false);
    run(guests, true);
    return 0;
}
