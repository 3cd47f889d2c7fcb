/* The map from I/O addresses to memory: readers, which take no lock, beside those who change it, in
 * every order of threads that is near the usual one and in many random ones. Stores of a reader
 * that says that it is inside may be seen late, as a processor's store buffer makes them. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <fpr/iova.h>

#include "support/interleave.h"

enum { PAGE = FPR_IOVA_PAGE_SIZE, PAGES = 4, WORDS = PAGE / 8, MANY = 300, UNTIL_BIASED = 1030 };

#define POISON    UINT64_C(0xdeaddeaddeaddead)
#define STAMP     UINT64_C(0x5a5a5a5a5a5a5a5a)
#define IOVA      UINT64_C(0x100000)
#define AT(page)  (IOVA + (uint64_t)(page)*PAGE)
#define READWRITE (FPR_IOVA_READ | FPR_IOVA_WRITE)

static _Alignas(PAGE) uint64_t memory[PAGES][WORDS];
static struct fpr_iova_space *space;
static struct fpr_iova_reader *reader[2];
static const unsigned numbers[2] = {0, 1};

/* What is freed is overwritten and kept for a while: whoever still uses it is found out. */
enum { GRAVES = 512 };
static struct {
    unsigned char *at;
    size_t size;
} graves[GRAVES];
static unsigned buried;

static void *zalloc(void *ctx, size_t size)
{
    (void)ctx;
    return calloc(1, size);
}

static void bury(void *ctx, void *at, size_t size)
{
    (void)ctx;
    if (!at)
        return;
    inter_check(buried < GRAVES);
    memset(at, 0xdd, size);
    graves[buried].at = at;
    graves[buried++].size = size;
}

static void empty_graves(void)
{
    while (buried > 0) {
        buried--;
        for (size_t k = 0; k < graves[buried].size; k++)
            inter_check(graves[buried].at[k] == 0xdd);
        free(graves[buried].at);
    }
}

static void fill(unsigned page, uint64_t value)
{
    for (unsigned k = 0; k < WORDS; k++)
        memory[page][k] = value;
}

static void must_be(unsigned page, uint64_t value)
{
    for (unsigned k = 0; k < WORDS; k++)
        inter_check(memory[page][k] == value);
}

static void map(unsigned page, unsigned pages)
{
    inter_check(fpr_iova_map(space, AT(page), (uint64_t)pages * PAGE, (uintptr_t)memory[page],
                             READWRITE) == 0);
}

static void unmap(unsigned page, unsigned pages)
{
    uint64_t bytes = 0;
    inter_check(fpr_iova_unmap(space, AT(page), (uint64_t)pages * PAGE, &bytes) == 0);
    inter_check(bytes == (uint64_t)pages * PAGE);
}

static struct fpr_iova_config config_of(enum fpr_iova_profile profile)
{
    static const struct fpr_mem_ops mem = {.zalloc = zalloc, .free = bury};
    struct fpr_iova_config config;
    inter_check(fpr_iova_config_init(&config, profile) == 0);
    config.guard = FPR_IOVA_GUARD_TRUSTED;
    config.stale_dirty = false;
    config.mem = &mem;
    return config;
}

/* A space with page 0 mapped and two readers; biased ones have read so often that they take the
 * short way in. */
static void open_space(const struct fpr_iova_config *config, bool biased)
{
    uint64_t word;
    for (unsigned page = 0; page < PAGES; page++)
        fill(page, STAMP);
    inter_check(fpr_iova_space_create(config, &space) == 0);
    for (unsigned k = 0; k < 2; k++)
        inter_check(fpr_iova_reader_create(space, &reader[k]) == 0);
    map(0, 1);
    for (unsigned n = biased ? UNTIL_BIASED : 1; n > 0; n--)
        for (unsigned k = 0; k < 2; k++)
            inter_check(fpr_iova_read64(reader[k], AT(0), &word) == 0);
}

static void open_usual(bool biased)
{
    inter_quiet(true);
    struct fpr_iova_config config = config_of(FPR_IOVA_MERGED);
    open_space(&config, biased);
    inter_quiet(false);
}

static void close_space(void)
{
    struct fpr_iova_info info;
    inter_quiet(true);
    inter_check(fpr_iova_space_validate(space, NULL) == 0);
    inter_check(fpr_iova_get_info(space, &info) == 0);
    inter_check(info.locked == 0);
    for (unsigned k = 0; k < 2; k++)
        fpr_iova_reader_destroy(reader[k]);
    fpr_iova_space_destroy(space);
    empty_graves();
}

