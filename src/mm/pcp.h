/* Per-cpu lists in front of the free lists. */
#ifndef MM_PCP_H
#define MM_PCP_H

#include "mm/zone.h"

/* Lists are numbered as the kernel numbers them: three for each of the orders 0..3, then those of
 * the pageblock order. */
#define PCP_HUGE_LISTS_START (FPR_NR_PCPTYPES * PCP_ROWS)

/* Number of the list for a block; `mt` is 0..2. */
static inline unsigned fpr_pcp_list_index(const struct fpr_zone *z, unsigned order, int mt)
{
    if (order <= PCP_COSTLY_ORDER) {
        return FPR_NR_PCPTYPES * order + (unsigned)mt;
    }
    return PCP_HUGE_LISTS_START +
           (z->policy.pcp == FPR_PCP_MULTI_RR ? (unsigned)mt : mt == FPR_MOVABLE);
}

/* The list of that number. */
static inline struct list *fpr_pcp_list(const struct pcp *p, unsigned list)
{
    const struct list *l = list < PCP_HUGE_LISTS_START
                               ? &p->row[list / FPR_NR_PCPTYPES][list % FPR_NR_PCPTYPES]
                               : &p->huge[list - PCP_HUGE_LISTS_START];
    return (struct list *)(uintptr_t)l;
}

/* Pages on the lists. */
static inline unsigned fpr_pcp_count(const struct pcp *p)
{
    return (unsigned)((int64_t)p->high - 1 - p->room);
}

/* Values that no multiple of the batch in use overflows with. */
static inline bool fpr_pcp_limits_ok(unsigned high, unsigned batch)
{
    return batch >= 1 && batch <= INT32_MAX / 64 && high <= INT32_MAX;
}

/* Another `high` for as many pages. */
static inline void fpr_pcp_set_high(struct pcp *p, unsigned high)
{
    p->room += (int64_t)high - (int64_t)p->high;
    p->high = high;
}

/* Order of the blocks on a list. */
static inline unsigned fpr_pcp_list_order(const struct fpr_zone *z, unsigned list)
{
    return list < PCP_HUGE_LISTS_START ? list / FPR_NR_PCPTYPES : z->pageblock_order;
}

/* Takes a block, refilling its list when it is empty; BLOCK_NONE if that finds nothing. */
uint64_t fpr_pcp_alloc(struct fpr_zone *z, struct pcp *p, unsigned order, int mt, unsigned flags);
/* The same without halving free_factor first (bulk allocator). */
uint64_t fpr_pcp_pop(struct fpr_zone *z, struct pcp *p, unsigned order, int mt, unsigned flags);
/* Puts a block in front of its list; may drain. `mt` is what it will be freed as: 0..3. */
void fpr_pcp_free(struct fpr_zone *z, struct pcp *p, uint32_t i, unsigned order, int mt);
/* Empties all lists. */
void fpr_pcp_drain(struct fpr_zone *z, struct pcp *p);
/* Links a block at the head or tail of a list and counts it, nothing else. */
void fpr_pcp_link(struct fpr_zone *z, struct pcp *p, unsigned list, uint32_t i, int mt, bool tail);
/* Unlinks a block that is on `list`. */
void fpr_pcp_unlink(struct fpr_zone *z, struct pcp *p, unsigned list, uint32_t i);
/* The lists' owner may use them alone; false if somebody else does now. */
bool fpr_pcp_trylock(struct fpr_zone *z, struct pcp *p);
void fpr_pcp_lock(struct fpr_zone *z, struct pcp *p);
void fpr_pcp_unlock(struct fpr_zone *z, struct pcp *p);
/* Empty lists of one cpu, with the tags that blocks on them have. */
void fpr_pcp_init(const struct fpr_zone *z, struct pcp *p);
/* Recomputes pcp_through after high, batch or count changed. */
void fpr_pcp_settings_changed(struct fpr_zone *z);
/* Gives a zone made with pcp_auto the kernel's batch and high; after its watermarks changed. */
void fpr_pcp_auto(struct fpr_zone *z);

#endif
