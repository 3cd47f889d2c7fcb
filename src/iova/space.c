#include "iova/space.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "iova/check.h"
#include "iova/epoch.h"
#include "iova/guard.h"
#include "iova/legacy.h"

static const char *const profile_names[] = {
    [FPR_IOVA_MERGED] = "merged",
    [FPR_IOVA_SEED_V1] = "seed-v1",
};
enum { NPROFILES = sizeof(profile_names) / sizeof(profile_names[0]) };

/* What type1 tells: page sizes of an emulated-only container and of an emulated Intel IOMMU, and
 * the largest bitmap (256 MiB). */
#define EMULATED_SIZES UINT64_C(0xfffffffffffff000)
#define HARDWARE_SIZES UINT64_C(0x40201000)
#define MAX_BITMAP     UINT64_C(0x10000000)

const char *fpr_iova_profile_name(enum fpr_iova_profile profile)
{
    return (unsigned)profile < NPROFILES ? profile_names[profile] : NULL;
}

int fpr_iova_profile_from_name(const char *name, enum fpr_iova_profile *profile)
{
    if (!name || !profile)
        return -EINVAL;
    for (unsigned i = 0; i < NPROFILES; i++) {
        if (strcmp(name, profile_names[i]) == 0) {
            *profile = (enum fpr_iova_profile)i;
            return 0;
        }
    }
    return -EINVAL;
}

int fpr_iova_config_init(struct fpr_iova_config *config, enum fpr_iova_profile profile)
{
    if (!config || (unsigned)profile >= NPROFILES)
        return -EINVAL;
    *config = (struct fpr_iova_config){
        .profile = profile,
        .type = FPR_IOVA_TYPE1V2,
        .entry_limit = UINT16_MAX,
        .locked_limit = UINT64_MAX,
        .capable = true,
        .broken_top = true,
        .stale_dirty = true,
        .emulated = true,
    };
    return 0;
}

static bool config_valid(const struct fpr_iova_config *c)
{
    if ((unsigned)c->profile >= NPROFILES || (unsigned)c->guard > FPR_IOVA_GUARD_TRUSTED)
        return false;
    if (c->type != FPR_IOVA_TYPE1 && c->type != FPR_IOVA_TYPE1V2)
        return false;
    if (c->guard == FPR_IOVA_GUARD_SIGNAL && !fpr_iova_guard_installed())
        return false;
    if ((c->nranges && !c->ranges) || !fpr_mem_ok(c->mem))
        return false;
    for (unsigned i = 0; i < c->nranges; i++)
        if (c->ranges[i].first > c->ranges[i].last ||
            (i > 0 && c->ranges[i].first <= c->ranges[i - 1].last))
            return false;
    return true;
}

static enum fpr_iova_guard choose_guard(enum fpr_iova_guard wanted)
{
    if (wanted != FPR_IOVA_GUARD_AUTO)
        return wanted;
    return fpr_iova_guard_installed() ? FPR_IOVA_GUARD_SIGNAL : FPR_IOVA_GUARD_SYSCALL;
}

static int copy_ranges(struct fpr_iova_space *space, const struct fpr_iova_config *config)
{
    space->config.ranges = NULL;
    if (config->nranges == 0)
        return 0;
    size_t size = config->nranges * sizeof(*space->ranges);
    space->ranges = space->mem->zalloc(space->mem->ctx, size);
    if (!space->ranges)
        return -ENOMEM;
    memcpy(space->ranges, config->ranges, size);
    space->config.ranges = space->ranges;
    return 0;
}

/* Memory of our own alignment: what was allocated is kept for the free. */
static void *aligned_new(const struct fpr_mem_ops *mem, size_t size, void **memory)
{
    *memory = mem->zalloc(mem->ctx, size + 64);
    if (!*memory)
        return NULL;
    fpr_expect_atomics(*memory, size + 64);
    return (char *)*memory + (-(uintptr_t)*memory & 63);
}

int fpr_iova_space_create(const struct fpr_iova_config *config, struct fpr_iova_space **out)
{
    if (!config || !out || !config_valid(config))
        return -EINVAL;
    const struct fpr_mem_ops *mem = config->mem ? config->mem : fpr_mem_default();
    void *memory;
    struct fpr_iova_space *space = aligned_new(mem, sizeof(*space), &memory);
    if (!space)
        return -ENOMEM;
    space->memory = memory;
    space->mem = mem;
    space->config = *config;
    space->profile = config->profile;
    space->guard = choose_guard(config->guard);
    bool plain = config->profile == FPR_IOVA_MERGED && space->guard != FPR_IOVA_GUARD_SYSCALL;
    space->va_mask = plain ? ~UINT64_C(0) : ~(IOVA_PLAIN_READ | IOVA_PLAIN_WRITE);
    space->can_bias = fpr_iova_epoch_can_bias();
    space->avail = config->entry_limit;
    atomic_init(&space->gen, 1);
    fpr_iova_pool_init(&space->pool, mem);
    int rc = copy_ranges(space, config);
    if (rc == 0)
        rc = fpr_iova_tree_init(&space->tree, &space->pool);
    if (rc) {
        fpr_iova_pool_destroy(&space->pool);
        if (space->ranges)
            mem->free(mem->ctx, space->ranges, config->nranges * sizeof(*space->ranges));
        mem->free(mem->ctx, memory, sizeof(*space) + 64);
        return rc;
    }
    pthread_mutex_init(&space->lock, NULL);
    pthread_mutex_init(&space->reader_lock, NULL);
    pthread_mutex_init(&space->pin_lock, NULL);
    *out = space;
    return 0;
}

