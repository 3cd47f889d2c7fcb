#include "iova/held.h"

/* splitmix64's finaliser. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static bool before(const struct fpr_iova_run *a, const struct fpr_iova_run *b)
{
    return a->first != b->first ? a->first < b->first : a->owner < b->owner;
}

static bool meets(const struct fpr_iova_run *run, uint64_t first, uint64_t last)
{
    return run->first <= last && run->last >= first;
}

static void update(struct fpr_iova_run *run)
{
    run->reach = run->last;
    for (int side = 0; side < 2; side++)
        if (run->child[side] && run->child[side]->reach > run->reach)
            run->reach = run->child[side]->reach;
}

/* `tree` in two: what is before `key` and what is behind it. */
static void split(struct fpr_iova_run *tree, const struct fpr_iova_run *key,
                  struct fpr_iova_run **low, struct fpr_iova_run **high)
{
    if (!tree) {
        *low = *high = NULL;
    } else if (before(tree, key)) {
        split(tree->child[1], key, &tree->child[1], high);
        *low = tree;
        update(tree);
    } else {
        split(tree->child[0], key, low, &tree->child[0]);
        *high = tree;
        update(tree);
    }
}

static struct fpr_iova_run *join(struct fpr_iova_run *low, struct fpr_iova_run *high)
{
    if (!low || !high)
        return low ? low : high;
    if (low->priority > high->priority) {
        low->child[1] = join(low->child[1], high);
        update(low);
        return low;
    }
    high->child[0] = join(low, high->child[0]);
    update(high);
    return high;
}

static struct fpr_iova_run *insert(struct fpr_iova_run *tree, struct fpr_iova_run *run)
{
    if (!tree || tree->priority < run->priority) {
        split(tree, run, &run->child[0], &run->child[1]);
        update(run);
        return run;
    }
    int side = before(tree, run);
    tree->child[side] = insert(tree->child[side], run);
    update(tree);
    return tree;
}

static struct fpr_iova_run *removed(struct fpr_iova_run *tree, const struct fpr_iova_run *run)
{
    if (tree == run)
        return join(tree->child[0], tree->child[1]);
    int side = before(tree, run);
    tree->child[side] = removed(tree->child[side], run);
    update(tree);
    return tree;
}

struct fpr_iova_run *fpr_iova_run_new(const struct fpr_mem_ops *mem, uint64_t first, uint64_t last,
                                      uint64_t owner)
{
    struct fpr_iova_run *run = mem->zalloc(mem->ctx, sizeof(*run));
    if (!run)
        return NULL;
    run->first = first;
    run->last = last;
    run->owner = owner;
    return run;
}

void fpr_iova_held_add(struct fpr_iova_held *held, struct fpr_iova_run *run)
{
    run->child[0] = run->child[1] = run->next = NULL;
    run->priority = mix(++held->made * UINT64_C(0x9e3779b97f4a7c15));
    held->root = insert(held->root, run);
}

/* What walks down to every run that it must see, and to no subtree that it need not. */
struct visitor {
    uint64_t first, last;
    void (*visit)(void *ctx, const struct fpr_iova_run *run);
    void *ctx;
};

static void walk(const struct fpr_iova_run *run, const struct visitor *v)
{
    if (!run || run->reach < v->first)
        return;
    walk(run->child[0], v);
    if (meets(run, v->first, v->last))
        v->visit(v->ctx, run);
    if (run->first <= v->last)
        walk(run->child[1], v);
}

void fpr_iova_held_walk(const struct fpr_iova_held *held, uint64_t first, uint64_t last,
                        void (*visit)(void *ctx, const struct fpr_iova_run *run), void *ctx)
{
    const struct visitor v = {first, last, visit, ctx};
    walk(held->root, &v);
}

const struct fpr_iova_run *fpr_iova_held_find(const struct fpr_iova_held *held, uint64_t first,
                                              uint64_t last)
{
    const struct fpr_iova_run *run = held->root;
    while (run) {
        /* If the left side reaches into the range but has no run in it, nor has the rest: what
         * reaches begins behind the range, and all the rest behind that. */
        if (run->child[0] && run->child[0]->reach >= first)
            run = run->child[0];
        else if (meets(run, first, last))
            return run;
        else
            run = run->first <= last ? run->child[1] : NULL;
    }
    return NULL;
}

