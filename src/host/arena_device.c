/* An arena as a device: reported blocks go back to the operating system. */
#include "host/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define IOV_BATCH 64u

static void count(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* Memory of a block that can be given back; false if it does not fit. */
static bool fits(struct fpr_arena *a, const struct fpr_sg *sg, struct iovec *range)
{
    uint64_t first = sg->pfn - a->config.start, pages = sg->order < 63 ? 1ull << sg->order : 0;
    if (sg->pfn < a->config.start || first >= a->config.pages || pages == 0 ||
        pages > a->config.pages - first) {
        count(&a->stats.outside_entries, 1);
        return false;
    }
    size_t offset = (size_t)first * a->page, length = (size_t)pages * a->page;
    if ((offset | length) % a->backing != 0) {
        count(&a->stats.misaligned_entries, 1);
        return false;
    }
    *range = (struct iovec){.iov_base = a->base + offset, .iov_len = length};
    return true;
}

static int give_back_one(struct fpr_arena *a, enum fpr_arena_mode mode, const struct iovec *r)
{
    static const int advice[] = {
        [FPR_ARENA_DONTNEED] = MADV_DONTNEED,
        [FPR_ARENA_FREE] = MADV_FREE,
        [FPR_ARENA_REMOVE] = MADV_REMOVE,
    };
    count(&a->stats.syscalls, 1);
    int failed;
    do {
        if (mode == FPR_ARENA_PUNCH)
            failed = fallocate(a->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                               (off_t)((unsigned char *)r->iov_base - a->base), (off_t)r->iov_len);
        else
            failed = madvise(r->iov_base, r->iov_len, advice[mode]);
    } while (failed && (errno == EINTR || errno == EAGAIN));
    return failed ? -errno : 0;
}

static long process_madvise_self(struct iovec *ranges, size_t n)
{
    int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (self < 0)
        return -1;
    long done = syscall(SYS_process_madvise, self, ranges, n, MADV_DONTNEED, 0);
    int error = errno;
    close(self);
    errno = error;
    return done;
}

/* One call for all; it may do fewer bytes than asked for, whole ranges first. What the system
 * refuses is the first of those left; the others go all the same. */
static int give_back_many(struct fpr_arena *a, struct iovec *ranges, size_t n)
{
    int first_error = 0;
    while (n > 0) {
        count(&a->stats.syscalls, 1);
        long done = process_madvise_self(ranges, n);
        if (done < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (done <= 0) {
            int error = done < 0 ? -errno : -EIO;
            count(&a->stats.errors, 1);
            first_error = first_error ? first_error : error;
            ranges++;
            n--;
            continue;
        }
        count(&a->stats.returned_bytes, (uint64_t)done);
        while (n > 0 && (size_t)done >= ranges->iov_len) {
            done -= (long)ranges->iov_len;
            ranges++;
            n--;
        }
        if (n > 0 && done > 0) {
            ranges->iov_base = (unsigned char *)ranges->iov_base + done;
            ranges->iov_len -= (size_t)done;
        }
    }
    return first_error;
}

static int give_back(struct fpr_arena *a, enum fpr_arena_mode mode, struct iovec *ranges, size_t n)
{
    if (mode == FPR_ARENA_PROCESS_MADVISE)
        return give_back_many(a, ranges, n);
    int first_error = 0;
    for (size_t k = 0; k < n; k++) {
        int error = give_back_one(a, mode, &ranges[k]);
        count(error ? &a->stats.errors : &a->stats.returned_bytes, error ? 1 : ranges[k].iov_len);
        first_error = first_error ? first_error : error;
    }
    return first_error;
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    const struct arena_way *way = ctx;
    struct fpr_arena *a = way->arena;
    struct iovec ranges[IOV_BATCH];
    size_t n = 0;
    int first_error = 0;
    count(&a->stats.calls, 1);
    count(&a->stats.entries, nents);
    for (unsigned k = 0; k < nents; k++) {
        n += fits(a, &sg[k], &ranges[n]);
        if (n == IOV_BATCH || (n > 0 && k + 1 == nents)) {
            int error = give_back(a, way->mode, ranges, n);
            first_error = first_error ? first_error : error;
            n = 0;
        }
    }
    return first_error;
}

/* Does the running kernel take this advice for the process itself? */
static bool process_madvise_works(const struct fpr_arena *a)
{
    void *page = mmap(NULL, a->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return false;
    *(volatile char *)page = 1;
    struct iovec range = {.iov_base = page, .iov_len = a->page};
    bool works = process_madvise_self(&range, 1) == (long)a->page && *(volatile char *)page == 0;
    munmap(page, a->page);
    return works;
}

static bool mode_fits(const struct fpr_arena *a, enum fpr_arena_mode mode)
{
    bool private = a->config.backing == FPR_ARENA_ANON;
    switch (mode) {
    case FPR_ARENA_DONTNEED:
    case FPR_ARENA_FREE:
        return private;
    case FPR_ARENA_REMOVE:
    case FPR_ARENA_PUNCH:
        return !private;
    case FPR_ARENA_PROCESS_MADVISE:
        return private && process_madvise_works(a);
    }
    return false;
}

int fpr_arena_device(struct fpr_arena *arena, enum fpr_arena_mode mode, struct fpr_device *device)
{
    static const char *const names[] = {"arena-dontneed", "arena-free", "arena-remove",
                                        "arena-punch", "arena-process-madvise"};
    if (arena == NULL || device == NULL || (unsigned)mode >= FPR_ARENA_NR_MODES)
        return -EINVAL;
    if (!mode_fits(arena, mode))
        return -ENOTSUP;
    *device = (struct fpr_device){.name = names[mode], .report = report, .ctx = &arena->ways[mode]};
    return 0;
}
