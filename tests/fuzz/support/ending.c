#include "fuzz/support/ending.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define SLOTS 65536u /* blocks remembered; more are leaked */

_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);
/* Of AddressSanitizer; not there in other builds. */
__attribute__((weak)) int
__sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                          void (*on_free)(const volatile void *));

static _Thread_local bool armed;
static jmp_buf back;
static int end_status;
static const volatile void *blocks[SLOTS];
static unsigned nr_blocks;

static void note_malloc(const volatile void *p, size_t size)
{
    (void)size;
    if (armed && p && nr_blocks < SLOTS) {
        blocks[nr_blocks++] = p;
    }
}

static void note_free(const volatile void *p)
{
    for (unsigned i = nr_blocks; armed && i > 0; i--) { /* mostly one of the last */
        if (blocks[i - 1] == p) {
            blocks[i - 1] = blocks[--nr_blocks];
            return;
        }
    }
}

_Noreturn void __wrap_exit(int status)
{
    if (!armed) {
        __real_exit(status);
    }
    end_status = status;
    longjmp(back, 1);
}

bool fuzz_run_to_exit(void (*run)(void *ctx), void *ctx, int *status)
{
    static bool hooked;
    if (!hooked && __sanitizer_install_malloc_and_free_hooks) {
        __sanitizer_install_malloc_and_free_hooks(note_malloc, note_free);
    }
    hooked = true;
    nr_blocks = 0;
    armed = true;
    if (setjmp(back) == 0) {
        run(ctx);
        armed = false;
        return false;
    }
    armed = false;
    for (unsigned i = 0; i < nr_blocks; i++) {
        free((void *)(uintptr_t)blocks[i]);
    }
    *status = end_status;
    return true;
}
