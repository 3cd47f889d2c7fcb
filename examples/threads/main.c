/* Two threads allocate and free in one locked zone, each on a cpu of its own, while a third runs
 * reporting passes. Afterwards every page is back and every invariant holds. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <fpr/fpr.h>

enum { PAGES = 65536, ROUNDS = 300, BATCH = 64, WORKERS = 2 };

struct worker {
    struct fpr_machine *machine;
    unsigned cpu;
    unsigned long served;
    int error;
};

static atomic_int running = WORKERS;

static void *work(void *arg)
{
    struct worker *w = arg;
    fpr_pfn pages[BATCH];

    for (int round = 0; round < ROUNDS && !w->error; round++) {
        unsigned order = (unsigned)round % 4;
        int n = 0;

        while (n < BATCH && !fpr_alloc_pages_flags(w->machine, order, FPR_GFP_HIGHUSER_MOVABLE,
                                                   w->cpu, FPR_ALLOC_NORMAL, &pages[n]))
            n++;
        w->served += (unsigned long)n;
        while (n-- > 0 && !w->error)
            w->error = fpr_free_pages_cpu(w->machine, pages[n], order, w->cpu);
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

int main(void)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config config;
    struct fpr_machine *machine;
    struct fpr_reporter *reporter;
    struct fpr_device device;
    struct worker workers[WORKERS];
    pthread_t threads[WORKERS];
    struct fpr_zone_counters counters;
    char reason[160];

    /* [locked] */
    if (fpr_zone_config_init(&zone, FPR_PROFILE_LINUX_6_1) || fpr_machine_config_init(&config))
        return 1;
    zone.spanned = PAGES;
    zone.locked = true;  /* several threads at once … */
    zone.cpus = WORKERS; /* … each with per-cpu lists of its own */
    config.zones = &zone;
    config.nr_zones = 1;
    /* [locked] end */
    if (fpr_machine_create(&config, &machine))
        return 1;
    /* A virtual clock belongs to one thread: without one, passes are run by hand. */
    if (fpr_reporter_create(machine, NULL, NULL, &reporter) || fpr_device_null(&device) ||
        fpr_reporter_register(reporter, &device))
        return 1;
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.machine = machine, .cpu = i};
        if (pthread_create(&threads[i], NULL, work, &workers[i]))
            return 1;
    }
    do {
        if (fpr_reporter_pass(reporter, NULL))
            return 1;
    } while (atomic_load(&running));
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);

    fpr_machine_drain(machine);
    struct fpr_zone *only = fpr_machine_zone(machine, 0);
    int broken = fpr_zone_validate(only, NULL, reason, sizeof(reason));
    fpr_zone_get_counters(only, &counters);
    printf("requests served: %lu and %lu\n", workers[0].served, workers[1].served);
    printf("free pages: %llu of %d; invariants: %s\n", (unsigned long long)counters.free, PAGES,
           broken ? reason : "hold");
    fpr_reporter_destroy(reporter);
    fpr_machine_destroy(machine);
    return broken || workers[0].error || workers[1].error || counters.free != PAGES;
}
