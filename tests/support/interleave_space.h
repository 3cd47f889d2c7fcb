/* A small space of I/O addresses for threads to be played against each other on. What it frees is
 * overwritten and kept until it is closed: whoever still uses that is found out. */
#ifndef TESTS_INTERLEAVE_SPACE_H
#define TESTS_INTERLEAVE_SPACE_H

#include <fpr/iova.h>

#include "support/interleave.h"

enum { PAGE = FPR_IOVA_PAGE_SIZE, PAGES = 4, WORDS = PAGE / 8 };

#define POISON    UINT64_C(0xdeaddeaddeaddead)
#define STAMP     UINT64_C(0x5a5a5a5a5a5a5a5a)
#define AT(page)  (UINT64_C(0x100000) + (uint64_t)(page)*PAGE)
#define READWRITE (FPR_IOVA_READ | FPR_IOVA_WRITE)

extern uint64_t space_memory[PAGES][WORDS]; /* page n is mapped at AT(n) */
extern struct fpr_iova_space *space;
extern struct fpr_iova_reader *space_reader[2];

struct fpr_iova_config space_config(enum fpr_iova_profile profile);
/* A space with page 0 mapped, stamped memory and two readers; biased ones have read so often that
 * they take the short way in. */
void space_open(const struct fpr_iova_config *config, bool biased);
void space_open_usual(bool biased);
/* Nothing may be pinned. */
void space_close(void);

void space_fill(unsigned page, uint64_t value);
void space_must_be(unsigned page, uint64_t value);
void space_map(unsigned page, unsigned pages);
void space_unmap(unsigned page, unsigned pages);

#endif
