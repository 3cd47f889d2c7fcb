/* Recomputing what the map believes about itself. */
#include <errno.h>

#include "iova/hardware.h"
#include "iova/leaf.h"
#include "iova/space.h"

struct walk {
    uint64_t count;
    uint64_t next_free; /* first page above the last mapping seen */
    const char *broken;
};

static void check_leaf(struct walk *w, struct fpr_iova_leaf *leaf, uint64_t low, uint64_t high)
{
    if (leaf->n > IOVA_LEAF)
        w->broken = "a leaf holds more mappings than it has room for";
    for (unsigned i = leaf->n; i < IOVA_LEAF && !w->broken; i++)
        if (leaf->delta[i] != INT32_MAX)
            w->broken = "an unused place of a leaf has a key";
    for (unsigned i = 0; i < leaf->n && !w->broken; i++) {
        struct fpr_iova_entry e = fpr_iova_leaf_entry(leaf, i);
        uint64_t first = e.start >> IOVA_PAGE_SHIFT, last = e.last >> IOVA_PAGE_SHIFT;
        if (first < w->next_free)
            w->broken = "two mappings overlap or are out of order";
        else if (e.last < e.start || first < low || last >= high)
            w->broken = "a mapping crosses a key of the tree";
        else if (e.ext && (e.ext->start != e.start || e.ext->pins.pages > last - first + 1))
            w->broken = "an extension does not belong to its mapping";
        w->next_free = last + 1;
        w->count++;
    }
}

static void check_node(struct walk *w, void *node, unsigned height, uint64_t low, uint64_t high)
{
    if (height == 0) {
        check_leaf(w, node, low, high);
        return;
    }
    struct fpr_iova_inner *inner = node;
    if (inner->n == 0 || inner->n > IOVA_FAN)
        w->broken = "an inner node has no children or too many";
    for (unsigned i = inner->n - 1; i < IOVA_FAN - 1 && !w->broken; i++)
        if (*fpr_iova_inner_key(inner, i) != UINT64_MAX)
            w->broken = "an unused key of an inner node";
    for (unsigned i = 0; i < inner->n && !w->broken; i++) {
        uint64_t from = i == 0 ? low : *fpr_iova_inner_key(inner, i - 1);
        uint64_t to = i + 1 == inner->n ? high : *fpr_iova_inner_key(inner, i);
        if (from > to || from < low || to > high)
            w->broken = "keys of an inner node are out of order";
        else
            check_node(w, atomic_load(&inner->child[i]), height - 1, from, to);
    }
}

const char *fpr_iova_tree_check(struct fpr_iova_tree *tree)
{
    uintptr_t root = atomic_load(&tree->root);
    struct walk w = {0};
    check_node(&w, fpr_iova_root_node(root), root & 63, 0, UINT64_MAX);
    if (!w.broken && w.count != tree->count)
        w.broken = "the number of mappings is not what was counted";
    return w.broken;
}

static void add_bits(void *ctx, struct fpr_iova_chunk *chunk)
{
    uint64_t *sum = ctx;
    sum[0] += (uint64_t)__builtin_popcountll(chunk->mask);
    for (unsigned i = 0; i < IOVA_CHUNK; i++) {
        sum[1] += (chunk->refs[i] > 0) != (chunk->mask >> i & 1);
        sum[2] += chunk->frames && chunk->frames[i];
        sum[3] += chunk->refs[i];
    }
}

/* Pins by mapping against pins by memory. */
static const char *check_pins(struct fpr_iova_space *space)
{
    uint64_t by_mapping = 0, saved = 0, backing[4] = {0};
    for (struct fpr_iova_ext *ext = space->pinned; ext; ext = ext->next) {
        uint64_t sum[4] = {0};
        fpr_iova_pinset_walk(&ext->pins, add_bits, sum);
        if (sum[1] || sum[0] != ext->pins.pages || sum[0] == 0)
            return "a mapping's pins are miscounted";
        by_mapping += sum[0];
        saved += sum[2];
    }
    pthread_mutex_lock(&space->pin_lock);
    fpr_iova_pinset_walk(&space->backing, add_bits, backing);
    bool good = backing[0] == space->backing.pages && !backing[1];
    pthread_mutex_unlock(&space->pin_lock);
    if (!good || backing[3] != by_mapping - saved)
        return "pins by memory are not the mappings' pins";
    if (space->kept > saved || (space->kept == 0) != (saved == 0))
        return "frames that devices keep are miscounted";
    if (!space->config.hardware && space->locked != by_mapping)
        return "locked pages are not the pinned pages";
    return NULL;
}

int fpr_iova_space_validate(struct fpr_iova_space *space, const char **reason)
{
    if (!space)
        return -EINVAL;
    if (fpr_iova_lock(space))
        return -EDEADLK;
    const char *broken = fpr_iova_tree_check(&space->tree);
    if (!broken)
        broken = check_pins(space);
    if (!broken)
        broken = fpr_iova_hardware_check(space);
    if (!broken && space->legacy.active)
        broken = fpr_iova_legacy_check(space);
    if (!broken &&
        space->config.entry_limit - space->avail != space->tree.count + space->legacy.tops)
        broken = "mappings and the room left do not add up to the limit";
    pthread_mutex_unlock(&space->lock);
    if (reason)
        *reason = broken;
    return broken ? -EUCLEAN : 0;
}
