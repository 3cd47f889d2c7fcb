#include "iova/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* One system call for what may span pages: process_vm_readv() on ourselves stops at the first page
 * that it cannot touch, but promises the count for whole pieces only, so a piece is a page. */
static size_t syscall_copy(void *to, const void *from, size_t n, bool write)
{
    enum { PIECES = 64 };
    char *buffer = write ? (char *)(uintptr_t)from : to;
    char *memory = write ? to : (char *)(uintptr_t)from;
    size_t done = 0;
    while (done < n) {
        struct iovec piece[PIECES];
        unsigned pieces = 0;
        size_t want = 0;
        for (; pieces < PIECES && done + want < n; pieces++) {
            char *at = memory + done + want;
            size_t room = FPR_IOVA_PAGE_SIZE - ((uintptr_t)at & (FPR_IOVA_PAGE_SIZE - 1));
            size_t len = n - done - want < room ? n - done - want : room;
            piece[pieces] = (struct iovec){at, len};
            want += len;
        }
        struct iovec local = {buffer + done, want};
        ssize_t got = write ? process_vm_writev(getpid(), &local, 1, piece, pieces, 0)
                            : process_vm_readv(getpid(), &local, 1, piece, pieces, 0);
        if (got > 0)
            done += (size_t)got;
        if (got < 0 || (size_t)got < want)
            break;
    }
    return done;
}

size_t fpr_iova_copy_pages(void *to, const void *from, size_t n, bool write)
{
    size_t done = 0;
    while (done < n) {
        uintptr_t memory = (write ? (uintptr_t)to : (uintptr_t)from) + done;
        size_t room = FPR_IOVA_PAGE_SIZE - (memory & (FPR_IOVA_PAGE_SIZE - 1));
        size_t len = n - done < room ? n - done : room;
        if (fpr_iova_raw_copy((char *)to + done, (const char *)from + done, len))
            break;
        done += len;
    }
    return done;
}

size_t fpr_iova_guard_copy(enum fpr_iova_guard guard, void *to, const void *from, size_t n,
                           bool write)
{
    if (guard == FPR_IOVA_GUARD_SYSCALL)
        return syscall_copy(to, from, n, write);
    if (!fpr_iova_raw_copy(to, from, n))
        return n;
    return fpr_iova_copy_pages(to, from, n, write);
}

/* MADV_POPULATE_WRITE (5.14) does just what a pin does: faults the page in as a write would.
 * Returns 0, -EFAULT, or -ENOSYS. */
static int populate(void *page)
{
#if defined(MADV_POPULATE_WRITE)
    int rc;
    do {
        rc = madvise(page, FPR_IOVA_PAGE_SIZE, MADV_POPULATE_WRITE);
    } while (rc < 0 && (errno == EINTR || errno == EAGAIN));
    if (rc == 0)
        return 0;
    /* EINVAL means memory that is not writable, or an older kernel; that one refuses any length. */
    if (errno != EINVAL || madvise(page, 0, MADV_POPULATE_WRITE) == 0)
        return -EFAULT;
#else
    (void)page;
#endif
    return -ENOSYS;
}

int fpr_iova_guard_probe(enum fpr_iova_guard guard, void *page, bool write)
{
    char byte;
    int rc = write ? populate(page) : -ENOSYS;
    if (rc != -ENOSYS)
        return rc;
    if (guard != FPR_IOVA_GUARD_SYSCALL)
        rc = write ? fpr_iova_raw_probe_write(page) : fpr_iova_raw_copy(&byte, page, 1);
    else /* a store of someone else to this byte can be lost between the two */
        rc = syscall_copy(&byte, page, 1, false) == 1 &&
                     (!write || syscall_copy(page, &byte, 1, true) == 1)
                 ? 0
                 : -1;
    return rc ? -EFAULT : 0;
}
