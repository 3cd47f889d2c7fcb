/* The heap, failing when told: for what the library takes from malloc() and its like instead of
 * from a caller's source. Only the calls of the program's own objects and archives are caught (the
 * linker's --wrap, see tests/CMakeLists.txt), so that test frameworks, libc and other libraries go
 * on on as ever; calls that make another library take memory (inflateInit2() and the like) count as
 * one request each. */
#ifndef TESTS_LEAN_HEAP_H
#define TESTS_LEAN_HEAP_H

#include <stddef.h>

/* Pieces of memory out now, mappings included. */
size_t lean_heap_live(void);

/* From here on the n-th request fails, and all behind it; 0: none any more. Returns how many have
 * failed since the last call. */
unsigned lean_heap_fail(unsigned n);

/* Calls act(ctx) with the first request failing, then the second …, until a call makes no more of
 * them; then all over again, failing from that request on. What fails must answer -ENOMEM, give
 * back what it took and change nothing that is watched (misuse.h); what finds a way round must
 * answer from 0 on. Returns how many requests there were to fail. */
unsigned lean_heap_exhaust(int (*act)(void *ctx), void *ctx);

#endif
