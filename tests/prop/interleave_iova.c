/* The map from I/O addresses to memory: readers, which take no lock, beside those who change it, in
 * every order of threads that is near the usual one and in many random ones. Stores of a reader
 * that says that it is inside may be seen late, as a processor's store buffer makes them. */
#include <errno.h>
#include <pthread.h>

#include "support/interleave_space.h"

enum { MANY = 300 };

static const unsigned numbers[2] = {0, 1};

/* The pages' owner: after an unmap nobody may read or write them any more. */
static void *unmap_and_poison(void *arg)
{
    (void)arg;
    space_unmap(0, 1);
    space_fill(0, POISON);
    inter_point();
    space_must_be(0, POISON);
    return NULL;
}

static void *read_twice(void *arg)
{
    struct fpr_iova_reader *mine = space_reader[*(const unsigned *)arg];
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
    struct fpr_iova_reader *mine = space_reader[*(const unsigned *)arg];
    for (unsigned n = 0; n < 2; n++) {
        int rc = fpr_iova_write64(mine, AT(0) + 8 * n, STAMP);
        inter_check(rc == 0 || rc == -EINVAL);
    }
    return NULL;
}

static void beside_unmap(bool biased, void *(*one)(void *), void *(*other)(void *))
{
    space_open_usual(biased);
    pthread_t a = inter_begin(one, &numbers[0]);
    pthread_t b = inter_begin(other, &numbers[1]);
    unmap_and_poison(NULL);
    inter_end(a);
    inter_end(b);
    space_must_be(0, POISON);
    space_close();
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
    struct fpr_iova_config config = space_config(profile);
    space_open(&config, true);
    space_map(1, 1);
    inter_quiet(false);
    pthread_t a = inter_begin(unmap_and_poison, NULL);
    uint64_t words[2 * WORDS];
    size_t done = 0;
    int rc = fpr_iova_rw_progress(space_reader[0], AT(0), words, sizeof(words), false, &done);
    inter_check(rc == 0 ? done == sizeof(words) : rc == -EINVAL && done == 0);
    for (unsigned k = 0; k < done / 8; k++)
        inter_check(words[k] == STAMP);
    inter_end(a);
    space_close();
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
    struct fpr_iova_reader *mine = space_reader[*(const unsigned *)arg];
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

/* So far away that it cannot be in one node with the others. */
#define FAR(n) ((UINT64_C(1) << 50) + (uint64_t)(n)*PAGE)

static void map_far(unsigned n)
{
    inter_check(fpr_iova_map(space, FAR(n), PAGE, (uintptr_t)space_memory[3], READWRITE) == 0);
}

/* Nodes that go here are wanted there. */
static void *map_here_and_there(void *arg)
{
    (void)arg;
    for (unsigned k = 1; k < 3; k++) {
        space_map(k, 1);
        map_far(k);
    }
    return NULL;
}

static void read_what_stays(struct fpr_iova_reader *mine)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 2; k++) { /* by turns, as the last one is remembered */
        uint64_t at = AT(k ? 0 : 3);   /* this call looks once */
        inter_check(fpr_iova_rw_progress(mine, at, &word, sizeof(word), false, NULL) == 0);
        inter_check(word == STAMP);
    }
}

/* Mapping something else never disturbs a reader, nor does what becomes of the tree's old nodes. */
static void maps_beside_reads(void)
{
    space_open_usual(false);
    map_far(0);
    space_map(3, 1);
    pthread_t a = inter_begin(map_here_and_there, NULL);
    read_what_stays(space_reader[0]);
    read_what_stays(space_reader[1]);
    inter_end(a);
    space_close();
}

/* So many nodes wait for readers that a map looks whether they can come back; the oldest, which
 * readers know, is the first that would be used for something else. */
static void *map_many(void *arg)
{
    inter_quiet(true);
    space_map(1, 1);
    for (unsigned k = 0; k < MANY; k++)
        map_far(16 + 2 * k);
    inter_quiet(false);
    space_map(2, 1);
    return arg;
}

static void maps_poll_readers(void)
{
    space_open_usual(false);
    map_far(0);
    space_map(3, 1);
    pthread_t a = inter_begin(map_many, NULL);
    read_what_stays(space_reader[0]);
    read_what_stays(space_reader[1]);
    inter_end(a);
    space_close();
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
    struct fpr_iova_reader *mine = space_reader[*(const unsigned *)arg];
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
    struct fpr_iova_config config = space_config(FPR_IOVA_MERGED);
    config.emulated = false;
    config.hardware = true;
    space_open(&config, true);
    inter_quiet(false);
    pthread_t a = inter_begin(read_invalid, &numbers[0]);
    inter_check(fpr_iova_unmap_flags(space, AT(0), PAGE, FPR_IOVA_VADDR, NULL, &bytes) == 0);
    space_fill(0, POISON);
    inter_point();
    inter_check(fpr_iova_map(space, AT(0), PAGE, (uintptr_t)space_memory[1], FPR_IOVA_VADDR) == 0);
    inter_end(a);
    inter_quiet(true);
    inter_check(fpr_iova_unmap_all(space, &bytes) == 0);
    space_close();
}

/* Those who would wait for a pointer of their own say so, even when somebody else waits for it. */
static void *hold_and_change(void *arg)
{
    struct fpr_iova_reader *mine = space_reader[*(const unsigned *)arg];
    void *at;
    inter_check(fpr_iova_get(mine, AT(0), PAGE, FPR_IOVA_READ, &at) == 0);
    inter_check(fpr_iova_unmap(space, AT(0), PAGE, NULL) == -EDEADLK);
    inter_check(fpr_iova_dirty_start(space) == -EDEADLK);
    for (unsigned flags = 1; flags <= 2; flags++) { /* start and stop in their other shape */
        struct fpr_iova_ioctl_dirty dirty = {.argsz = 8, .flags = flags};
        inter_check(fpr_iova_ioctl_dirty_pages(space, &dirty) == -EDEADLK);
    }
    inter_check(fpr_iova_put(mine) == 0);
    return NULL;
}

static void holders_do_not_wait(void)
{
    space_open_usual(true);
    space_map(1, 1);
    pthread_t a = inter_begin(hold_and_change, &numbers[0]);
    pthread_t b = inter_begin(hold_and_change, &numbers[1]);
    space_unmap(1, 1);
    inter_end(a);
    inter_end(b);
    space_close();
}

static const struct inter_scenario scenarios[] = {
    {"reads_and_writes", reads_and_writes, 2, 3000, 1000},
    {"biased_reads_and_writes", biased_reads_and_writes, 2, 3000, 1000},
    {"reads_across_mappings", reads_across_mappings, 2, 2000, 300},
    {"seed_v1_reads_across", seed_v1_reads_across, 2, 2000, 300},
    {"direct_pointers", direct_pointers, 2, 3000, 500},
    {"holders_do_not_wait", holders_do_not_wait, 2, 2000, 500},
    {"maps_beside_reads", maps_beside_reads, 2, 2000, 300},
    {"maps_poll_readers", maps_poll_readers, 2, 300, 200},
    {"readers_come_and_go", readers_come_and_go, 2, 2000, 500},
    {"invalidated_address", invalidated_address, 2, 1000, 300},
};

int main(void)
{
    return inter_main("the IOVA map, interleaved", scenarios,
                      sizeof(scenarios) / sizeof(scenarios[0]));
}
