/* Counted pins of pages, by page number: a hash table of chunks of 64 pages. */
#ifndef IOVA_PINSET_H
#define IOVA_PINSET_H

#include <fpr/iova.h>
#include <fpr/mem.h>

enum { IOVA_CHUNK = 64 };

/* A frame that a device keeps when its page is discarded: a page, and how many mappings pin it. */
#define IOVA_FRAME_BYTES (FPR_IOVA_PAGE_SIZE + sizeof(uint64_t))
static inline uint64_t *fpr_iova_frame_users(void *frame)
{
    return (uint64_t *)(void *)((char *)frame + FPR_IOVA_PAGE_SIZE);
}
/* One less. Returns whether that was the last, so that it is gone. */
bool fpr_iova_frame_put(const struct fpr_mem_ops *mem, void *frame);

struct fpr_iova_chunk {
    uint64_t key;  /* page number / 64 */
    uint64_t mask; /* pages with a count */
    uint32_t refs[IOVA_CHUNK];
    void **frames; /* saved content of pages that were discarded; NULL: none */
};

struct fpr_iova_pinset {
    struct fpr_iova_chunk **table; /* open addressing, linear; never full */
    size_t size;                   /* power of two or 0 */
    size_t chunks;
    uint64_t pages; /* with a count */
};

void fpr_iova_pinset_free(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem);
/* The chunk that holds a page; NULL: none of its pages has a count. */
struct fpr_iova_chunk *fpr_iova_pinset_find(const struct fpr_iova_pinset *set, uint64_t page);
/* Adds a reference. Returns the count after it, or -ENOMEM. */
int64_t fpr_iova_pinset_add(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem,
                            uint64_t page);
/* Drops up to `refs` references of a page that may have none. *frame becomes the saved frame when
 * the last goes and there is one, else NULL. Returns the references left, or -1: it had none. */
int64_t fpr_iova_pinset_drop(struct fpr_iova_pinset *set, const struct fpr_mem_ops *mem,
                             uint64_t page, uint32_t refs, void **frame);
/* Pages with a count in [first, first + n). */
uint64_t fpr_iova_pinset_count(const struct fpr_iova_pinset *set, uint64_t first, uint64_t n);
/* Calls visit for each chunk; visit must not change the table. */
void fpr_iova_pinset_walk(const struct fpr_iova_pinset *set,
                          void (*visit)(void *ctx, struct fpr_iova_chunk *chunk), void *ctx);

#endif