/* The pages' owner: after an unmap nobody may read or write them any more. */
static void *unmap_and_poison(void *arg)
{
    (void)arg;
    unmap(0, 1);
    fill(0, POISON);
    inter_point();
    must_be(0, POISON);
    return NULL;
}

static void *read_twice(void *arg)
{
    struct fpr_iova_reader *mine = reader[*(const unsigned *)arg];
    for (unsigned n = 0; n < 2; n++) {
        uint64_t words[4] = {STAMP, STAMP, STAMP, STAMP};
        int rc = fpr_iova_rw(mine, AT(0) + 64, words, sizeof(words), false);
        inter_check(rc == 0 || rc == -EINVAL);
        for (unsigned k = 0; k < 4; k++)
            inter_check(words[k] == STAMP);
    }
    return NULL;
}

static void *write_twice(void *arg)
{
    struct fpr_iova_reader *mine = reader[*(const unsigned *)arg];
    for (unsigned n = 0; n < 2; n++) {
        int rc = fpr_iova_write64(mine, AT(0) + 8 * n, STAMP);
        inter_check(rc == 0 || rc == -EINVAL);
    }
    return NULL;
}

static void beside_unmap(bool biased, void *(*one)(void *), void *(*other)(void *))
{
    open_usual(biased);
    pthread_t a = inter_begin(one, &numbers[0]);
    pthread_t b = inter_begin(other, &numbers[1]);
    unmap_and_poison(NULL);
    inter_end(a);
    inter_end(b);
    must_be(0, POISON);
    close_space();
}

static void reads_and_writes(void)
{
    beside_unmap(false, read_twice, write_twice);
}

static void biased_reads_and_writes(void)
{
    beside_unmap(true, read_twice, write_twice);
}

/* The kernel's older call goes page by page. */
static void reads_across(enum fpr_iova_profile profile)
{
    inter_quiet(true);
    struct fpr_iova_config config = config_of(profile);
    open_space(&config, true);
    map(1, 1);
    inter_quiet(false);
    pthread_t a = inter_begin(unmap_and_poison, NULL);
    uint64_t words[2 * WORDS];
    size_t done = 0;
    int rc = fpr_iova_rw_progress(reader[0], AT(0), words, sizeof(words), false, &done);
    inter_check(rc == 0 ? done == sizeof(words) : rc == -EINVAL && done == 0);
    for (unsigned k = 0; k < done / 8; k++)
        inter_check(words[k] == STAMP);
    inter_end(a);
    close_space();
}

static void reads_across_mappings(void)
{
    reads_across(FPR_IOVA_MERGED);
}

static void seed_v1_reads_across(void)
{
    reads_across(FPR_IOVA_SEED_V1);
}

/* A direct pointer keeps every unmap waiting until it is given back. */
static void *point(void *arg)
{
    struct fpr_iova_reader *mine = reader[*(const unsigned *)arg];
    void *at;
    int rc = fpr_iova_get(mine, AT(0), PAGE, READWRITE, &at);
    inter_check(rc == 0 || rc == -EINVAL);
    if (rc)
        return NULL;
    uint64_t word = 0, *words = at;
    inter_check(words[7] == STAMP);
    inter_point();
    rc = fpr_iova_read64(mine, AT(0), &word);
    inter_check(rc == -EINVAL || (rc == 0 && word == STAMP));
    words[9] = STAMP;
    inter_point();
    inter_check(words[9] == STAMP);
    inter_check(fpr_iova_unmap(space, AT(0), PAGE, NULL) == -EDEADLK);
    inter_check(fpr_iova_put(mine) == 0);
    inter_check(fpr_iova_put(mine) == -EINVAL);
    return NULL;
}

static void direct_pointers(void)
{
    beside_unmap(true, point, read_twice);
}

static void *map_more(void *arg)
{
    (void)arg;
    for (unsigned page = 1; page < PAGES; page++)
        map(page, 1);
    return NULL;
}

