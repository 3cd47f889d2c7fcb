#include "support/interleave_space.h"

#include <stdlib.h>
#include <string.h>

enum { UNTIL_BIASED = 1030 };

_Alignas(PAGE) uint64_t space_memory[PAGES][WORDS];
struct fpr_iova_space *space;
struct fpr_iova_reader *space_reader[2];

/* What is freed is overwritten and kept for a while: whoever still uses it is found out. */
enum { GRAVES = 512, GONE = 0xaa };
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
    memset(at, GONE, size);
    graves[buried].at = at;
    graves[buried++].size = size;
}

static void empty_graves(void)
{
    while (buried > 0) {
        buried--;
        for (size_t k = 0; k < graves[buried].size; k++)
            inter_check(graves[buried].at[k] == GONE);
        free(graves[buried].at);
    }
}

void space_fill(unsigned page, uint64_t value)
{
    for (unsigned k = 0; k < WORDS; k++)
        space_memory[page][k] = value;
}

void space_must_be(unsigned page, uint64_t value)
{
    for (unsigned k = 0; k < WORDS; k++)
        inter_check(space_memory[page][k] == value);
}

void space_map(unsigned page, unsigned pages)
{
    inter_check(fpr_iova_map(space, AT(page), (uint64_t)pages * PAGE, (uintptr_t)space_memory[page],
                             READWRITE) == 0);
}

void space_unmap(unsigned page, unsigned pages)
{
    uint64_t bytes = 0;
    inter_check(fpr_iova_unmap(space, AT(page), (uint64_t)pages * PAGE, &bytes) == 0);
    inter_check(bytes == (uint64_t)pages * PAGE);
}

struct fpr_iova_config space_config(enum fpr_iova_profile profile)
{
    static const struct fpr_mem_ops mem = {.zalloc = zalloc, .free = bury};
    struct fpr_iova_config config;
    inter_check(fpr_iova_config_init(&config, profile) == 0);
    config.guard = FPR_IOVA_GUARD_TRUSTED;
    config.stale_dirty = false;
    config.mem = &mem;
    return config;
}

void space_open(const struct fpr_iova_config *config, bool biased)
{
    uint64_t word;
    for (unsigned page = 0; page < PAGES; page++)
        space_fill(page, STAMP);
    inter_check(fpr_iova_space_create(config, &space) == 0);
    for (unsigned k = 0; k < 2; k++)
        inter_check(fpr_iova_reader_create(space, &space_reader[k]) == 0);
    space_map(0, 1);
    for (unsigned n = biased ? UNTIL_BIASED : 1; n > 0; n--)
        for (unsigned k = 0; k < 2; k++)
            inter_check(fpr_iova_read64(space_reader[k], AT(0), &word) == 0);
}

void space_open_usual(bool biased)
{
    inter_quiet(true);
    struct fpr_iova_config config = space_config(FPR_IOVA_MERGED);
    space_open(&config, biased);
    inter_quiet(false);
}

void space_close(void)
{
    struct fpr_iova_info info;
    inter_quiet(true);
    inter_check(fpr_iova_space_validate(space, NULL) == 0);
    inter_check(fpr_iova_get_info(space, &info) == 0);
    inter_check(info.locked == 0);
    for (unsigned k = 0; k < 2; k++)
        fpr_iova_reader_destroy(space_reader[k]);
    fpr_iova_space_destroy(space);
    empty_graves();
}
