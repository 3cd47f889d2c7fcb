/* Guests on real memory. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "live.h"
#include "stop.h"

static uint64_t next_bits(void *ctx)
{
    uint64_t *state = ctx;
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void must(int err, const char *what)
{
    if (err) {
        bench_die(BENCH_FAILED, "%s: %s", what, strerror(-err));
    }
}

struct fpr_machine *live_machine_make(const struct live_config *config, bool locked, uint64_t *bits)
{
    struct fpr_zone_config zone;
    struct fpr_machine_config machine;
    struct fpr_machine *made = NULL;
    must(fpr_zone_config_init(&zone, FPR_PROFILE_V16), "guest");
    must(fpr_machine_config_init(&machine), "guest");
    zone.spanned = config->mib * MIB >> zone.page_shift;
    zone.locked = locked;
    zone.cpus = config->cpus;
    zone.shuffle = config->shuffle;
    zone.bits = next_bits;
    zone.bits_ctx = bits;
    machine.zones = &zone;
    machine.nr_zones = 1;
    must(fpr_machine_create(&machine, &made), "guest");
    if (config->shuffle) {
        must(fpr_zone_shuffle(fpr_machine_zone(made, 0), next_bits, bits), "shuffle");
    }
    return made;
}

void live_guest_make(struct live_guest *guest, const struct live_config *config)
{
    struct fpr_arena_config arena;
    *guest = (struct live_guest){.config = *config, .bits = 1};
    guest->machine = live_machine_make(config, true, &guest->bits);
    must(fpr_arena_config_init(&arena), "memory");
    arena.pages = config->mib * MIB >> 12;
    arena.thp = config->thp;
    must(fpr_arena_create(&arena, &guest->arena), "memory");
    if (fpr_arena_page_size(guest->arena) != 4096) {
        bench_die(BENCH_FAILED, "these experiments need a system with pages of 4 KiB");
    }
    must(fpr_arena_device(guest->arena, config->mode, &guest->device), "device");
    if (config->reporting) {
        must(fpr_reporter_create(guest->machine, NULL, &config->report, &guest->reporter),
             "reporter");
        must(fpr_thread_create(guest->reporter, &guest->thread), "reporter");
    }
}

void live_guest_register(struct live_guest *guest, const struct fpr_device *instead)
{
    if (guest->config.reporting && guest->config.device) {
        must(fpr_thread_register(guest->thread, instead ? instead : &guest->device), "device");
    }
}

void live_guest_free(struct live_guest *guest)
{
    fpr_thread_destroy(guest->thread);
    fpr_reporter_destroy(guest->reporter);
    fpr_machine_destroy(guest->machine);
    fpr_arena_destroy(guest->arena);
}

bool live_stopped(const struct live_guest *guest)
{
    return guest->config.stop && bench_stopped(guest->config.stop);
}

#define LOOK_NS (50 * FPR_NS_PER_MS) /* between two looks at the flag */

bool live_settle(struct live_guest *guest, fpr_ns timeout)
{
    fpr_ns start = fpr_real_now(), gone = 0;
    while (!live_stopped(guest)) {
        fpr_ns left = timeout - gone;
        if (!fpr_thread_settle(guest->thread, left < LOOK_NS ? left : LOOK_NS)) {
            return true;
        }
        gone = fpr_real_now() - start;
        if (gone >= timeout) {
            break;
        }
    }
    return false;
}

uint64_t live_memory_mib(void)
{
    unsigned long long kib = 0;
    char line[128];
    FILE *info = fopen("/proc/meminfo", "re");
    while (info && fgets(line, sizeof(line), info) &&
           sscanf(line, "MemAvailable: %llu kB", &kib) != 1) {
        continue;
    }
    info ? fclose(info) : 0;
    return kib ? kib >> 10
               : (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) >> 20;
}

void live_curve_sample(struct live_curve *curve, double time_s, double mib)
{
    if (curve->skipped + 1 < curve->stride) {
        curve->skipped++;
        return;
    }
    if (curve->count == LIVE_MAX_POINTS) {
        for (size_t k = 0; k < LIVE_MAX_POINTS / 2; k++) {
            curve->point[k] = curve->point[2 * k];
        }
        curve->count = LIVE_MAX_POINTS / 2;
        curve->stride = curve->stride ? 2 * curve->stride : 2;
    }
    curve->point[curve->count++] = (struct live_point){time_s, mib};
    curve->skipped = 0;
}

uint64_t live_resident(const struct live_guest *guest)
{
    int64_t bytes = fpr_arena_resident_bytes(guest->arena);
    if (bytes < 0) {
        bench_die(BENCH_FAILED, "mincore: %s", strerror((int)-bytes));
    }
    return (uint64_t)bytes;
}

void live_sleep(fpr_ns time)
{
    const struct timespec t = {.tv_sec = (time_t)(time / FPR_NS_PER_S),
                               .tv_nsec = (long)(time % FPR_NS_PER_S)};
    nanosleep(&t, NULL);
}

void live_blocks_make(struct live_blocks *blocks, size_t room)
{
    *blocks = (struct live_blocks){.pfn = calloc(room, sizeof(fpr_pfn)), .room = room};
    if (!blocks->pfn) {
        bench_die(BENCH_FAILED, "out of memory");
    }
}

void live_blocks_free(struct live_blocks *blocks)
{
    free(blocks->pfn);
}

void live_fill(struct live_guest *guest, struct live_blocks *blocks)
{
    while (blocks->count < blocks->room && !live_stopped(guest)) {
        fpr_pfn *pfn = &blocks->pfn[blocks->count];
        if (fpr_alloc_pages(guest->machine, 9, FPR_GFP_TRANSHUGE_LIGHT, pfn)) {
            return;
        }
        memset(fpr_arena_address(guest->arena, *pfn), 0x5a, 2 * MIB);
        blocks->count++;
    }
}

void live_release(struct live_guest *guest, struct live_blocks *blocks)
{
    for (size_t k = 0; k < blocks->count; k++) {
        fpr_free_pages(guest->machine, blocks->pfn[k], 9);
    }
    blocks->count = 0;
}

double live_mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t k = 0; k < count; k++) {
        sum += values[k];
    }
    return count ? sum / (double)count : 0;
}

double live_deviation(const double *values, size_t count)
{
    double mean = live_mean(values, count), most = 0;
    for (size_t k = 0; k < count; k++) {
        most = fmax(most, fabs(values[k] - mean));
    }
    return mean > 0 ? 100 * most / mean : 0;
}

double live_sigma(const double *values, size_t count)
{
    double mean = live_mean(values, count), sum = 0;
    for (size_t k = 0; k < count; k++) {
        sum += (values[k] - mean) * (values[k] - mean);
    }
    return mean > 0 && count > 1 ? 100 * sqrt(sum / (double)(count - 1)) / mean : 0;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double live_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), rising);
    if (!count) {
        return 0;
    }
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
