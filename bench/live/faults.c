/* page_fault1 and page_fault2, as far as the allocator and the host see them: a task maps memory,
 * touches each page once, and unmaps it, over and over. A fault takes pages from the guest's
 * allocator and clears them (page_fault1) or copies a page of a file to them (page_fault2), which
 * is what touches the host's memory. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "cli.h"
#include "live.h"

#define SAMPLE_NS  (25 * FPR_NS_PER_MS)
#define STOP_EVERY 64u /* small pages between two looks at the flag */

struct task {
    struct live_guest *guest;
    enum live_test test;
    unsigned cpu;
    uint64_t map_pages;
    int *stop;
    pthread_barrier_t *start;
    fpr_pfn *pfns;
    const unsigned char *file; /* one page of it */
    uint64_t faults;           /* pages touched */
    uint64_t host_faults;
    fpr_ns time, cpu_time;
    pthread_t id;
};

static fpr_ns thread_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (fpr_ns)t.tv_sec * FPR_NS_PER_S + (fpr_ns)t.tv_nsec;
}

static uint64_t minor_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return (uint64_t)usage.ru_minflt;
}

/* One huge page: cleared by the guest's kernel, then touched page by page. */
static bool fault_huge(struct task *t, fpr_pfn *pfn)
{
    if (fpr_alloc_pages_flags(t->guest->machine, 9, FPR_GFP_TRANSHUGE_LIGHT, t->cpu, 0, pfn)) {
        return false;
    }
    volatile unsigned char *page = fpr_arena_address(t->guest->arena, *pfn);
    memset((void *)page, 0, 2 * MIB);
    for (size_t k = 0; k < 2 * MIB; k += 4096) {
        page[k] = 1;
    }
    return true;
}

static bool fault_small(struct task *t, fpr_pfn *pfn)
{
    if (fpr_alloc_pages_flags(t->guest->machine, 0, FPR_GFP_HIGHUSER_MOVABLE, t->cpu, 0, pfn)) {
        return false;
    }
    volatile unsigned char *page = fpr_arena_address(t->guest->arena, *pfn);
    memcpy((void *)page, t->file, 4096);
    page[0] = 1;
    return true;
}

static bool stopped(const struct task *t)
{
    return __atomic_load_n(t->stop, __ATOMIC_RELAXED);
}

static void map_and_unmap(struct task *t)
{
    unsigned order = t->test == LIVE_FAULT1 ? 9 : 0;
    uint64_t want = t->map_pages >> order, got = 0;
    while (got < want) {
        if ((order || got % STOP_EVERY == 0) && stopped(t)) {
            break;
        }
        if (!(order ? fault_huge(t, &t->pfns[got]) : fault_small(t, &t->pfns[got]))) {
            break;
        }
        got++;
    }
    t->faults += got << order;
    for (uint64_t k = 0; k < got; k++) {
        fpr_free_pages_cpu(t->guest->machine, t->pfns[k], order, t->cpu);
    }
}

static void *run_task(void *ctx)
{
    struct task *t = ctx;
    pthread_barrier_wait(t->start);
    uint64_t faults = minor_faults();
    fpr_ns time = fpr_real_now(), cpu = thread_cpu();
    while (!stopped(t)) {
        map_and_unmap(t);
    }
    t->time = fpr_real_now() - time;
    t->cpu_time = thread_cpu() - cpu;
    t->host_faults = minor_faults() - faults;
    return NULL;
}

static void start_task(struct task *t)
{
    unsigned char *file = aligned_alloc(4096, 4096);
    t->pfns = calloc(t->map_pages, sizeof(*t->pfns));
    if (!t->pfns || !file) {
        /* analyzer: malloc-leak; the process ends */
        bench_die(BENCH_FAILED, "out of memory");
    }
    memset(file, 0x11, 4096);
    memset(t->pfns, 0xff, t->map_pages * sizeof(*t->pfns)); /* no faults on these later */
    t->file = file;
    /* analyzer: malloc-leak; they are in t */
    if (pthread_create(&t->id, NULL, run_task, t)) {
        bench_die(BENCH_FAILED, "no thread to be had");
    }
}

