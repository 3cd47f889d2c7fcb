/* A reporting pass over a free zone, and the making of a very large zone. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <fpr/report.h>

#include "cli.h"
#include "micro/sequence.h"

#define TIB_FRAMES ((uint64_t)1 << 28)

static int accept_all(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    (void)ctx;
    (void)sg;
    (void)nents;
    return 0;
}

static const struct fpr_device device = {.name = "null", .report = accept_all};

struct pass {
    uint64_t frames;
    bool budget;
    bool timing_creation; /* else the pass */
    struct counted_mem mem;
    uint64_t bytes;
    uint64_t resident; /* bytes that the zone made resident */
    uint64_t reported; /* pages in the pass */
    uint64_t entries;
};

static uint64_t resident_bytes(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file) {
        if (fscanf(file, "%llu %llu", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(file);
    }
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int timed_pass(struct pass *p, struct fpr_machine *machine, uint64_t *ns)
{
    struct fpr_report_config config;
    struct fpr_reporter *reporter = NULL;
    struct fpr_report_stats stats;
    fpr_report_config_init(&config);
    config.budget_divisor = p->budget ? config.budget_divisor : 0;
    int err = fpr_reporter_create(machine, NULL, &config, &reporter);
    if (!err) {
        err = fpr_reporter_register(reporter, &device);
    }
    if (!err) {
        uint64_t start = micro_now();
        err = fpr_reporter_pass(reporter, NULL);
        *ns = micro_now() - start;
    }
    if (!err && !fpr_reporter_get_stats(reporter, &stats)) {
        p->reported = stats.pages;
        p->entries = stats.entries;
    }
    if (reporter) {
        fpr_reporter_unregister(reporter, &device);
        fpr_reporter_destroy(reporter);
    }
    return err;
}

static double run_pass(void *ctx)
{
    struct pass *p = ctx;
    struct fpr_zone_config zone;
    struct fpr_machine_config config;
    struct fpr_machine *machine = NULL;
    fpr_zone_config_init(&zone, FPR_PROFILE_V16);
    fpr_machine_config_init(&config);
    zone.spanned = p->frames;
    zone.mem = config.mem = &p->mem.ops;
    config.zones = &zone;
    config.nr_zones = 1;
    uint64_t before = resident_bytes(), start = micro_now();
    int err = fpr_machine_create(&config, &machine);
    uint64_t ns = micro_now() - start;
    if (err) {
        return err;
    }
    p->resident = resident_bytes() - before;
    p->bytes = p->mem.bytes;
    if (!p->timing_creation) {
        err = timed_pass(p, machine, &ns);
    }
    fpr_machine_destroy(machine);
    return err ? err : (double)ns;
}

static int one(struct micro_run *run, const char *name, const char *variant, struct pass p)
{
    if (!micro_wanted(run, name, variant)) {
        return 0;
    }
    counted_mem_init(&p.mem);
    struct micro_result r = {.name = name, .ops = 1};
    snprintf(r.case_, sizeof(r.case_), "%s", variant);
    int err = micro_measure(run, run_pass, &p, &r);
    if (err) {
        bench_complain("%s: %s", name, strerror(-err));
        return err;
    }
    r.bytes_per_frame = (double)p.bytes / (double)p.frames;
    r.resident_mib = (double)p.resident / 1048576.0;
    r.frames_per_op = (double)p.reported;
    r.moves_per_op = (double)p.entries * 2;
    micro_emit(run, &r);
    return 0;
}

int micro_pass_and_init(struct micro_run *run)
{
    uint64_t frames = micro_options(run)->frames;
    int err = one(run, "pass", "first", (struct pass){.frames = frames, .budget = true});
    err = err ? err : one(run, "pass", "no budget", (struct pass){.frames = frames});
    err = err ? err
              : one(run, "init1t", "create",
                    (struct pass){.frames = TIB_FRAMES, .timing_creation = true});
    return err ? err
               : one(run, "init1t", "first pass",
                     (struct pass){.frames = TIB_FRAMES, .budget = true});
}
