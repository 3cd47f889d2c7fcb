/* Everything that can be seen of an object, in one number. What is broken fails the test. */
#ifndef TESTS_DIGEST_H
#define TESTS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_BASIS 0xcbf29ce484222325u

uint64_t digest_word(uint64_t h, uint64_t word);
uint64_t digest_bytes(uint64_t h, const void *bytes, size_t size);

/* The arguments are a struct fpr_zone, fpr_machine, fpr_reporter, fpr_host, fpr_iova_space. Their
 * counters of calls that were refused are left out: those are there to change. */
uint64_t digest_zone(const void *zone);
uint64_t digest_machine(const void *machine);
uint64_t digest_reporter(const void *reporter);
uint64_t digest_host(const void *host);
uint64_t digest_space(const void *space);

#endif
