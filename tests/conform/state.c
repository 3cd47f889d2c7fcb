#include "state.h"

#include <stdlib.h>
#include <string.h>

uint64_t state_pageblocks(const struct golden_header *header)
{
    unsigned shift = header->pageblock_order;
    return ((header->start + header->spanned - 1) >> shift) - (header->start >> shift) + 1;
}

void state_free(struct golden_state *state)
{
    free(state->types);
    free(state->blocks);
    memset(state, 0, sizeof(*state));
}

void state_reset(struct golden_state *state, const struct golden_header *header)
{
    struct golden_state empty = {
        .orders = header->orders,
        .pageblock_order = header->pageblock_order,
        .pcp_lists = header->pcp_lists,
        .types = state->types,
        .types_capacity = state->types_capacity,
        .blocks = state->blocks,
        .capacity = state->capacity,
    };
    *state = empty;
}

bool state_reserve_types(struct golden_state *state, size_t count)
{
    if (count < state->types_capacity) {
        return true;
    }
    char *types = realloc(state->types, count + 1);
    if (!types) {
        return false;
    }
    state->types = types;
    state->types_capacity = count + 1;
    return true;
}

bool state_add_block(struct golden_state *state, struct state_list *list, fpr_pfn pfn,
                     bool reported)
{
    if (!golden_grow((void **)&state->blocks, &state->capacity, state->nr_blocks,
                     sizeof(*state->blocks))) {
        return false;
    }
    if (!list->count) {
        list->first = state->nr_blocks;
    }
    state->blocks[state->nr_blocks++] = (struct state_block){.pfn = pfn, .reported = reported};
    list->count++;
    return true;
}

struct capture {
    struct golden_state *state;
    struct state_list *list;
    bool full;
};

static int capture_block(void *ctx, const struct fpr_block *block)
{
    struct capture *capture = ctx;
    capture->full = !state_add_block(capture->state, capture->list, block->pfn, block->reported);
    return capture->full;
}

static bool capture_types(const struct fpr_zone *zone, const struct golden_header *header,
                          struct golden_state *state)
{
    uint64_t count = state_pageblocks(header);
    if (!state_reserve_types(state, count)) {
        return false;
    }
    fpr_pfn first = header->start >> header->pageblock_order;
    for (uint64_t i = 0; i < count; i++) {
        fpr_pfn pfn = i ? (first + i) << header->pageblock_order : header->start;
        int type = fpr_zone_pageblock_type(zone, pfn);
        state->types[i] = (char)(type < 0 ? '?' : '0' + type);
    }
    state->types[count] = '\0';
    return true;
}

bool state_capture(const struct fpr_zone *zone, const struct golden_header *header, bool with_pcp,
                   struct golden_state *state)
{
    state_reset(state, header);
    struct fpr_zone_counters counters;
    memset(&counters, 0, sizeof(counters));
    fpr_zone_get_counters(zone, &counters);
    state->free = counters.free + (uint64_t)counters.free_lag;
    state->highatomic = counters.highatomic;
    state->boost = counters.boost;
    memcpy(state->wmark, counters.watermark, sizeof(state->wmark));
    struct capture capture = {.state = state};
    for (unsigned order = 0; order < state->orders; order++) {
        state->nr_free[order] = counters.nr_free[order];
        for (int type = 0; type < FPR_NR_MIGRATETYPES; type++) {
            capture.list = &state->lists[order][type];
            fpr_zone_walk_free(zone, order, type, capture_block, &capture);
        }
    }
    state->has_pcp = with_pcp;
    if (with_pcp) {
        struct fpr_pcp_counters pcp;
        memset(&pcp, 0, sizeof(pcp));
        fpr_zone_get_pcp(zone, 0, &pcp);
        state->pcp[0] = pcp.count;
        state->pcp[1] = pcp.high;
        state->pcp[2] = pcp.batch;
        state->pcp[3] = pcp.free_factor;
        for (unsigned i = 0; i < state->pcp_lists; i++) {
            capture.list = &state->pcp_list[i];
            fpr_zone_walk_pcp(zone, 0, i, capture_block, &capture);
        }
    }
    return !capture.full && capture_types(zone, header, state);
}
