/* Memory of this process behind a machine's frames. */
#include "host/arena.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define HUGE_BYTES ((size_t)2 << 20)
#define VEC_PAGES  4096u /* asked of mincore() at once */

int fpr_arena_config_init(struct fpr_arena_config *config)
{
    if (config == NULL)
        return -EINVAL;
    *config = (struct fpr_arena_config){.start = 0};
    return 0;
}

static bool config_ok(const struct fpr_arena_config *c, size_t page)
{
    uint64_t huge = HUGE_BYTES / page;
    return c->pages > 0 && c->pages <= (SIZE_MAX / 4) / page && c->start <= UINT64_MAX - c->pages &&
           (unsigned)c->backing <= FPR_ARENA_HUGETLB && (unsigned)c->thp <= FPR_ARENA_THP_NEVER &&
           (c->backing != FPR_ARENA_HUGETLB || (c->start % huge == 0 && c->pages % huge == 0));
}

/* Growing a file beyond the limit raises SIGXFSZ, which ends the process. */
static bool may_be_so_long(size_t length)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
           length <= limit.rlim_cur;
}

static int open_backing(struct fpr_arena *a)
{
    if (a->config.backing == FPR_ARENA_ANON)
        return 0;
    if (!may_be_so_long(a->length))
        return -ENOMEM;
    unsigned flags = MFD_CLOEXEC;
    if (a->config.backing == FPR_ARENA_HUGETLB)
        flags |= MFD_HUGETLB | (21u << MAP_HUGE_SHIFT);
    a->fd = memfd_create("fpr-arena", flags);
    if (a->fd < 0)
        return errno == ENOSYS || errno == EINVAL || errno == ENODEV ? -ENOTSUP : -ENOMEM;
    return ftruncate(a->fd, (off_t)a->length) ? -ENOMEM : 0;
}

/* An address that is to its huge page what the first frame is to its own. */
static unsigned char *place(const struct fpr_arena *a)
{
    uintptr_t at = ((uintptr_t)a->map + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1);
    size_t offset = (size_t)(a->config.start % (HUGE_BYTES / a->page)) * a->page;
    return (unsigned char *)at + offset;
}

static int map_backing(struct fpr_arena *a)
{
    a->map_length = a->length + 2 * HUGE_BYTES;
    a->map =
        mmap(NULL, a->map_length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (a->map == MAP_FAILED)
        return -ENOMEM;
    a->base = place(a);
    int flags = MAP_FIXED | (a->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
    if (a->config.backing != FPR_ARENA_HUGETLB)
        flags |= MAP_NORESERVE; /* huge pages are reserved here, so that no touch can fail */
    void *at = mmap(a->base, a->length, PROT_READ | PROT_WRITE, flags, a->fd, 0);
    return at == MAP_FAILED ? -ENOMEM : 0;
}

static int set_thp(const struct fpr_arena *a)
{
    static const int advice[] = {
        [FPR_ARENA_THP_ALWAYS] = MADV_HUGEPAGE,
        [FPR_ARENA_THP_NEVER] = MADV_NOHUGEPAGE,
    };
    if (a->config.thp == FPR_ARENA_THP_SYSTEM || a->config.backing == FPR_ARENA_HUGETLB)
        return 0;
    /* A kernel without transparent huge pages has none to be turned off. */
    bool failed = madvise(a->base, a->length, advice[a->config.thp]) != 0;
    return failed && a->config.thp == FPR_ARENA_THP_ALWAYS ? -ENOTSUP : 0;
}

int fpr_arena_create(const struct fpr_arena_config *config, struct fpr_arena **arena)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (config == NULL || arena == NULL || !config_ok(config, page))
        return -EINVAL;
    const struct fpr_mem_ops *mem = fpr_mem_default();
    struct fpr_arena *a = mem->zalloc(mem->ctx, sizeof(*a));
    if (a == NULL)
        return -ENOMEM;
    a->config = *config;
    a->page = page;
    a->backing = config->backing == FPR_ARENA_HUGETLB ? HUGE_BYTES : page;
    a->length = (size_t)config->pages * page;
    a->map = MAP_FAILED;
    a->fd = -1;
    for (unsigned mode = 0; mode < FPR_ARENA_NR_MODES; mode++)
        a->ways[mode] = (struct arena_way){a, (enum fpr_arena_mode)mode};
    int error = open_backing(a);
    error = error ? error : map_backing(a);
    error = error ? error : set_thp(a);
    if (error) {
        fpr_arena_destroy(a);
        return error;
    }
    *arena = a;
    return 0;
}

void fpr_arena_destroy(struct fpr_arena *arena)
{
    if (arena == NULL || arena->part)
        return;
    if (arena->map != MAP_FAILED)
        munmap(arena->map, arena->map_length);
    if (arena->fd >= 0)
        close(arena->fd);
    const struct fpr_mem_ops *mem = fpr_mem_default();
    mem->free(mem->ctx, arena, sizeof(*arena));
}

void *fpr_arena_address(const struct fpr_arena *arena, fpr_pfn pfn)
{
    if (arena == NULL || pfn < arena->config.start ||
        pfn - arena->config.start >= arena->config.pages)
        return NULL;
    return arena->base + (size_t)(pfn - arena->config.start) * arena->page;
}

size_t fpr_arena_page_size(const struct fpr_arena *arena)
{
    return arena == NULL ? 0 : arena->page;
}

int64_t fpr_arena_resident_in(const struct fpr_arena *arena, fpr_pfn pfn, uint64_t pages)
{
    unsigned char vec[VEC_PAGES];
    if (arena == NULL || pfn < arena->config.start ||
        pfn - arena->config.start > arena->config.pages ||
        pages > arena->config.pages - (pfn - arena->config.start))
        return -EINVAL;
    unsigned char *at = arena->base + (size_t)(pfn - arena->config.start) * arena->page;
    int64_t resident = 0;
    while (pages > 0) {
        size_t n = pages < VEC_PAGES ? (size_t)pages : VEC_PAGES;
        while (mincore(at, n * arena->page, vec)) {
            if (errno != EAGAIN)
                return -errno;
        }
        for (size_t k = 0; k < n; k++)
            resident += vec[k] & 1;
        at += n * arena->page;
        pages -= n;
    }
    return resident * (int64_t)arena->page;
}

int64_t fpr_arena_resident_bytes(const struct fpr_arena *arena)
{
    if (arena == NULL)
        return -EINVAL;
    return fpr_arena_resident_in(arena, arena->config.start, arena->config.pages);
}

int fpr_arena_get_stats(const struct fpr_arena *arena, struct fpr_arena_stats *stats)
{
    if (arena == NULL || stats == NULL)
        return -EINVAL;
#define FPR_X(name, text) stats->name = __atomic_load_n(&arena->stats.name, __ATOMIC_RELAXED);
    FPR_ARENA_STATS(FPR_X)
#undef FPR_X
    return 0;
}
