/* Readers beside map and unmap. Each slot of IOVA has an owner thread that maps memory full of its
 * stamp there, unmaps it, and at once fills the memory with poison: whoever still reads through the
 * map afterwards sees poison, and whoever still writes destroys it. */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <fpr/iova.h>

#include "iova/check.h"
#include "support/suite.h"
#include "support/support.h"

enum { SLOTS = 24, OWNERS = 2, READERS = 3, ROUNDS = 1500, PAGE = FPR_IOVA_PAGE_SIZE };
enum { SLOT_PAGES = 4, WORDS = SLOT_PAGES * PAGE / 8 };

#define POISON       UINT64_C(0xdeaddeaddeaddead)
#define STAMP(slot)  (UINT64_C(0x5a5a000000000000) | (uint64_t)(slot))
#define SLOT_IOVA(s) (UINT64_C(0x100000) + (uint64_t)(s)*2 * SLOT_PAGES * PAGE)

struct shared {
    struct fpr_iova_space *space;
    uint64_t *memory[SLOTS];
    atomic_bool stop;
    atomic_uint errors;
    atomic_ulong hits;
    bool tracking;
};

struct worker {
    struct shared *shared;
    uint64_t random;
    unsigned owner;
};

static void fill(uint64_t *memory, uint64_t value)
{
    for (unsigned i = 0; i < WORDS; i++)
        memory[i] = value;
}

static void wrong(struct shared *s)
{
    atomic_fetch_add(&s->errors, 1);
}

/* Maps and unmaps its slots, one after another. */
static void *owner_main(void *arg)
{
    struct worker *w = arg;
    struct shared *s = w->shared;
    for (unsigned round = test_times(ROUNDS, 100); round > 0; round--) {
        unsigned slot = (unsigned)(test_random(&w->random) % (SLOTS / OWNERS)) * OWNERS + w->owner;
        uint64_t *memory = s->memory[slot], bytes = 0;
        fill(memory, STAMP(slot));
        if (fpr_iova_map(s->space, SLOT_IOVA(slot), SLOT_PAGES * PAGE, (uintptr_t)memory,
                         FPR_IOVA_READ | FPR_IOVA_WRITE))
            wrong(s);
        for (uint64_t i = test_random(&w->random) % 400; i > 0; i--)
            __asm__ volatile("" ::: "memory");
        if (fpr_iova_unmap(s->space, SLOT_IOVA(slot), SLOT_PAGES * PAGE, &bytes) ||
            bytes != SLOT_PAGES * PAGE)
            wrong(s);
        fill(memory, POISON);
        for (unsigned i = 0; i < WORDS; i += 64)
            if (memory[i] != POISON)
                wrong(s);
    }
    return NULL;
}

static void read_slot(struct worker *w, struct fpr_iova_reader *reader, unsigned slot)
{
    uint64_t words[64];
    uint64_t at = test_random(&w->random) % (WORDS - 64);
    size_t done = 0;
    int rc =
        fpr_iova_rw_progress(reader, SLOT_IOVA(slot) + at * 8, words, sizeof(words), false, &done);
    if (rc && (rc != -EINVAL || done))
        wrong(w->shared);
    for (unsigned i = 0; rc == 0 && i < 64; i++)
        if (words[i] != STAMP(slot))
            wrong(w->shared);
    atomic_fetch_add_explicit(&w->shared->hits, rc == 0, memory_order_relaxed);
}

static void write_slot(struct worker *w, struct fpr_iova_reader *reader, unsigned slot)
{
    uint64_t at = test_random(&w->random) % WORDS;
    int rc = fpr_iova_write64(reader, SLOT_IOVA(slot) + at * 8, STAMP(slot));
    if (rc && rc != -EINVAL)
        wrong(w->shared);
}

/* The pointer is used by instrumented code: ThreadSanitizer checks that put is seen by unmap. */
static void point_slot(struct worker *w, struct fpr_iova_reader *reader, unsigned slot)
{
    void *ptr;
    int rc = fpr_iova_get(reader, SLOT_IOVA(slot), 4 * PAGE, FPR_IOVA_READ, &ptr);
    if (rc) {
        if (rc != -EINVAL)
            wrong(w->shared);
        return;
    }
    if (*(volatile uint64_t *)ptr != STAMP(slot))
        wrong(w->shared);
    /* Reads go on while it holds. */
    read_slot(w, reader, (slot + 1) % SLOTS);
    if (((volatile uint64_t *)ptr)[WORDS - 1] != STAMP(slot))
        wrong(w->shared);
    fpr_iova_put(reader);
}

