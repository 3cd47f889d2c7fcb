/* The library against the reference model: random operations on one zone. */
#include "support/script_make.h"
#include "support/suite.h"

#include <check.h>
#include <stdlib.h>

static void make_tiny(struct script *s, uint64_t seed)
{
    struct make_options o = {
        .profile = -1, .size = 0, .zones = 1, .operations = 150, .misuse = true};

    o.shuffles = seed % 4 == 0;
    make_script(s, seed, &o);
}

static void make_middle(struct script *s, uint64_t seed)
{
    struct make_options o = {
        .profile = -1, .size = 1, .zones = 1, .operations = 300, .misuse = true};

    o.shuffles = seed % 4 == 0;
    make_script(s, seed, &o);
}

static void make_large(struct script *s, uint64_t seed)
{
    struct make_options o = {
        .profile = -1, .size = 2, .zones = 1, .operations = 60, .misuse = true};

    o.shuffles = seed % 4 == 0;
    make_script(s, seed, &o);
}

static void make_ranges(struct script *s, uint64_t seed)
{
    struct make_options o = {
        .profile = -1, .size = (unsigned)(seed % 2), .zones = 1, .operations = 200, .ranges = true};

    make_script(s, seed, &o);
}

static void make_sparse(struct script *s, uint64_t seed)
{
    struct make_options o = {
        .profile = -1, .size = 3, .zones = 1, .operations = 10, .misuse = true};

    make_script(s, seed, &o);
}

START_TEST(tiny_zones)
{
    ck_assert_int_eq(script_rounds("tiny", make_tiny, 600), 0);
}
END_TEST

START_TEST(middling_zones)
{
    ck_assert_int_eq(script_rounds("middling", make_middle, 150), 0);
}
END_TEST

START_TEST(large_orders)
{
    ck_assert_int_eq(script_rounds("large orders", make_large, 40), 0);
}
END_TEST

START_TEST(isolated_ranges)
{
    ck_assert_int_eq(script_rounds("ranges", make_ranges, 150), 0);
}
END_TEST

/* Natively only: the reference model's frames are 20 GiB of address space. */
START_TEST(sparse_zones)
{
    if (getenv("FPR_PROP_ROUNDS") && strtoul(getenv("FPR_PROP_ROUNDS"), NULL, 0) < 20)
        return;
    ck_assert_int_eq(script_rounds("sparse", make_sparse, 1), 0);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("zone against the reference model");
    TCase *tcase = tcase_create("random");
    int failed;

    if (script_option(argc, argv, &failed))
        return failed;
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, tiny_zones);
    tcase_add_test(tcase, middling_zones);
    tcase_add_test(tcase, large_orders);
    tcase_add_test(tcase, isolated_ranges);
    tcase_add_test(tcase, sparse_zones);
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
