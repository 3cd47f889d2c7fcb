/* The guarded copy on other machines: the C library's, which the handler leaves by a jump. Twice as
 * slow for short copies, and the stores may go either way. */
#include "iova/guard.h"

#if !IOVA_RAW_X86_64

#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>

static _Thread_local sigjmp_buf *volatile landing;

bool fpr_iova_raw_leave(void *context)
{
    const ucontext_t *interrupted = context;
    if (!landing)
        return false;
    /* Of somebody who chains to us the signal may be blocked now. */
    pthread_sigmask(SIG_SETMASK, &interrupted->uc_sigmask, NULL);
    siglongjmp(*landing, 1);
}

/* The compiler keeps what may fault between these. */
static inline void take_off(sigjmp_buf *here)
{
    landing = here;
    atomic_signal_fence(memory_order_seq_cst);
}

static inline void land(void)
{
    atomic_signal_fence(memory_order_seq_cst);
    landing = NULL;
}

/* Of sizes that the processor has. */
static void one_access(void *to, const void *from, size_t n)
{
    switch (n) {
    case 1:
        *(volatile uint8_t *)to = *(const volatile uint8_t *)from;
        return;
    case 2:
        *(volatile uint16_t *)to = *(const volatile uint16_t *)from;
        return;
    case 4:
        *(volatile uint32_t *)to = *(const volatile uint32_t *)from;
        return;
    default:
        *(volatile uint64_t *)to = *(const volatile uint64_t *)from;
    }
}

int fpr_iova_raw_copy(void *to, const void *from, size_t n)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0)) {
        land();
        return -1;
    }
    take_off(&here);
    bool aligned = !(((uintptr_t)to | (uintptr_t)from) & (n - 1));
    if (aligned && (n == 1 || n == 2 || n == 4 || n == 8)) {
        one_access(to, from, n);
    } else {
        /* Page by page of the destination, so that nothing behind a page at fault is written. */
        for (size_t done = 0, len; done < n; done += len) {
            uintptr_t at = (uintptr_t)to + done;
            size_t room = FPR_IOVA_PAGE_SIZE - (at & (FPR_IOVA_PAGE_SIZE - 1));
            len = n - done < room ? n - done : room;
            memcpy((char *)to + done, (const char *)from + done, len);
        }
    }
    land();
    return 0;
}

/* ThreadSanitizer's own addition holds a lock, which the jump would leave held. */
__attribute__((no_sanitize("thread"))) int fpr_iova_raw_probe_write(void *page)
{
    sigjmp_buf here;
    if (sigsetjmp(here, 0)) {
        land();
        return -1;
    }
    take_off(&here);
    atomic_fetch_or((_Atomic uint8_t *)page, 0);
    land();
    return 0;
}

#else
typedef int fpr_iova_raw_portable_unused;
#endif
