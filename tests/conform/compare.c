/* Two states side by side. */
#include "state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CONTEXT = 2, SHOWN = 12 };

struct side_by_side {
    const struct golden_state *left, *right;
    const struct state_titles *titles;
    struct conform_result *result;
    bool same;
};

/* The first difference is the failure; all go to the detail. */
static void number_differs(struct side_by_side *s, unsigned long line, const char *name,
                           uint64_t left, uint64_t right)
{
    if (left == right) {
        return;
    }
    s->same = false;
    conform_fail(s->result, line, "expected %s %" PRIu64 ", got %" PRIu64, name, left, right);
    conform_detail(s->result, "%s: %s %" PRIu64 ", %s %" PRIu64 "\n", name, s->titles->left, left,
                   s->titles->right, right);
}

static void compare_counters(struct side_by_side *s)
{
    const struct golden_state *l = s->left;
    const struct golden_state *r = s->right;
    static const char *const wmark[] = {"wmark_min", "wmark_low", "wmark_high"};
    number_differs(s, l->z_line, "free", l->free, r->free);
    number_differs(s, l->z_line, "highatomic", l->highatomic, r->highatomic);
    number_differs(s, l->z_line, "boost", l->boost, r->boost);
    for (int i = 0; i < FPR_NR_WMARKS; i++) {
        number_differs(s, l->z_line, wmark[i], l->wmark[i], r->wmark[i]);
    }
    for (unsigned order = 0; order < l->orders; order++) {
        char name[32];
        snprintf(name, sizeof(name), "nr_free of order %u", order);
        number_differs(s, l->n_line, name, l->nr_free[order], r->nr_free[order]);
    }
}

static void compare_types(struct side_by_side *s)
{
    unsigned shown = 0;
    for (size_t i = 0; s->left->types[i] && s->right->types[i]; i++) {
        char left = s->left->types[i];
        char right = s->right->types[i];
        if (left == right) {
            continue;
        }
        s->same = false;
        conform_fail(s->result, s->left->b_line, "expected type %c of pageblock %zu, got %c", left,
                     i, right);
        if (shown++ < SHOWN) {
            conform_detail(s->result, "type of pageblock %zu: %s %c, %s %c\n", i, s->titles->left,
                           left, s->titles->right, right);
        }
    }
}

static void entry_text(const struct golden_state *state, const struct state_list *list, size_t i,
                       char text[24])
{
    if (i >= list->count) {
        snprintf(text, 24, "%s", i == list->count ? "(end)" : "");
        return;
    }
    const struct state_block *block = &state->blocks[list->first + i];
    snprintf(text, 24, "%" PRIx64 "%s", block->pfn, block->reported ? "*" : "");
}

static bool entry_same(const struct golden_state *l, const struct state_list *ll,
                       const struct golden_state *r, const struct state_list *rl, size_t i)
{
    const struct state_block *a = &l->blocks[ll->first + i];
    const struct state_block *b = &r->blocks[rl->first + i];
    return a->pfn == b->pfn && a->reported == b->reported;
}

/* Returns whether two lists are alike; if not, shows them around the first entry that differs. */
static bool compare_list(struct side_by_side *s, const char *name, unsigned long line,
                         const struct state_list *ll, const struct state_list *rl)
{
    size_t least = ll->count < rl->count ? ll->count : rl->count;
    size_t most = ll->count < rl->count ? rl->count : ll->count;
    size_t at = 0;
    while (at < least && entry_same(s->left, ll, s->right, rl, at)) {
        at++;
    }
    if (at == most) {
        return true;
    }
    char left[24];
    char right[24];
    entry_text(s->left, ll, at, left);
    entry_text(s->right, rl, at, right);
    s->same = false;
    conform_fail(s->result, line, "expected %s at entry %zu of %s, got %s", left, at, name, right);
    conform_detail(s->result, "%s differs at entry %zu (%s has %zu, %s has %zu; * is Reported)\n",
                   name, at, s->titles->left, ll->count, s->titles->right, rl->count);
    conform_detail(s->result, "  entry  %-18s %s\n", s->titles->left, s->titles->right);
    size_t from = at > CONTEXT ? at - CONTEXT : 0;
    for (size_t i = from; i <= most && i < from + SHOWN; i++) {
        entry_text(s->left, ll, i, left);
        entry_text(s->right, rl, i, right);
        bool same = i < least && entry_same(s->left, ll, s->right, rl, i);
        conform_detail(s->result, "%c %5zu  %-18s %s\n", same || i >= most ? ' ' : '>', i, left,
                       right);
    }
    if (from + SHOWN <= most) {
        conform_detail(s->result, "  … to entry %zu\n", most);
    }
    return false;
}