/* Mapping something else never disturbs a reader, nor does what becomes of the tree's old nodes. */
static void maps_beside_reads(void)
{
    open_usual(false);
    pthread_t a = inter_begin(map_more, NULL);
    for (unsigned n = 0; n < 2; n++) {
        uint64_t word = 0;
        fpr_iova_read64(reader[1], AT(PAGES + 7), &word); /* forgets the last mapping */
        inter_check(fpr_iova_read64(reader[0], AT(0), &word) == 0);
        inter_check(word == STAMP);
    }
    inter_end(a);
    close_space();
}

/* So many nodes wait for readers that a map looks whether they can come back. */
static void maps_poll_readers(void)
{
    open_usual(true);
    inter_quiet(true);
    fpr_iova_reader_destroy(reader[1]);
    inter_check(fpr_iova_reader_create(space, &reader[1]) == 0);
    for (unsigned k = 0; k < MANY - 52; k++)
        inter_check(fpr_iova_map(space, AT(16 + 2 * k), PAGE, (uintptr_t)memory[3], READWRITE) ==
                    0);
    inter_quiet(false);
    pthread_t a = inter_begin(map_more, NULL);
    uint64_t word = 0;
    inter_check(fpr_iova_read64(reader[1], AT(0), &word) == 0);
    inter_check(word == STAMP);
    inter_check(fpr_iova_read64(reader[0], AT(16), &word) == 0);
    inter_check(word == STAMP);
    inter_end(a);
    close_space();
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
    inter_check(fpr_iova_write64(reader[0], AT(0), POISON) == 0);
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

/* A write under tracking is seen by one of the queries, however they fall. */
static void writes_become_dirty(void)
{
    open_usual(true);
    inter_check(fpr_iova_dirty_start(space) == 0);
    complete = 0;
    tracked = true;
    uint64_t seen = 0;
    pthread_t a = inter_begin(write_once, NULL);
    query(&seen);
    query(&seen);
    inter_end(a);
    query(&seen);
    inter_check(seen == 1 && complete == 1);
    inter_check(fpr_iova_dirty_stop(space) == 0);
    close_space();
}

/* Bitmaps come and go under those who write; and what is written once tracking is on is dirty. */
static void tracking_comes_and_goes(void)
{
    open_usual(true);
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
    close_space();
}

/* An unmap that reports what it takes away: no write is left out. */
static void unmap_reports_dirty(void)
{
    open_usual(true);
    inter_check(fpr_iova_dirty_start(space) == 0);
    pthread_t a = inter_begin(write_twice, &numbers[0]);
    fill(0, POISON);
    inter_point();
    uint64_t word = 0, bytes = 0;
    struct fpr_iova_bitmap bitmap = {.pgsize = PAGE, .size = 8, .data = &word};
    inter_check(fpr_iova_unmap_dirty(space, AT(0), PAGE, &bitmap, &bytes) == 0);
    inter_check(bytes == PAGE);
    bool written = memory[0][0] == STAMP || memory[0][1] == STAMP;
    inter_check(!written || word == 1);
    inter_end(a);
    inter_check(written == (memory[0][0] == STAMP || memory[0][1] == STAMP));
    close_space();
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
    struct fpr_iova_config config = config_of(FPR_IOVA_MERGED);
    config.unmap = let_go;
    open_space(&config, false);
    unmap(0, 1);
    map(0, 2);
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
    bool pinned = fpr_iova_is_pinned(space, memory[0], sizeof(memory[0]));
    uint64_t pages = fpr_iova_pinned_in(space, memory[0], 2 * sizeof(memory[0]));
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
    unmap(0, 2);
    inter_check(fpr_iova_pinned_in(space, memory[0], sizeof(memory)) == 0);
    inter_check(fpr_iova_locked_pages(space) == 0);
    inter_end(a);
    inter_end(b);
    inter_end(c);
    struct fpr_iova_stats stats;
    inter_check(fpr_iova_get_stats(space, &stats) == 0);
    inter_check(stats.notifications == told);
    inter_check(stats.pins >= stats.unpins && stats.pins <= 4);
    inter_check(fpr_iova_locked_pages(space) == 0);
    close_space();
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
    close_space();
}

static void *discard(void *arg)
{
    (void)arg;
    int64_t hit = fpr_iova_discard(space, memory[0], 2 * sizeof(memory[0]));
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
    unmap(0, 2);
    inter_check(fpr_iova_pinned_in(space, memory[0], sizeof(memory)) == 0);
    close_space();
}

static void *come_and_go(void *arg)
{
    struct fpr_iova_reader *mine;
    uint64_t word = STAMP;
    (void)arg;
    inter_check(fpr_iova_reader_create(space, &mine) == 0);
    int rc = fpr_iova_read64(mine, AT(0), &word);
    inter_check(rc == 0 || rc == -EINVAL);
    inter_check(word == STAMP);
    fpr_iova_reader_destroy(mine);
    return NULL;
}

static void readers_come_and_go(void)
{
    beside_unmap(true, come_and_go, write_twice);
}

static void *read_invalid(void *arg)
{
    struct fpr_iova_reader *mine = reader[*(const unsigned *)arg];
    for (unsigned n = 0; n < 2; n++) {
        uint64_t word = STAMP;
        int rc = fpr_iova_read64(mine, AT(0), &word);
        inter_check(rc == 0 || rc == -EBUSY);
        inter_check(word == STAMP);
    }
    return NULL;
}

/* From the invalidation of an address on nobody touches what it led to, until there is another. */
static void invalidated_address(void)
{
    uint64_t bytes;
    inter_quiet(true);
    struct fpr_iova_config config = config_of(FPR_IOVA_MERGED);
    config.emulated = false;
    config.hardware = true;
    open_space(&config, true);
    inter_quiet(false);
    pthread_t a = inter_begin(read_invalid, &numbers[0]);
    inter_check(fpr_iova_unmap_flags(space, AT(0), PAGE, FPR_IOVA_VADDR, NULL, &bytes) == 0);
    fill(0, POISON);
    inter_point();
    inter_check(fpr_iova_map(space, AT(0), PAGE, (uintptr_t)memory[1], FPR_IOVA_VADDR) == 0);
    inter_end(a);
    inter_quiet(true);
    inter_check(fpr_iova_unmap_all(space, &bytes) == 0);
    close_space();
}

/* Those who would wait for a pointer of their own say so, even when somebody else waits for it. */
static void *hold_and_change(void *arg)
{
    struct fpr_iova_reader *mine = reader[*(const unsigned *)arg];
    void *at;
    inter_check(fpr_iova_get(mine, AT(0), PAGE, FPR_IOVA_READ, &at) == 0);
    inter_check(fpr_iova_unmap(space, AT(0), PAGE, NULL) == -EDEADLK);
    inter_check(fpr_iova_dirty_start(space) == -EDEADLK);
    inter_check(fpr_iova_put(mine) == 0);
    return NULL;
}

static void holders_do_not_wait(void)
{
    open_usual(true);
    map(1, 1);
    pthread_t a = inter_begin(hold_and_change, &numbers[0]);
    pthread_t b = inter_begin(hold_and_change, &numbers[1]);
    unmap(1, 1);
    inter_end(a);
    inter_end(b);
    close_space();
}

static const struct inter_scenario scenarios[] = {
    {"reads_and_writes", reads_and_writes, 2, 3000, 1000},
    {"biased_reads_and_writes", biased_reads_and_writes, 2, 3000, 1000},
    {"reads_across_mappings", reads_across_mappings, 2, 2000, 300},
    {"seed_v1_reads_across", seed_v1_reads_across, 2, 2000, 300},
    {"direct_pointers", direct_pointers, 2, 3000, 500},
    {"holders_do_not_wait", holders_do_not_wait, 2, 2000, 500},
    {"maps_beside_reads", maps_beside_reads, 2, 2000, 300},
    {"maps_poll_readers", maps_poll_readers, 2, 1000, 200},
    {"writes_become_dirty", writes_become_dirty, 2, 2000, 500},
    {"tracking_comes_and_goes", tracking_comes_and_goes, 2, 3000, 500},
    {"unmap_reports_dirty", unmap_reports_dirty, 2, 2000, 500},
    {"pins_beside_unmap", pins_beside_unmap, 2, 3000, 1000},
    {"two_unmap_a_pinned_one", two_unmap_a_pinned_one, 2, 2000, 300},
    {"discard_beside_pins", discard_beside_pins, 2, 2000, 300},
    {"readers_come_and_go", readers_come_and_go, 2, 2000, 500},
    {"invalidated_address", invalidated_address, 2, 1000, 300},
};

START_TEST(explore)
{
    inter_explore(&scenarios[_i]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("the IOVA map, interleaved");
    TCase *tcase = tcase_create("scenarios");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, explore, 0, sizeof(scenarios) / sizeof(scenarios[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