struct collection {
    struct fpr_iova_run *list;
    uint64_t owner;
    bool all; /* whoever owns them */
};

static void collect(void *ctx, const struct fpr_iova_run *run)
{
    struct collection *c = ctx;
    struct fpr_iova_run *mine = (struct fpr_iova_run *)(uintptr_t)run; /* it is in our set */
    if (!c->all && run->owner != c->owner)
        return;
    mine->next = c->list;
    c->list = mine;
}

static struct fpr_iova_run *take(struct fpr_iova_held *held, uint64_t first, uint64_t last,
                                 struct collection c)
{
    fpr_iova_held_walk(held, first, last, collect, &c);
    for (const struct fpr_iova_run *run = c.list; run; run = run->next)
        held->root = removed(held->root, run);
    return c.list;
}

struct fpr_iova_run *fpr_iova_held_take(struct fpr_iova_held *held, uint64_t first, uint64_t last,
                                        uint64_t owner)
{
    return take(held, first, last, (struct collection){.owner = owner});
}

void fpr_iova_runs_free(struct fpr_iova_run *list, const struct fpr_mem_ops *mem)
{
    while (list) {
        struct fpr_iova_run *next = list->next;
        mem->free(mem->ctx, list, sizeof(*list));
        list = next;
    }
}

void fpr_iova_held_drop(struct fpr_iova_held *held, const struct fpr_mem_ops *mem, uint64_t first,
                        uint64_t last, uint64_t owner)
{
    fpr_iova_runs_free(fpr_iova_held_take(held, first, last, owner), mem);
}

void fpr_iova_held_free(struct fpr_iova_held *held, const struct fpr_mem_ops *mem)
{
    struct collection c = {.all = true};
    fpr_iova_held_walk(held, 0, UINT64_MAX, collect, &c);
    held->root = NULL;
    fpr_iova_runs_free(c.list, mem);
}

/* A cut that is to come, and the runs that it leaves in two. */
struct cut {
    uint64_t first, last;
    uint64_t splits;
};

static void count_split(void *ctx, const struct fpr_iova_run *run)
{
    struct cut *cut = ctx;
    cut->splits += run->first < cut->first && run->last > cut->last;
}

uint64_t fpr_iova_held_splits(const struct fpr_iova_held *held, uint64_t first, uint64_t last)
{
    struct cut cut = {first, last, 0};
    fpr_iova_held_walk(held, first, last, count_split, &cut);
    return cut.splits;
}

void fpr_iova_held_cut(struct fpr_iova_held *held, uint64_t first, uint64_t last,
                       struct fpr_iova_run **spare)
{
    struct fpr_iova_run *run = take(held, first, last, (struct collection){.all = true});
    while (run) {
        struct fpr_iova_run *next = run->next;
        uint64_t end = run->last, owner = run->owner;
        run->next = *spare;
        *spare = run;
        if (run->first < first) {
            *spare = run->next;
            run->last = first - 1;
            fpr_iova_held_add(held, run);
        }
        if (end > last) {
            struct fpr_iova_run *rest = *spare;
            *spare = rest->next;
            rest->first = last + 1;
            rest->last = end;
            rest->owner = owner;
            fpr_iova_held_add(held, rest);
        }
        run = next;
    }
}

static bool valid(const struct fpr_iova_run *run, const struct fpr_iova_run **last)
{
    if (!run)
        return true;
    uint64_t reach = run->last;
    bool good = run->first <= run->last;
    for (int side = 0; side < 2; side++) {
        const struct fpr_iova_run *child = run->child[side];
        good &= !child || child->priority <= run->priority;
        reach = child && child->reach > reach ? child->reach : reach;
    }
    good &= run->reach == reach && valid(run->child[0], last);
    good &= !*last || before(*last, run);
    *last = run;
    return good && valid(run->child[1], last);
}

bool fpr_iova_held_valid(const struct fpr_iova_held *held)
{
    const struct fpr_iova_run *last = NULL;
    return valid(held->root, &last);
}
