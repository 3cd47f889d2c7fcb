/* What fpr_iova_space_validate() recomputes, broken on purpose from the inside: it says what. */
#include "support/iova_unit.h"

#include "iova/leaf.h"
#include "iova/space.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FEW = 3, MANY = 200 };

struct subject {
    struct fpr_iova_space *space;
    struct fpr_iova_leaf *leaf;   /* the first */
    struct fpr_iova_inner *inner; /* the top, of MANY mappings */
};

static void leaf_too_full(struct subject *s)
{
    s->leaf->n = IOVA_LEAF + 1;
}

static void key_behind(struct subject *s)
{
    s->leaf->delta[s->leaf->n] = INT32_MAX - 1;
}

static void two_alike(struct subject *s)
{
    s->leaf->delta[1] = s->leaf->delta[0];
}

static void behind_key(struct subject *s)
{
    *fpr_iova_inner_key(s->inner, 0) = 0;
}

static void ext_elsewhere(struct subject *s)
{
    s->space->pinned->pins.pages = UINT64_MAX;
}

static void no_children(struct subject *s)
{
    s->inner->n = 0;
}

static void inner_key_behind(struct subject *s)
{
    *fpr_iova_inner_key(s->inner, s->inner->n - 1) = UINT64_MAX - 1;
}

static void keys_fall(struct subject *s)
{
    *fpr_iova_inner_key(s->inner, 1) = 0;
}

static void miscounted(struct subject *s)
{
    s->space->tree.count++;
}

static void pins_miscounted(struct subject *s)
{
    s->space->pinned->pins.pages--;
}

static void backing_miscounted(struct subject *s)
{
    s->space->backing.pages++;
}

static void locked_miscounted(struct subject *s)
{
    s->space->locked++;
}

static void room_miscounted(struct subject *s)
{
    s->space->avail--;
}

static const struct {
    void (*spoil)(struct subject *s);
    unsigned mappings;
    const char *reason;
} rules[] = {
    {leaf_too_full, FEW, "a leaf holds more mappings than it has room for"},
    {key_behind, FEW, "an unused place of a leaf has a key"},
    {two_alike, FEW, "two mappings overlap or are out of order"},
    {behind_key, MANY, "a mapping crosses a key of the tree"},
    {ext_elsewhere, FEW, "an extension does not belong to its mapping"},
    {no_children, MANY, "an inner node has no children or too many"},
    {inner_key_behind, MANY, "an unused key of an inner node"},
    {keys_fall, MANY, "keys of an inner node are out of order"},
    {miscounted, FEW, "the number of mappings is not what was counted"},
    {pins_miscounted, FEW, "a mapping's pins are miscounted"},
    {backing_miscounted, FEW, "pins by memory are not the mappings' pins"},
    {locked_miscounted, FEW, "locked pages are not the pinned pages"},
    {room_miscounted, FEW, "mappings and the room left do not add up to the limit"},
};

static void look(struct subject *s)
{
    uintptr_t root = atomic_load(&s->space->tree.root);
    void *node = fpr_iova_root_node(root);
    s->inner = (root & 63) ? node : NULL;
    for (unsigned h = root & 63; h > 0; h--)
        node = atomic_load(&((struct fpr_iova_inner *)node)->child[0]);
    s->leaf = node;
}

static void check(size_t k)
{
    struct iova_unit u = {0};
    struct fpr_iova_config config;
    struct subject s;
    const char *reason = "?";
    void *pages[2];
    unit_config(&u, FPR_IOVA_MERGED, &config);
    assert_int_equal(unit_open(&u, &config), 0);
    for (unsigned m = 0; m < rules[k].mappings; m++)
        assert_int_equal(unit_map(&u, (1 + 4 * (uint64_t)m) * UNIT_PAGE, 2, m % 16,
                                  FPR_IOVA_READ | FPR_IOVA_WRITE),
                         0);
    assert_int_equal(fpr_iova_pin(u.space, UNIT_PAGE, 2, FPR_IOVA_READ, pages), 2);
    assert_int_equal(fpr_iova_space_validate(u.space, &reason), 0);
    assert_null(reason);
    s.space = u.space;
    look(&s);
    /* What is spoilt is put back, so that the space can go. */
    struct fpr_iova_leaf leaf = *s.leaf;
    struct fpr_iova_inner inner;
    if (s.inner)
        inner = *s.inner;
    uint64_t count = s.space->tree.count, backing = s.space->backing.pages;
    uint64_t locked = s.space->locked, avail = s.space->avail;
    uint64_t pinned = s.space->pinned->pins.pages;
    rules[k].spoil(&s);
    assert_int_equal(fpr_iova_space_validate(u.space, &reason), -EUCLEAN);
    assert_non_null(reason);
    assert_string_equal(reason, rules[k].reason);
    assert_int_equal(fpr_iova_space_validate(u.space, NULL), -EUCLEAN);
    *s.leaf = leaf;
    if (s.inner)
        *s.inner = inner;
    s.space->tree.count = count;
    s.space->backing.pages = backing;
    s.space->locked = locked;
    s.space->avail = avail;
    s.space->pinned->pins.pages = pinned;
    assert_int_equal(fpr_iova_space_validate(u.space, &reason), 0);
    unit_close(&u);
}

static void test_each_rule(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++)
        check(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_rule)};
    return cmocka_run_group_tests_name("iova_rules", tests, NULL, NULL);
}
