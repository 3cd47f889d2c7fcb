/* Reading a state from a golden file. */
#include "state.h"

#include <string.h>

#include "fields.h"
#include "lines.h"

static bool parse_numbers(struct golden_state *state, struct fields *f)
{
    return fields_dec(f, "free", INT64_MAX, &state->free) &&
           fields_dec(f, "highatomic", INT64_MAX, &state->highatomic) &&
           fields_dec(f, "boost", INT64_MAX, &state->boost) &&
           fields_dec(f, "wmark_min", INT64_MAX, &state->wmark[FPR_WMARK_MIN]) &&
           fields_dec(f, "wmark_low", INT64_MAX, &state->wmark[FPR_WMARK_LOW]) &&
           fields_dec(f, "wmark_high", INT64_MAX, &state->wmark[FPR_WMARK_HIGH]) && fields_end(f);
}

static bool parse_nr_free(struct golden_state *state, struct fields *f)
{
    for (unsigned order = 0; order < state->orders; order++) {
        if (!fields_dec(f, "nr_free", INT64_MAX, &state->nr_free[order])) {
            return false;
        }
    }
    return fields_end(f);
}

static bool parse_types(struct golden_state *state, struct fields *f, uint64_t wanted)
{
    size_t count = strlen(f->at);
    if (count != wanted) {
        return fields_bad(f, "%zu pageblock types, but the zone has %llu pageblocks", count,
                          (unsigned long long)wanted);
    }
    for (size_t i = 0; i < count; i++) {
        if (f->at[i] < '0' || f->at[i] >= '0' + FPR_NR_MIGRATETYPES) {
            return fields_bad(f, "pageblock %zu: '%c' is not a type", i, f->at[i]);
        }
    }
    if (!state_reserve_types(state, count)) {
        return fields_bad(f, "out of memory");
    }
    memcpy(state->types, f->at, count + 1);
    return true;
}

static bool block_fits(const struct golden_header *header, struct fields *f, fpr_pfn pfn,
                       unsigned order)
{
    if (pfn & (((fpr_pfn)1 << order) - 1)) {
        return fields_bad(f, "block %llx is not aligned to order %u", (unsigned long long)pfn,
                          order);
    }
    uint64_t pages = (uint64_t)1 << order;
    if (pfn < header->start || pages > header->spanned ||
        pfn - header->start > header->spanned - pages) {
        return fields_bad(f, "block %llx of order %u is out of the zone", (unsigned long long)pfn,
                          order);
    }
    return true;
}

/* The blocks of an l or q line. */
static bool parse_blocks(struct golden_state *state, const struct golden_header *header,
                         struct fields *f, struct state_list *list, unsigned order, bool marks)
{
    do {
        fpr_pfn pfn = 0;
        bool reported = false;
        if (!(marks ? fields_hex_marked(f, "pfn", '*', &pfn, &reported)
                    : fields_hex(f, "pfn", &pfn)) ||
            !block_fits(header, f, pfn, order)) {
            return false;
        }
        if (!state_add_block(state, list, pfn, reported)) {
            return fields_bad(f, "out of memory");
        }
    } while (!fields_over(f));
    return true;
}

static bool parse_list(struct golden_state *state, const struct golden_header *header,
                       struct fields *f, unsigned long line, unsigned *last)
{
    unsigned order = 0;
    unsigned type = 0;
    if (!fields_uint(f, "order", state->orders - 1, &order) ||
        !fields_uint(f, "type", FPR_NR_MIGRATETYPES - 1, &type)) {
        return false;
    }
    unsigned place = 1 + order * FPR_NR_MIGRATETYPES + type;
    if (place <= *last) {
        return fields_bad(f, "lists must come by order, then type, each once");
    }
    *last = place;
    state->lists[order][type].line = line;
    return parse_blocks(state, header, f, &state->lists[order][type], order, true);
}

static unsigned pcp_order(const struct golden_state *state, unsigned list)
{
    return list < 12 ? list / FPR_NR_PCPTYPES : state->pageblock_order;
}

static bool parse_pcp_list(struct golden_state *state, const struct golden_header *header,
                           struct fields *f, unsigned long line, unsigned *last)
{
    unsigned index = 0;
    if (!fields_uint(f, "index", state->pcp_lists - 1, &index)) {
        return false;
    }
    if (index + 1 <= *last) {
        return fields_bad(f, "per-cpu lists must come by index, each once");
    }
    *last = index + 1;
    state->pcp_list[index].line = line;
    return parse_blocks(state, header, f, &state->pcp_list[index], pcp_order(state, index), false);
}