/* The main thread only looks, now and then. */
static void watch(const struct live_guest *guest, double seconds, struct live_score *score)
{
    fpr_ns until = fpr_real_now() + (fpr_ns)(seconds * (double)FPR_NS_PER_S);
    double sum = 0, least = 0;
    unsigned n = 0;
    for (fpr_ns now = fpr_real_now(); now < until && !live_stopped(guest); now = fpr_real_now()) {
        live_sleep(until - now < SAMPLE_NS ? until - now : SAMPLE_NS);
        double mib = (double)live_resident(guest) / (double)MIB;
        least = n && least < mib ? least : mib;
        sum += mib;
        n++;
    }
    score->resident_mean = n ? sum / n : 0;
    score->resident_min = least;
}

static void add_task(struct live_score *score, struct task *t, fpr_ns *cpu, uint64_t *faults)
{
    pthread_join(t->id, NULL);
    double s = (double)t->time / (double)FPR_NS_PER_S;
    score->rate += (double)t->faults / s;
    score->host_faults += (double)t->host_faults / s;
    *cpu += t->cpu_time;
    *faults += t->faults;
    free(t->pfns);
    free((void *)(uintptr_t)t->file);
}

static void reporting(struct live_guest *guest, struct fpr_report_stats *report,
                      struct fpr_thread_stats *thread)
{
    *report = (struct fpr_report_stats){0};
    *thread = (struct fpr_thread_stats){0};
    if (guest->reporter) {
        fpr_reporter_get_stats(guest->reporter, report);
        fpr_thread_get_stats(guest->thread, thread);
    }
}

void live_run_test(struct live_guest *guest, enum live_test test, unsigned tasks, uint64_t map_mib,
                   double seconds, struct live_score *score)
{
    struct task *task = calloc(tasks, sizeof(*task));
    pthread_barrier_t start;
    int stop = 0;
    struct fpr_report_stats report[2];
    struct fpr_thread_stats thread[2];
    if (!task) {
        bench_die(BENCH_FAILED, "out of memory");
    }
    *score = (struct live_score){.rate = 0};
    pthread_barrier_init(&start, NULL, tasks + 1);
    for (unsigned k = 0; k < tasks; k++) {
        task[k] = (struct task){.guest = guest,
                                .test = test,
                                .cpu = k,
                                .map_pages = map_mib * MIB >> 12,
                                .stop = &stop,
                                .start = &start};
        start_task(&task[k]);
    }
    reporting(guest, &report[0], &thread[0]);
    fpr_zone_clear_lock_stats(fpr_machine_zone(guest->machine, 0)); /* of this test alone */
    pthread_barrier_wait(&start);
    watch(guest, seconds, score);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    reporting(guest, &report[1], &thread[1]);
    fpr_ns cpu = 0;
    uint64_t faults = 0;
    for (unsigned k = 0; k < tasks; k++) {
        add_task(score, &task[k], &cpu, &faults);
    }
    score->cpu_rate = cpu ? (double)faults * (double)FPR_NS_PER_S / (double)cpu : 0;
    score->calls = (double)(report[1].calls - report[0].calls) / seconds;
    score->reported_mib = (double)(report[1].pages - report[0].pages) / 256 / seconds;
    score->reporter_cpu =
        (double)(thread[1].cpu_ns - thread[0].cpu_ns) / (double)FPR_NS_PER_S / seconds;
    fpr_zone_get_lock_stats(fpr_machine_zone(guest->machine, 0), &score->lock);
    pthread_barrier_destroy(&start);
    free(task);
}

__attribute__((noinline)) void live_pairs(struct live_guest *guest, uint64_t count)
{
    fpr_pfn pfn;
    for (uint64_t k = 0; k < count; k++) {
        if (fpr_alloc_pages_flags(guest->machine, 0, FPR_GFP_HIGHUSER_MOVABLE, 0, 0, &pfn) ||
            fpr_free_pages_cpu(guest->machine, pfn, 0, 0)) {
            bench_die(BENCH_FAILED, "a page could not be allocated or freed");
        }
    }
}
