/* What unit tests of the IOVA map share: a space over a small arena of memory. */
#ifndef TESTS_IOVA_UNIT_H
#define TESTS_IOVA_UNIT_H

#include <fpr/iova.h>

enum { UNIT_PAGE = FPR_IOVA_PAGE_SIZE, UNIT_PAGES = 32 };

/* Unless said otherwise: page 30 is read-only, page 31 has no access. */
struct iova_unit {
    struct fpr_iova_space *space;
    struct fpr_iova_reader *reader;
    unsigned char *arena;
    unsigned told;
    uint64_t told_iova, told_size;
    bool stubborn; /* the device keeps its pins */
};

/* The config of a profile with this fixture's device. */
void unit_config(struct iova_unit *u, enum fpr_iova_profile profile,
                 struct fpr_iova_config *config);
/* Returns 0 or a negative errno. */
int unit_open(struct iova_unit *u, const struct fpr_iova_config *config);
void unit_close(struct iova_unit *u);
/* Maps arena pages. */
int unit_map(struct iova_unit *u, uint64_t iova, unsigned pages, unsigned arena_page,
             unsigned flags);

#endif
