/* Touching memory that may not be there. `write` says which side is the doubtful one: true, the
 * destination; false, the source. */
#ifndef IOVA_GUARD_H
#define IOVA_GUARD_H

#include <fpr/iova.h>

/* First address that is not user space on x86-64 with four page-table levels, as the kernel checks
 * before it copies. */
#define IOVA_USER_END UINT64_C(0x7ffffffff000)

/* Which copy routine: raw_x86_64.c or raw_portable.c, which FPR_GUARD_PORTABLE chooses here too. */
#if defined(__x86_64__) && !defined(FPR_GUARD_PORTABLE)
#define IOVA_RAW_X86_64 1
#else
#define IOVA_RAW_X86_64 0
#endif

/* Is the handler of fpr_iova_guard_install() there? */
bool fpr_iova_guard_installed(void);

/* Copies in ascending order. Sizes 1, 2, 4 and 8 are one access to each side where both are
 * aligned. Returns 0, or -1 when it faulted: what lies before the page at fault need not be
 * complete, what lies behind it is untouched. */
#if IOVA_RAW_X86_64
int fpr_iova_raw_copy_short(void *to, const void *from, size_t n);
int fpr_iova_raw_copy_long(void *to, const void *from, size_t n); /* needs AVX */

static inline int fpr_iova_raw_copy(void *to, const void *from, size_t n)
{
    return n > 512 && __builtin_cpu_supports("avx") ? fpr_iova_raw_copy_long(to, from, n)
                                                    : fpr_iova_raw_copy_short(to, from, n);
}
#else
int fpr_iova_raw_copy(void *to, const void *from, size_t n);
#endif

/* Stores to a page what is there, as one locked access. Returns 0, or -1 when it faulted. */
int fpr_iova_raw_probe_write(void *page);

/* For the handler: ends the one of these two that the fault is in. False: it is in neither. May not
 * return. `context` is the handler's third argument. */
bool fpr_iova_raw_leave(void *context);

/* fpr_iova_raw_copy() or the system call, as the guard says. Returns the bytes copied: n, or what
 * lies before the first page (of the doubtful side) that cannot be touched. */
size_t fpr_iova_guard_copy(enum fpr_iova_guard guard, void *to, const void *from, size_t n,
                           bool write);

/* After a fault: copies page by page, up to the one at fault. Returns the bytes copied. */
size_t fpr_iova_copy_pages(void *to, const void *from, size_t n, bool write);

/* Faults a page in, for writing or for reading, without changing it. Returns 0 or -EFAULT. */
int fpr_iova_guard_probe(enum fpr_iova_guard guard, void *page, bool write);

#endif