void fpr_iova_space_destroy(struct fpr_iova_space *space)
{
    if (!space || space->part || fpr_iova_in_use(space))
        return;
    fpr_iova_legacy_free(space);
    struct fpr_iova_path path;
    for (bool more = fpr_iova_tree_seek(&space->tree, 0, &path); more;
         more = fpr_iova_tree_next(&path))
        fpr_iova_ext_free(space, fpr_iova_path_entry(&path).ext);
    const struct fpr_mem_ops *mem = space->mem;
    fpr_iova_pinset_free(&space->backing, mem);
    fpr_iova_held_free(&space->held, mem);
    fpr_iova_pool_destroy(&space->pool);
    if (space->ranges)
        mem->free(mem->ctx, space->ranges, space->config.nranges * sizeof(*space->ranges));
    pthread_mutex_destroy(&space->lock);
    pthread_mutex_destroy(&space->reader_lock);
    pthread_mutex_destroy(&space->pin_lock);
    mem->free(mem->ctx, space->memory, sizeof(*space) + 64);
}

int fpr_iova_get_info(struct fpr_iova_space *space, struct fpr_iova_info *info)
{
    if (!space || !info)
        return -EINVAL;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    *info = (struct fpr_iova_info){
        .type = space->config.type,
        .flags = 3,
        .page_sizes = space->config.hardware ? HARDWARE_SIZES : EMULATED_SIZES,
        .dirty_page_sizes = FPR_IOVA_PAGE_SIZE,
        .max_bitmap_bytes = MAX_BITMAP,
        .avail = space->avail,
        .mappings = space->config.entry_limit - space->avail,
        .locked = space->locked,
        .nranges = space->config.nranges,
    };
    pthread_mutex_unlock(&space->lock);
    return 0;
}

int fpr_iova_get_range(struct fpr_iova_space *space, unsigned i, struct fpr_iova_range *range)
{
    if (!space || !range || i >= space->config.nranges)
        return -EINVAL;
    *range = space->ranges[i];
    return 0;
}

int fpr_iova_check_extension(struct fpr_iova_space *space, unsigned extension)
{
    if (!space)
        return -EINVAL;
    switch (extension) {
    case 1: /* VFIO_TYPE1_IOMMU */
    case 3: /* VFIO_TYPE1v2_IOMMU */
    case 4: /* VFIO_DMA_CC_IOMMU */
    case 9: /* VFIO_UNMAP_ALL */
        return 1;
    case 10: /* VFIO_UPDATE_VADDR */
        return space->config.emulated ? 0 : 1;
    default:
        return 0;
    }
}

int fpr_iova_set_locked_limit(struct fpr_iova_space *space, uint64_t pages, bool capable)
{
    if (!space)
        return -EINVAL;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    space->config.locked_limit = pages;
    space->config.capable = capable;
    pthread_mutex_unlock(&space->lock);
    return 0;
}

int fpr_iova_set_device(struct fpr_iova_space *space, fpr_iova_unmap_fn unmap, void *ctx)
{
    if (!space)
        return -EINVAL;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    space->config.unmap = unmap;
    space->config.unmap_ctx = ctx;
    pthread_mutex_unlock(&space->lock);
    return 0;
}

int fpr_iova_walk(struct fpr_iova_space *space,
                  int (*visit)(void *ctx, uint64_t iova, uint64_t size, uint64_t vaddr,
                               unsigned prot),
                  void *ctx)
{
    if (!space || !visit)
        return -EINVAL;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    atomic_store_explicit(&space->walker, (uintptr_t)pthread_self(), memory_order_relaxed);
    struct fpr_iova_path path;
    int rc = 0;
    for (bool more = fpr_iova_tree_seek(&space->tree, 0, &path); more && rc == 0;
         more = fpr_iova_tree_next(&path)) {
        struct fpr_iova_entry e = fpr_iova_path_entry(&path);
        rc = visit(ctx, e.start, e.last - e.start + 1, e.va & ~IOVA_FLAGS,
                   (unsigned)(e.va & IOVA_PROT));
    }
    atomic_store_explicit(&space->walker, 0, memory_order_relaxed);
    pthread_mutex_unlock(&space->lock);
    return rc;
}
