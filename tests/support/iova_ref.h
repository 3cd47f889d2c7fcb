/* A slow, obvious model of the IOVA map (v2 or v1, exact dirty bits, ends inclusive), over a small
 * window of pages: what tests compare the real one with. */
#ifndef TESTS_IOVA_REF_H
#define TESTS_IOVA_REF_H

#include <fpr/iova.h>

enum { REF_PAGES = 384, REF_MEMORY = 16 };

/* First address of the window; ends at 2^64 so that the top is tested too. */
#define REF_BASE (UINT64_C(0) - (uint64_t)REF_PAGES * FPR_IOVA_PAGE_SIZE)

struct ref_page {
    int map;       /* index of the mapping, -1: none */
    unsigned pins; /* references */
    bool dirty;
};

struct ref_map {
    bool used;
    unsigned first, pages; /* in the window */
    unsigned memory;       /* first page of the memory behind it */
    unsigned prot;
};

struct iova_ref {
    bool v1, tracking;
    unsigned limit, count;
    struct ref_page page[REF_PAGES];
    struct ref_map map[REF_PAGES];
    unsigned char memory[REF_MEMORY * FPR_IOVA_PAGE_SIZE];
    unsigned told; /* unmap notifications */
};

void ref_init(struct iova_ref *ref, bool v1, unsigned limit);
/* The window's page may be any number: outside means below the window, where nothing is mapped. */
int ref_map(struct iova_ref *ref, unsigned first, unsigned pages, unsigned memory, unsigned prot);
int ref_unmap(struct iova_ref *ref, unsigned first, unsigned pages, uint64_t *bytes,
              uint64_t *bitmap);
uint64_t ref_unmap_all(struct iova_ref *ref);
int ref_rw(struct iova_ref *ref, uint64_t offset, unsigned char *data, size_t len, bool write,
           size_t *done);
int ref_pin(struct iova_ref *ref, unsigned first, unsigned pages, unsigned prot);
void ref_unpin(struct iova_ref *ref, unsigned first, unsigned pages);
unsigned ref_locked(const struct iova_ref *ref);
int ref_dirty_start(struct iova_ref *ref);
int ref_dirty_stop(struct iova_ref *ref);
int ref_dirty_get(struct iova_ref *ref, unsigned first, unsigned pages, uint64_t *bitmap);

/* One run of an operation string: both do what it says and are compared after each operation.
 * Every byte is used, any string is good. Returns NULL or what differs (static text). */
const char *iova_ref_run(const unsigned char *ops, size_t n);

#endif
