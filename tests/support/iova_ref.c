#include "support/iova_ref.h"

#include <errno.h>
#include <string.h>

void ref_init(struct iova_ref *ref, bool v1, unsigned limit)
{
    memset(ref, 0, sizeof(*ref));
    ref->v1 = v1;
    ref->limit = limit;
    for (unsigned i = 0; i < REF_PAGES; i++)
        ref->page[i].map = -1;
}

int ref_map(struct iova_ref *ref, unsigned first, unsigned pages, unsigned memory, unsigned prot)
{
    if (prot == 0 || pages == 0 || first + pages > REF_PAGES)
        return -EINVAL;
    for (unsigned i = first; i < first + pages; i++)
        if (ref->page[i].map >= 0)
            return -EEXIST;
    if (ref->count == ref->limit)
        return -ENOSPC;
    int m = 0;
    while (ref->map[m].used)
        m++;
    ref->map[m] = (struct ref_map){true, first, pages, memory, prot};
    for (unsigned i = first; i < first + pages; i++)
        ref->page[i] = (struct ref_page){.map = m};
    ref->count++;
    return 0;
}

/* Is there a mapping that [first, first + pages) cuts? */
static bool bisects(const struct iova_ref *ref, unsigned first, unsigned pages)
{
    unsigned end = first + pages;
    int at = ref->page[first].map, before = first ? ref->page[first - 1].map : -1;
    if (at >= 0 && at == before)
        return true;
    at = ref->page[end - 1].map;
    int behind = end < REF_PAGES ? ref->page[end].map : -1;
    return at >= 0 && at == behind;
}

static void put_bit(uint64_t *bitmap, unsigned bit, bool value)
{
    if (value)
        bitmap[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Exact bits: words that a mapping touches hold its pages' bits, others are left alone. */
static void report(struct iova_ref *ref, unsigned first, unsigned pages, uint64_t *bitmap,
                   bool again)
{
    for (unsigned w = 0; w * 64 < pages; w++) {
        bool touched = false;
        for (unsigned i = w * 64; i < w * 64 + 64 && i < pages; i++)
            touched |= ref->page[first + i].map >= 0;
        if (touched)
            bitmap[w] = 0;
    }
    for (unsigned i = 0; i < pages; i++) {
        struct ref_page *p = &ref->page[first + i];
        if (p->map < 0)
            continue;
        put_bit(bitmap, i, p->dirty);
        p->dirty = again && p->pins > 0;
    }
}

static uint64_t remove_map(struct iova_ref *ref, int m)
{
    struct ref_map *map = &ref->map[m];
    bool pinned = false;
    for (unsigned i = map->first; i < map->first + map->pages; i++) {
        pinned |= ref->page[i].pins > 0;
        ref->page[i] = (struct ref_page){.map = -1};
    }
    ref->told += pinned;
    map->used = false;
    ref->count--;
    return (uint64_t)map->pages * FPR_IOVA_PAGE_SIZE;
}

int ref_unmap(struct iova_ref *ref, unsigned first, unsigned pages, uint64_t *bytes,
              uint64_t *bitmap)
{
    if (pages == 0 || first + pages > REF_PAGES)
        return -EINVAL;
    if (bitmap && !ref->tracking)
        return -EINVAL;
    if (!ref->v1 && bisects(ref, first, pages))
        return -EINVAL;
    *bytes = 0;
    if (bitmap)
        report(ref, first, pages, bitmap, false);
    for (unsigned i = first; i < first + pages; i++) {
        int m = ref->page[i].map;
        if (m < 0)
            continue;
        if (ref->v1 && ref->map[m].first < first)
            break;
        *bytes += remove_map(ref, m);
    }
    return 0;
}

uint64_t ref_unmap_all(struct iova_ref *ref)
{
    uint64_t bytes = 0;
    for (int m = 0; m < REF_PAGES; m++)
        if (ref->map[m].used)
            bytes += remove_map(ref, m);
    return bytes;
}

/* Byte by byte, except that permission is asked and dirt is made chunk by chunk. */
int ref_rw(struct iova_ref *ref, uint64_t offset, unsigned char *data, size_t len, bool write,
           size_t *done)
{
    *done = 0;
    if (len == 0)
        return -EINVAL;
    while (*done < len) {
        uint64_t at = offset + *done;
        unsigned page = (unsigned)(at / FPR_IOVA_PAGE_SIZE);
        if (page >= REF_PAGES || ref->page[page].map < 0)
            return -EINVAL;
        const struct ref_map *map = &ref->map[ref->page[page].map];
        unsigned need = FPR_IOVA_READ | (write ? FPR_IOVA_WRITE : 0);
        if ((map->prot & need) != need)
            return -EPERM;
        uint64_t memory = (uint64_t)map->memory * FPR_IOVA_PAGE_SIZE + at % FPR_IOVA_PAGE_SIZE +
                          (uint64_t)(page - map->first) * FPR_IOVA_PAGE_SIZE;
        if (write) {
            ref->memory[memory] = data[*done];
            ref->page[page].dirty |= ref->tracking;
        } else {
            data[*done] = ref->memory[memory];
        }
        ++*done;
    }
    return 0;
}

int ref_pin(struct iova_ref *ref, unsigned first, unsigned pages, unsigned prot)
{
    if (pages == 0)
        return -EINVAL;
    if (ref->v1)
        return -EACCES;
    int rc = 0;
    unsigned i = first;
    for (; i < first + pages && rc == 0; i++) {
        int m = i < REF_PAGES ? ref->page[i].map : -1;
        if (m < 0)
            rc = -EINVAL;
        else if ((ref->map[m].prot & prot) != prot)
            rc = -EPERM;
        else if (ref->page[i].pins++ == 0)
            ref->page[i].dirty |= ref->tracking;
    }
    if (rc == 0)
        return (int)pages;
    for (i--; i-- > first;)
        ref->page[i].pins--;
    return rc;
}

void ref_unpin(struct iova_ref *ref, unsigned first, unsigned pages)
{
    if (ref->v1)
        return;
    for (unsigned i = first; i < first + pages && i < REF_PAGES && ref->page[i].map >= 0; i++)
        if (ref->page[i].pins > 0)
            ref->page[i].pins--;
}

unsigned ref_locked(const struct iova_ref *ref)
{
    unsigned locked = 0;
    for (unsigned i = 0; i < REF_PAGES; i++)
        locked += ref->page[i].pins > 0;
    return locked;
}

int ref_dirty_start(struct iova_ref *ref)
{
    if (ref->v1)
        return -EACCES;
    if (!ref->tracking)
        for (unsigned i = 0; i < REF_PAGES; i++)
            ref->page[i].dirty = ref->page[i].pins > 0;
    ref->tracking = true;
    return 0;
}

int ref_dirty_stop(struct iova_ref *ref)
{
    if (ref->v1)
        return -EACCES;
    ref->tracking = false;
    return 0;
}

int ref_dirty_get(struct iova_ref *ref, unsigned first, unsigned pages, uint64_t *bitmap)
{
    if (ref->v1)
        return -EACCES;
    if (pages == 0 || first + pages > REF_PAGES || !ref->tracking || bisects(ref, first, pages))
        return -EINVAL;
    report(ref, first, pages, bitmap, true);
    return 0;
}
