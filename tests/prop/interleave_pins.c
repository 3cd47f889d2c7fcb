/* Dirty pages, pins and discards of the map from I/O addresses to memory beside each other and
 * beside unmaps, in every order of threads that is near the usual one and in many random ones. */
#include <errno.h>
#include <pthread.h>

#include "support/interleave_space.h"

static const unsigned numbers[2] = {0, 1};

static void *write_twice(void *arg)
{
    struct fpr_iova_reader *mine = space_reader[*(const unsigned *)arg];
    for (unsigned n = 0; n < 2; n++) {
        int rc = fpr_iova_write64(mine, AT(0) + 8 * n, STAMP);
        inter_check(rc == 0 || rc == -EINVAL);
    }
    return NULL;
}

static bool get_dirty(uint64_t *seen)
{
    uint64_t word = 0;
    struct fpr_iova_bitmap bitmap = {.pgsize = PAGE, .size = 8, .data = &word};
    int rc = fpr_iova_dirty_get(space, AT(0), PAGE, &bitmap);
    inter_check(rc == 0 || rc == -EINVAL);
    *seen |= word;
    return rc == 0;
}

static bool tracked;      /* tracking has begun and not been ended */
static unsigned complete; /* writes that began and ended meanwhile */

static void *write_once(void *arg)
{
    (void)arg;
    bool counts = tracked;
    inter_check(fpr_iova_write64(space_reader[0], AT(0), POISON) == 0);
    complete += counts;
    return NULL;
}

static void *write_thrice(void *arg)
{
    write_once(arg);
    write_once(arg);
    return write_once(arg);
}

/* What was complete before a query is in it, or was in one before. */
static void query(uint64_t *seen)
{
    inter_point();
    bool must_be_seen = complete > 0;
    inter_check(get_dirty(seen));
    inter_check(!must_be_seen || *seen == 1);
}

/* Who copies memory somewhere else as long as it becomes dirty has all of it in the end. */
static void writes_become_dirty(void)
{
    uint64_t copy = STAMP;
    space_open_usual(true);
    inter_check(fpr_iova_dirty_start(space) == 0);
    pthread_t a = inter_begin(write_once, NULL);
    for (unsigned n = 0; n < 3; n++) {
        uint64_t seen = 0;
        if (n == 2)
            inter_end(a);
        inter_point();
        inter_check(get_dirty(&seen));
        inter_point();
        if (seen)
            copy = space_memory[0][0];
    }
    inter_check(copy == POISON && space_memory[0][0] == POISON);
    inter_check(fpr_iova_dirty_stop(space) == 0);
    space_close();
}

/* Bitmaps come and go under those who write; and what is written once tracking is on is dirty. */
static void tracking_comes_and_goes(void)
{
    space_open_usual(true);
    complete = 0;
    tracked = false;
    pthread_t a = inter_begin(write_thrice, NULL);
    inter_check(fpr_iova_dirty_start(space) == 0);
    tracked = true;
    uint64_t seen = 0;
    query(&seen);
    tracked = false;
    inter_check(fpr_iova_dirty_stop(space) == 0);
    inter_check(!get_dirty(&seen));
    inter_end(a);
    space_close();
}

/* An unmap that reports what it takes away: no write is left out. */
static void unmap_reports_dirty(void)
{
    space_open_usual(true);
    inter_check(fpr_iova_dirty_start(space) == 0);
    pthread_t a = inter_begin(write_twice, &numbers[0]);
    space_fill(0, POISON);
    inter_point();
    uint64_t word = 0, bytes = 0;
    struct fpr_iova_bitmap bitmap = {.pgsize = PAGE, .size = 8, .data = &word};
    inter_check(fpr_iova_unmap_dirty(space, AT(0), PAGE, &bitmap, &bytes) == 0);
    inter_check(bytes == PAGE);
    bool written = space_memory[0][0] == STAMP || space_memory[0][1] == STAMP;
    inter_check(!written || word == 1);
    inter_end(a);
    inter_check(written == (space_memory[0][0] == STAMP || space_memory[0][1] == STAMP));
    space_close();
}

static unsigned told;

static void let_go(void *ctx, struct fpr_iova_space *of, uint64_t iova, uint64_t size)
{
    (void)ctx;
    told++;
    inter_point();
    inter_check(fpr_iova_unpin_range(of, iova, size) >= 0);
}

static void open_with_device(void)
{
    inter_quiet(true);
    told = 0;
    struct fpr_iova_config config = space_config(FPR_IOVA_MERGED);
    config.unmap = let_go;
    space_open(&config, false);
    space_unmap(0, 1);
    space_map(0, 2);
    inter_quiet(false);
}

static void *pin_and_unpin(void *arg)
{
    (void)arg;
    void *frames[2];
    int rc = fpr_iova_pin(space, AT(0), 2, READWRITE, frames);
    inter_check(rc == 2 || rc == -EINVAL);
    if (rc == 2)
        fpr_iova_unpin(space, AT(0), 1);
    return NULL;
}

static void *read_pinned(void *arg)
{
    (void)arg;
    bool pinned = fpr_iova_is_pinned(space, space_memory[0], sizeof(space_memory[0]));
    uint64_t pages = fpr_iova_pinned_in(space, space_memory[0], 2 * sizeof(space_memory[0]));
    inter_check(pages <= 2);
    return pinned ? space : NULL;
}