static bool parse_pcp(struct golden_state *state, struct fields *f)
{
    static const char *const names[] = {"count", "high", "batch", "free_factor"};
    state->has_pcp = true;
    for (int i = 0; i < 4; i++) {
        if (!fields_dec(f, names[i], INT32_MAX, &state->pcp[i])) {
            return false;
        }
    }
    return fields_end(f);
}

/* Counts that must follow from the lists. */
static bool consistent(const struct golden_state *state, struct conform_result *result)
{
    uint64_t pages = 0;
    for (unsigned order = 0; order < state->orders; order++) {
        uint64_t blocks = 0;
        for (unsigned type = 0; type < FPR_NR_MIGRATETYPES; type++) {
            size_t count = state->lists[order][type].count;
            blocks += count;
            pages += type == FPR_ISOLATE ? 0 : (uint64_t)count << order;
        }
        if (blocks != state->nr_free[order]) {
            return conform_fail(result, state->n_line,
                                "impossible state: nr_free of order %u is %llu, but its lists "
                                "hold %llu blocks",
                                order, (unsigned long long)state->nr_free[order],
                                (unsigned long long)blocks);
        }
    }
    if (pages != state->free) {
        return conform_fail(result, state->z_line,
                            "impossible state: %llu pages free, but the lists hold %llu",
                            (unsigned long long)state->free, (unsigned long long)pages);
    }
    if (state->has_pcp) {
        uint64_t held = 0;
        for (unsigned i = 0; i < state->pcp_lists; i++) {
            held += (uint64_t)state->pcp_list[i].count << pcp_order(state, i);
        }
        if (held != state->pcp[0]) {
            return conform_fail(result, state->p_line,
                                "impossible state: %llu pages on per-cpu lists, but the lists "
                                "hold %llu",
                                (unsigned long long)state->pcp[0], (unsigned long long)held);
        }
    }
    return true;
}

/* One line of a state. *stage is the first place in `stages` where it may stand. */
static bool parse_state_line(struct golden_state *state, const struct golden_header *header,
                             const char *line, unsigned long number, struct fields *f,
                             unsigned *stage, unsigned last[2])
{
    /* z, n and b must be there, each once; l and q may repeat */
    static const char stages[] = "znblpq.";
    const char *kind = line[0] ? strchr(stages, line[0]) : NULL;
    fields_begin(f, line);
    if (!kind || (line[1] && line[1] != ' ')) {
        return fields_bad(f, "'%.40s' is no line of a state", line);
    }
    fields_begin(f, line[1] ? line + 2 : line + 1);
    unsigned at = (unsigned)(kind - stages);
    if (*stage < 3 ? at != *stage : at < *stage || (*kind == 'q' && !state->has_pcp)) {
        return fields_bad(f, "a line '%c' is out of place here", *kind);
    }
    *stage = *kind == 'l' || *kind == 'q' ? at : at + 1;
    switch (*kind) {
    case 'z':
        state->z_line = number;
        return parse_numbers(state, f);
    case 'n':
        state->n_line = number;
        return parse_nr_free(state, f);
    case 'b':
        state->b_line = number;
        return parse_types(state, f, state_pageblocks(header));
    case 'l':
        return parse_list(state, header, f, number, &last[0]);
    case 'p':
        state->p_line = number;
        return parse_pcp(state, f);
    case 'q':
        return parse_pcp_list(state, header, f, number, &last[1]);
    default:
        return fields_end(f);
    }
}

bool golden_read_state(struct lines *in, const struct golden_header *header,
                       struct golden_state *state, struct conform_result *result)
{
    unsigned stage = 0;
    unsigned last[2] = {0, 0};
    state_reset(state, header);
    for (;;) {
        char *line = NULL;
        size_t length = 0;
        struct fields f;
        int got = lines_next(in, &line, &length);
        unsigned long number = lines_number(in);
        if (got < 0) {
            return conform_fail(result, number, "%s", lines_error(in));
        }
        if (!got) {
            return conform_fail(result, number, "the file is cut short: it ends in a state");
        }
        if (strlen(line) != length) {
            return conform_fail(result, number, "not text: a NUL byte");
        }
        if (line[0] == '#') {
            continue;
        }
        if (!parse_state_line(state, header, line, number, &f, &stage, last)) {
            return conform_fail(result, number, "state: %s", f.error);
        }
        if (line[0] == '.') {
            return consistent(state, result);
        }
    }
}
