#include "support/iova_unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static void on_unmap(void *ctx, struct fpr_iova_space *space, uint64_t iova, uint64_t size)
{
    struct iova_unit *u = ctx;
    u->told++;
    u->told_iova = iova;
    u->told_size = size;
    if (!u->stubborn)
        fpr_iova_unpin_range(space, iova, size);
}

void unit_config(struct iova_unit *u, enum fpr_iova_profile profile, struct fpr_iova_config *config)
{
    fpr_iova_config_init(config, profile);
    config->unmap = on_unmap;
    config->unmap_ctx = u;
}

int unit_open(struct iova_unit *u, const struct fpr_iova_config *config)
{
    size_t size = (size_t)UNIT_PAGES * UNIT_PAGE;
    u->arena = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (u->arena == MAP_FAILED)
        return -errno;
    for (size_t i = 0; i < size; i++)
        u->arena[i] = (unsigned char)(i * 7 + i / UNIT_PAGE);
    mprotect(u->arena + 30 * UNIT_PAGE, UNIT_PAGE, PROT_READ);
    mprotect(u->arena + 31 * UNIT_PAGE, UNIT_PAGE, PROT_NONE);
    int rc = fpr_iova_space_create(config, &u->space);
    return rc ? rc : fpr_iova_reader_create(u->space, &u->reader);
}

void unit_close(struct iova_unit *u)
{
    fpr_iova_reader_destroy(u->reader);
    fpr_iova_space_destroy(u->space);
    if (u->arena && u->arena != MAP_FAILED)
        munmap(u->arena, (size_t)UNIT_PAGES * UNIT_PAGE);
    memset(u, 0, sizeof(*u));
}

int unit_map(struct iova_unit *u, uint64_t iova, unsigned pages, unsigned arena_page,
             unsigned flags)
{
    return fpr_iova_map(u->space, iova, (uint64_t)pages * UNIT_PAGE,
                        (uintptr_t)u->arena + (uint64_t)arena_page * UNIT_PAGE, flags);
}
