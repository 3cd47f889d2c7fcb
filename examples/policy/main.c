/* A changed rule, measured: blocks that come back from a report go to the head, by the ordinary
 * rule (v16), or to the tail. The nearer to the head, the sooner the guest takes them again, and
 * each of them costs the host a fault. */
#include <stdio.h>
#include <stdlib.h>
#include <fpr/fpr.h>

enum { PAGES = 65536, SLOTS = 96, BLOCK_ORDER = 9, STEPS = 2000 };

static void must(int result)
{
    if (result < 0) {
        fprintf(stderr, "policy: error %d\n", -result);
        exit(1);
    }
}

struct guest {
    struct fpr_machine *machine;
    struct fpr_clock *clock;
    struct fpr_host *host;
    struct fpr_reporter *reporter;
    struct fpr_device device; /* the reporter keeps a pointer to it */
};

static void guest_make(struct guest *g, const struct fpr_policy *policy)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    struct fpr_host_config host;

    must(fpr_zone_config_init(&zone, FPR_PROFILE_V16));
    must(fpr_machine_config_init(&machine));
    /* [policy] */
    zone.policy = *policy; /* instead of the profile's own */
    zone.spanned = PAGES;
    machine.zones = &zone;
    machine.nr_zones = 1;
    must(fpr_machine_create(&machine, &g->machine));
    /* [policy] end */
    must(fpr_clock_create(0, &g->clock));
    must(fpr_host_config_init(&host));
    host.pages = PAGES;
    host.backing_shift = 12;
    must(fpr_host_create(&host, &g->host));
    must(fpr_host_device(g->host, &g->device));
    must(fpr_reporter_create(g->machine, g->clock, NULL, &g->reporter));
    must(fpr_reporter_register(g->reporter, &g->device));
}

static void guest_drop(struct guest *g)
{
    fpr_reporter_destroy(g->reporter);
    fpr_host_destroy(g->host);
    fpr_clock_destroy(g->clock);
    fpr_machine_destroy(g->machine);
}

/* Blocks of 2 MiB come and go at random; the same sequence for every policy. */
static void churn(struct guest *g)
{
    fpr_pfn held[SLOTS];
    uint64_t random = 42;

    for (unsigned i = 0; i < SLOTS; i++)
        held[i] = FPR_PFN_NONE;
    for (unsigned step = 1; step <= STEPS; step++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        fpr_pfn *slot = &held[(random >> 33) % SLOTS];
        if (*slot != FPR_PFN_NONE) {
            must(fpr_free_pages(g->machine, *slot, BLOCK_ORDER));
            *slot = FPR_PFN_NONE;
        } else {
            must(fpr_alloc_pages(g->machine, BLOCK_ORDER, FPR_GFP_HIGHUSER_MOVABLE, slot));
            fpr_host_touch(g->host, *slot, 1u << BLOCK_ORDER);
        }
        must(fpr_clock_advance(g->clock, step * 100 * FPR_NS_PER_MS));
    }
}

int main(void)
{
    static const struct {
        const char *name;
        enum fpr_place place;
    } rules[] = {
        {"head", FPR_PLACE_HEAD}, {"rule (v16)", FPR_PLACE_RULE}, {"tail", FPR_PLACE_TAIL}};

    printf("put back to  reported MiB  refaults, pages\n");
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        struct fpr_policy policy;
        struct fpr_host_stats stats;
        struct guest guest;

        /* [rule] */
        must(fpr_profile_policy(FPR_PROFILE_V16, &policy));
        policy.putback = rules[i].place;
        /* [rule] end */
        guest_make(&guest, &policy);
        churn(&guest);
        must(fpr_host_get_stats(guest.host, &stats));
        printf("%-11s  %12llu  %15llu\n", rules[i].name,
               (unsigned long long)(stats.reported_bytes >> 20),
               (unsigned long long)stats.refaults);
        guest_drop(&guest);
    }
    return 0;
}
