/* The part of a mapping that few have: pins, dirty bits, a size or address that a leaf has no room
 * for. Made when first needed; then it is what the leaf points to. */
#ifndef IOVA_EXT_H
#define IOVA_EXT_H

#include "iova/pinset.h"
#include "iova/tree.h"

struct fpr_iova_space;

/* Largest bitmap, in bits, that the kernel makes for one mapping: INT_MAX. */
#define IOVA_MAX_TRACKED UINT64_C(0x7fffffff)

struct fpr_iova_ext {
    uint64_t start; /* as the mapping */
    uint64_t last;
    _Atomic uint64_t va;
    _Atomic(_Atomic uint64_t *) bitmap; /* NULL: not tracked */
    _Atomic uint64_t *old_bitmap;       /* taken away, readers may still have it */
    size_t words;                       /* of the bitmap, one spare included */
    struct fpr_iova_pinset pins;        /* by page index in the mapping */
    struct fpr_iova_ext *next, *prev;   /* in the list of mappings with pins */
};

struct fpr_iova_ext *fpr_iova_ext_new(struct fpr_iova_space *space,
                                      const struct fpr_iova_entry *entry);
/* The mapping's extension at a path, made if it has none. NULL: no memory. */
struct fpr_iova_ext *fpr_iova_ext_get(struct fpr_iova_space *space,
                                      const struct fpr_iova_path *path);
/* Frees an extension; its pins are gone. NULL is accepted. */
void fpr_iova_ext_free(struct fpr_iova_space *space, struct fpr_iova_ext *ext);
/* Gives it a bitmap. Returns 0, -EINVAL (too large), -ENOMEM. */
int fpr_iova_ext_track(struct fpr_iova_space *space, struct fpr_iova_ext *ext);
/* Takes the bitmap away from readers that come later; free it when no reader can have it. */
void fpr_iova_ext_untrack(struct fpr_iova_ext *ext);
void fpr_iova_ext_free_bitmap(struct fpr_iova_space *space, struct fpr_iova_ext *ext);

#endif
