/* Mappings that end at 2^64, as before 6.18 (broken_top): the tree that decides what an unmap sees,
 * and the whole map against a literal reference. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include <fpr/iova.h>

#include "iova/rbtree.h"

#include "support/iova_rb.h"
#include "support/iova_top.h"
#include "support/suite.h"
#include "support/support.h"

enum { SEEDS = 400, LONGEST = 2000, KEYS = 300, STEPS = 4000 };
enum { PAGE = FPR_IOVA_PAGE_SIZE, RW = FPR_IOVA_READ | FPR_IOVA_WRITE };

#define TOP(pages) (UINT64_C(0) - (uint64_t)(pages)*PAGE)

static struct fpr_iova_space *open_space(void)
{
    struct fpr_iova_config config;
    struct fpr_iova_space *space;
    ck_assert_int_eq(fpr_iova_config_init(&config, FPR_IOVA_MERGED), 0);
    ck_assert_int_eq(fpr_iova_space_create(&config, &space), 0);
    return space;
}

/* Once ended in a tree with a red root, and at address 0. */
START_TEST(test_map_again_at_the_root)
{
    struct fpr_iova_space *space = open_space();
    uint64_t bytes;
    ck_assert_int_eq(fpr_iova_map(space, TOP(1), PAGE, 0, RW), 0);
    ck_assert_int_eq(fpr_iova_map(space, 0, PAGE, 0, RW), 0);
    ck_assert_int_eq(fpr_iova_map(space, TOP(2), PAGE, 0, RW), 0);
    ck_assert_int_eq(fpr_iova_unmap(space, 0, TOP(1), &bytes), 0);
    ck_assert_int_eq(fpr_iova_map(space, 0, PAGE, 0, RW), bytes ? 0 : -17);
    ck_assert_int_eq(fpr_iova_space_validate(space, NULL), 0);
    fpr_iova_space_destroy(space);
}
END_TEST

/* Same keys, same colours, same places? */
static bool alike(const struct fpr_iova_rb *node, const struct fpr_iova_rb *nodes,
                  const struct rb_ref *ref, int x)
{
    if (!node || x == RB_NIL)
        return !node && x == RB_NIL;
    return (uint64_t)(node - nodes) == ref->node[x].key && node->red == ref->node[x].red &&
           alike(node->child[0], nodes, ref, ref->node[x].left) &&
           alike(node->child[1], nodes, ref, ref->node[x].right);
}

static void insert(struct fpr_iova_rbtree *tree, struct fpr_iova_rb *nodes, size_t key)
{
    struct fpr_iova_rb *parent = NULL;
    int side = 0;
    for (struct fpr_iova_rb *at = tree->root; at; at = at->child[side]) {
        parent = at;
        side = nodes + key > at;
    }
    fpr_iova_rb_insert(tree, nodes + key, parent, side);
}

START_TEST(test_shapes_are_the_textbooks)
{
    static struct fpr_iova_rb nodes[KEYS];
    static struct rb_ref ref;
    int place[KEYS] = {0}; /* in the reference; 0: not in the trees */
    struct fpr_iova_rbtree tree = {NULL};
    uint64_t state = 11;
    unsigned steps = test_times(STEPS * 4, 20), most = 3;
    for (unsigned i = 0; i < steps; i++) {
        if (i % 500 == 0)
            most = 2 + (unsigned)(test_random(&state) % (KEYS - 2));
        size_t key = test_random(&state) % most;
        if (place[key]) {
            fpr_iova_rb_remove(&tree, &nodes[key]);
            rb_ref_remove(&ref, place[key]);
            place[key] = 0;
        } else {
            insert(&tree, nodes, key);
            place[key] = rb_ref_insert(&ref, key);
        }
        ck_assert_msg(fpr_iova_rb_valid(&tree), "step %u: not a red-black tree", i);
        ck_assert_msg(alike(tree.root, nodes, &ref, ref.root), "step %u: other shape", i);
    }
    size_t seen = 0;
    const struct fpr_iova_rb *at = fpr_iova_rb_first(&tree), *before = NULL;
    for (; at; before = at, at = fpr_iova_rb_next(at), seen++)
        ck_assert(!before || before < at);
    for (size_t key = 0; key < KEYS; key++)
        seen -= place[key] != 0;
    ck_assert_uint_eq(seen, 0);
}
END_TEST

START_TEST(test_what_is_no_red_black_tree)
{
    struct fpr_iova_rb nodes[7];
    struct fpr_iova_rbtree tree = {NULL};
    for (size_t key = 0; key < 7; key++)
        insert(&tree, nodes, key);
    ck_assert(fpr_iova_rb_valid(&tree));
    tree.root->red = true;
    ck_assert(!fpr_iova_rb_valid(&tree));
    tree.root->red = false;
    nodes[0].red ^= true;
    ck_assert(!fpr_iova_rb_valid(&tree));
    nodes[0].red ^= true;
    nodes[2].parent = &nodes[0];
    ck_assert(!fpr_iova_rb_valid(&tree));
}
END_TEST

/* FPR_SEEDS changes how many, FPR_SEED where they begin. */
START_TEST(test_as_before_6_18)
{
    static unsigned char ops[LONGEST];
    const char *from = getenv("FPR_SEED");
    uint64_t first = from ? strtoull(from, NULL, 0) : 1;
    uint64_t seeds = test_times(SEEDS, 20);
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        uint64_t state = seed;
        size_t n = test_random(&state) % LONGEST;
        for (size_t i = 0; i < n; i++)
            ops[i] = (unsigned char)test_random(&state);
        const char *wrong = iova_top_run(ops, n);
        ck_assert_msg(!wrong, "seed %llu: %s", (unsigned long long)seed, wrong ? wrong : "");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("iova_top");
    TCase *tcase = tcase_create("top");
    tcase_set_timeout(tcase, 600);
    tcase_add_test(tcase, test_map_again_at_the_root);
    tcase_add_test(tcase, test_shapes_are_the_textbooks);
    tcase_add_test(tcase, test_what_is_no_red_black_tree);
    tcase_add_test(tcase, test_as_before_6_18);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