/* When an unmap has returned no pin is left, and who had one was told. */
static void pins_beside_unmap(void)
{
    open_with_device();
    pthread_t a = inter_begin(pin_and_unpin, NULL);
    pthread_t b = inter_begin(pin_and_unpin, NULL);
    pthread_t c = inter_begin(read_pinned, NULL);
    space_unmap(0, 2);
    inter_check(fpr_iova_pinned_in(space, space_memory[0], sizeof(space_memory)) == 0);
    inter_check(fpr_iova_locked_pages(space) == 0);
    inter_end(a);
    inter_end(b);
    inter_end(c);
    struct fpr_iova_stats stats;
    inter_check(fpr_iova_get_stats(space, &stats) == 0);
    inter_check(stats.notifications == told);
    inter_check(stats.pins >= stats.unpins && stats.pins <= 4);
    inter_check(fpr_iova_locked_pages(space) == 0);
    space_close();
}

static void *try_unmap(void *arg)
{
    uint64_t bytes = 1;
    (void)arg;
    inter_check(fpr_iova_unmap(space, AT(0), 2 * PAGE, &bytes) == 0);
    inter_check(bytes == 0 || bytes == 2 * PAGE);
    return bytes ? space : NULL;
}

/* Two unmaps of one pinned mapping: one of them gets it. */
static void two_unmap_a_pinned_one(void)
{
    open_with_device();
    void *frames[2];
    inter_check(fpr_iova_pin(space, AT(0), 2, FPR_IOVA_READ, frames) == 2);
    pthread_t a = inter_begin(try_unmap, NULL);
    pthread_t b = inter_begin(try_unmap, NULL);
    void *first = inter_end(a), *second = inter_end(b);
    inter_check(!first != !second);
    inter_check(told >= 1);
    space_close();
}

static void *write_directly(void *arg)
{
    (void)arg;
    void *at;
    int rc = fpr_iova_get(space_reader[0], AT(0), 8, READWRITE, &at);
    inter_check(rc == 0 || rc == -EINVAL);
    if (rc == 0) {
        inter_point();
        space_memory[0][0] = STAMP;
        inter_check(fpr_iova_put(space_reader[0]) == 0);
    }
    return NULL;
}

static void *unmap_both(void *arg)
{
    (void)arg;
    inter_check(fpr_iova_unmap(space, AT(0), 2 * PAGE, NULL) == 0);
    return NULL;
}

/* An unmap tells of the second mapping while a pointer into the first, which went already, is
 * held: who unmaps the first and finds nothing may use its memory. */
static void unmap_of_what_goes(void)
{
    open_with_device();
    inter_quiet(true);
    space_unmap(0, 2);
    space_map(0, 1);
    space_map(1, 1);
    void *frame;
    inter_check(fpr_iova_pin(space, AT(1), 1, FPR_IOVA_READ, &frame) == 1);
    inter_quiet(false);
    pthread_t a = inter_begin(write_directly, NULL);
    pthread_t b = inter_begin(unmap_both, NULL);
    uint64_t bytes;
    inter_check(fpr_iova_unmap(space, AT(0), PAGE, &bytes) == 0);
    space_memory[0][0] = POISON;
    inter_point();
    inter_check(space_memory[0][0] == POISON);
    inter_end(a);
    inter_end(b);
    inter_check(space_memory[0][0] == POISON);
    space_close();
}

static void *discard(void *arg)
{
    (void)arg;
    int64_t hit = fpr_iova_discard(space, space_memory[0], 2 * sizeof(space_memory[0]));
    inter_check(hit >= 0 && hit <= 2);
    return NULL;
}

/* A pin on memory that is discarded keeps the old frame; nothing is counted twice. */
static void discard_beside_pins(void)
{
    open_with_device();
    pthread_t a = inter_begin(pin_and_unpin, NULL);
    pthread_t b = inter_begin(discard, NULL);
    pthread_t c = inter_begin(discard, NULL);
    inter_end(a);
    inter_end(b);
    inter_end(c);
    inter_check(fpr_iova_locked_pages(space) == 1);
    struct fpr_iova_stats stats;
    inter_check(fpr_iova_get_stats(space, &stats) == 0);
    inter_check(stats.discarded_pinned <= 2);
    space_unmap(0, 2);
    inter_check(fpr_iova_pinned_in(space, space_memory[0], sizeof(space_memory)) == 0);
    space_close();
}

static const struct inter_scenario scenarios[] = {
    {"writes_become_dirty", writes_become_dirty, 2, 2000, 500},
    {"tracking_comes_and_goes", tracking_comes_and_goes, 2, 3000, 500},
    {"unmap_reports_dirty", unmap_reports_dirty, 2, 2000, 500},
    {"pins_beside_unmap", pins_beside_unmap, 2, 3000, 1000},
    {"two_unmap_a_pinned_one", two_unmap_a_pinned_one, 2, 2000, 300},
    {"unmap_of_what_goes", unmap_of_what_goes, 2, 3000, 500},
    {"discard_beside_pins", discard_beside_pins, 2, 2000, 300},
};

int main(void)
{
    return inter_main("pins and dirty pages, interleaved", scenarios,
                      sizeof(scenarios) / sizeof(scenarios[0]));
}