static void *reader_main(void *arg)
{
    struct worker *w = arg;
    struct fpr_iova_reader *reader;
    if (fpr_iova_reader_create(w->shared->space, &reader)) {
        wrong(w->shared);
        return NULL;
    }
    while (!atomic_load(&w->shared->stop)) {
        unsigned slot = (unsigned)(test_random(&w->random) % SLOTS);
        switch (test_random(&w->random) % 8) {
        case 0:
            write_slot(w, reader, slot);
            break;
        case 1:
            point_slot(w, reader, slot);
            break;
        case 2:
            /* Long enough alone to take the short way in without a fence. */
            for (unsigned i = 0; i < 2000; i++)
                read_slot(w, reader, slot);
            break;
        default:
            read_slot(w, reader, slot);
        }
    }
    fpr_iova_reader_destroy(reader);
    return NULL;
}

/* Turns tracking on and off and reads bits, over everything. */
static void *tracker_main(void *arg)
{
    struct worker *w = arg;
    static uint64_t bits[1024];
    while (!atomic_load(&w->shared->stop)) {
        struct fpr_iova_bitmap bitmap = {PAGE, sizeof(bits), bits};
        fpr_iova_dirty_start(w->shared->space);
        fpr_iova_dirty_get(w->shared->space, SLOT_IOVA(0), SLOTS * 2 * SLOT_PAGES * PAGE, &bitmap);
        fpr_iova_dirty_stop(w->shared->space);
    }
    return NULL;
}

static void run(bool tracking)
{
    struct shared s = {.tracking = tracking};
    fpr_expect_atomics(&s, sizeof(s));
    struct fpr_iova_config config;
    fpr_iova_config_init(&config, FPR_IOVA_MERGED);
    config.guard = FPR_IOVA_GUARD_TRUSTED;
    ck_assert_int_eq(fpr_iova_space_create(&config, &s.space), 0);
    for (unsigned i = 0; i < SLOTS; i++) {
        s.memory[i] = mmap(NULL, SLOT_PAGES * PAGE, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(s.memory[i], MAP_FAILED);
        /* The order between readers and owners is by atomics, which Helgrind does not know. */
        fpr_expect_atomics(s.memory[i], SLOT_PAGES * PAGE);
        fill(s.memory[i], POISON);
    }
    pthread_t owner[OWNERS], reader[READERS], tracker;
    struct worker w[OWNERS + READERS + 1];
    for (unsigned i = 0; i < OWNERS + READERS + 1; i++)
        w[i] = (struct worker){&s, 1000 + i, i};
    for (unsigned i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&reader[i], NULL, reader_main, &w[OWNERS + i]), 0);
    if (tracking)
        ck_assert_int_eq(pthread_create(&tracker, NULL, tracker_main, &w[OWNERS + READERS]), 0);
    for (unsigned i = 0; i < OWNERS; i++)
        ck_assert_int_eq(pthread_create(&owner[i], NULL, owner_main, &w[i]), 0);
    for (unsigned i = 0; i < OWNERS; i++)
        pthread_join(owner[i], NULL);
    atomic_store(&s.stop, true);
    for (unsigned i = 0; i < READERS; i++)
        pthread_join(reader[i], NULL);
    if (tracking)
        pthread_join(tracker, NULL);
    ck_assert_uint_eq(atomic_load(&s.errors), 0);
    const char *reason = "";
    ck_assert_msg(fpr_iova_space_validate(s.space, &reason) == 0, "%s", reason);
    fpr_iova_space_destroy(s.space);
    for (unsigned i = 0; i < SLOTS; i++)
        munmap(s.memory[i], SLOT_PAGES * PAGE);
}

START_TEST(test_iova_readers_beside_unmap)
{
    run(false);
}
END_TEST

START_TEST(test_iova_readers_beside_tracking)
{
    run(true);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iova_race");
    TCase *tcase = tcase_create("stamps");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, test_iova_readers_beside_unmap);
    tcase_add_test(tcase, test_iova_readers_beside_tracking);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