/* Line of a list in the file; the dump's counts where the file leaves an empty list out. */
static unsigned long list_line(const struct golden_state *state, const struct state_list *list)
{
    return list->line ? list->line : state->n_line;
}

static void compare_lists(struct side_by_side *s)
{
    char name[48];
    for (unsigned order = 0; order < s->left->orders; order++) {
        for (int type = 0; type < FPR_NR_MIGRATETYPES; type++) {
            const struct state_list *list = &s->left->lists[order][type];
            snprintf(name, sizeof(name), "free list of order %u, type %d", order, type);
            if (!compare_list(s, name, list_line(s->left, list), list,
                              &s->right->lists[order][type]) &&
                !s->titles->all_lists) {
                return;
            }
        }
    }
}

static void compare_pcp(struct side_by_side *s)
{
    static const char *const names[] = {"per-cpu count", "per-cpu high", "per-cpu batch",
                                        "per-cpu free_factor"};
    const struct golden_state *l = s->left;
    for (int i = 0; i < 4; i++) {
        number_differs(s, l->p_line, names[i], l->pcp[i], s->right->pcp[i]);
    }
    for (unsigned i = 0; i < l->pcp_lists; i++) {
        char name[32];
        snprintf(name, sizeof(name), "per-cpu list %u", i);
        const struct state_list *list = &l->pcp_list[i];
        if (!compare_list(s, name, list->line ? list->line : l->p_line, list,
                          &s->right->pcp_list[i]) &&
            !s->titles->all_lists) {
            return;
        }
    }
}

bool state_compare(const struct golden_state *left, const struct golden_state *right,
                   const struct state_titles *titles, struct conform_result *result)
{
    struct side_by_side s = {left, right, titles, result, true};
    compare_counters(&s);
    compare_types(&s);
    compare_lists(&s);
    if (left->has_pcp && right->has_pcp) {
        compare_pcp(&s);
    }
    return s.same;
}

static void sg_text(const struct fpr_sg *sg, size_t count, size_t i, char text[24])
{
    if (i >= count) {
        snprintf(text, 24, "%s", i == count ? "(end)" : "");
        return;
    }
    snprintf(text, 24, "%" PRIx64 ":%u", sg[i].pfn, sg[i].order);
}

bool batch_compare(const struct fpr_sg *left, size_t nr_left, const struct fpr_sg *right,
                   size_t nr_right, const struct state_titles *titles,
                   struct conform_result *result, char first[128])
{
    size_t least = nr_left < nr_right ? nr_left : nr_right;
    size_t most = nr_left < nr_right ? nr_right : nr_left;
    size_t at = 0;
    while (at < least && left[at].pfn == right[at].pfn && left[at].order == right[at].order) {
        at++;
    }
    if (at == most) {
        return true;
    }
    char a[24];
    char b[24];
    sg_text(left, nr_left, at, a);
    sg_text(right, nr_right, at, b);
    snprintf(first, 128, "expected block %s as entry %zu of the batch, got %s", a, at, b);
    conform_detail(result, "batch differs at entry %zu (%s has %zu, %s has %zu)\n", at,
                   titles->left, nr_left, titles->right, nr_right);
    conform_detail(result, "  entry  %-18s %s\n", titles->left, titles->right);
    for (size_t i = at > CONTEXT ? at - CONTEXT : 0; i <= most && i < at + SHOWN; i++) {
        sg_text(left, nr_left, i, a);
        sg_text(right, nr_right, i, b);
        conform_detail(result, "%c %5zu  %-18s %s\n", i < most && strcmp(a, b) ? '>' : ' ', i, a,
                       b);
    }
    return false;
}
