/* The reference model against vectors that were equal to the functions of Linux 5.7.14 (v16),
 * 5.10.44 and 5.14-rc5: churn with reporting, failing and re-entrant callbacks. The profiles
 * linux-5.10 and linux-5.14 have no recordings; these stand in for them. */
#include "support/ref.h"
#include "support/suite.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LIVE 20000

struct run {
    struct ref_zone *zone;
    struct ref_reporter reporter;
    uint64_t lcg;
    struct fpr_sg live[LIVE];
    size_t nr_live;
    uint64_t sequence; /* hash so far */
    unsigned calls, blocks, errors;
};

struct vector {
    enum fpr_profile profile;
    uint64_t pages;
    uint64_t seed;
    unsigned calls, blocks, errors;
    uint64_t sequence, state;
    unsigned level; /* patch level, 0: the whole series */
};

static uint64_t draw(struct run *r)
{
    r->lcg = r->lcg * 6364136223846793005u + 1442695040888963407u;
    return r->lcg >> 32;
}

/* FNV-1a over the eight bytes of a word, lowest first. */
static void mix(uint64_t *h, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        *h = (*h ^ (word >> 8 * i & 0xff)) * 0x100000001b3u;
}

/* As the vectors were made: one attempt at low without fragmentation, the same with, one at min. */
static fpr_pfn alloc(struct ref_zone *z, unsigned order, unsigned type, bool atomic)
{
    unsigned slow = REF_F_MIN | (atomic ? REF_F_HIGH | REF_F_HARDER : 0);
    const unsigned flags[] = {REF_F_NOFRAGMENT, 0, slow};
    fpr_pfn pfn = REF_NONE;

    for (int i = 0; i < 3 && pfn == REF_NONE; i++)
        pfn = ref_try_zone(z, order, type, 0, FPR_ZONE_NORMAL, flags[i]);
    if (pfn != REF_NONE)
        ref_mark(z, pfn, order, REF_ALLOCATED, type == FPR_MOVABLE);
    return pfn;
}

static void operation(struct run *r)
{
    static const unsigned orders[] = {0, 0, 0, 1, 2, 3, 4, 5, 9, 10};
    static const unsigned types[] = {FPR_UNMOVABLE, FPR_MOVABLE, FPR_MOVABLE, FPR_MOVABLE,
                                     FPR_RECLAIMABLE};

    if (draw(r) % 100 < 52 || r->nr_live == 0) {
        unsigned order = orders[draw(r) % 10];
        unsigned type = types[draw(r) % 5];
        bool atomic = draw(r) % 8 == 0;
        fpr_pfn pfn = alloc(r->zone, order, type, atomic);

        mix(&r->sequence, pfn);
        if (pfn == REF_NONE)
            return;
        ck_assert_uint_lt(r->nr_live, LIVE);
        r->live[r->nr_live++] = (struct fpr_sg){.pfn = pfn, .order = order};
    } else {
        size_t i = draw(r) % r->nr_live;
        struct fpr_sg block = r->live[i];

        r->live[i] = r->live[--r->nr_live];
        ref_free_pages(r->zone, block.pfn, block.order, 0);
    }
}

static int report(void *ctx, const struct fpr_sg *sg, unsigned nents)
{
    struct run *r = ctx;

    r->calls++;
    r->blocks += nents;
    for (unsigned i = 0; i < nents; i++)
        mix(&r->sequence, sg[i].pfn * 16 + sg[i].order);
    if (draw(r) % 4 == 0)
        for (int i = 0; i < 5; i++)
            operation(r);
    if (draw(r) % 16 == 0) {
        r->errors++;
        return -5;
    }
    return 0;
}

static uint64_t state_hash(const struct ref_zone *z)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (unsigned o = 0; o <= z->maxo; o++)
        for (unsigned t = 0; t < REF_TYPES; t++) {
            for (size_t i = 0; i < z->list[o][t].n; i++) {
                mix(&h, z->list[o][t].pfn[i]);
                mix(&h, ref_page(z, z->list[o][t].pfn[i])->reported);
            }
            mix(&h, UINT64_MAX);
        }
    for (uint64_t b = 0; b < z->nr_blocks; b++)
        mix(&h, z->block_type[b]);
    return h;
}

static void check_vector(const struct vector *v)
{
    struct fpr_zone_config c;
    struct run *r = calloc(1, sizeof *r);

    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(fpr_zone_config_init(&c, v->profile), 0);
    c.spanned = v->pages;
    r->zone = ref_zone_create(&c);
    r->lcg = v->seed;
    r->sequence = 0xcbf29ce484222325u;
    r->reporter = (struct ref_reporter){.zone = &r->zone,
                                        .nr_zones = 1,
                                        .order = 9,
                                        .capacity = 32,
                                        .divisor = v->level ? 0 : 16,
                                        .rotate = v->level != 4,
                                        .eager = v->level == 4,
                                        .delay = 2 * FPR_NS_PER_S,
                                        .report = report,
                                        .ctx = r};
    ref_register(&r->reporter);
    for (unsigned k = 1; k <= 60; k++) {
        for (int i = 0; i < 300; i++)
            operation(r);
        ref_advance(&r->reporter, k * FPR_NS_PER_S);
    }
    ck_assert_uint_eq(r->calls, v->calls);
    ck_assert_uint_eq(r->blocks, v->blocks);
    ck_assert_uint_eq(r->errors, v->errors);
    ck_assert_uint_eq(r->sequence, v->sequence);
    ck_assert_uint_eq(state_hash(r->zone), v->state);
    ref_zone_destroy(r->zone);
    free(r);
}

#define V16   FPR_PROFILE_V16
#define L5_10 FPR_PROFILE_LINUX_5_10
#define L5_14 FPR_PROFILE_LINUX_5_14

static const struct vector vectors[] = {
    {V16, 131072, 1, 30, 391, 1, 0x3ddbd5d2b215acd9u, 0x9ea2cd17ce0d58cdu, 0},
    {V16, 131072, 2, 29, 394, 3, 0x1c984159197df4c2u, 0xc1a49739684c0269u, 0},
    {V16, 131072, 3, 33, 427, 4, 0xb7c4cb07c476c043u, 0x2756ba613b07ee2eu, 0},
    {V16, 131849, 1, 31, 354, 1, 0xc4028dbe07057921u, 0xd445838bb57c78d5u, 0},
    {V16, 131849, 2, 29, 392, 3, 0xcb2c5b7de11ac511u, 0x8fc6ed3bafd64176u, 0},
    {V16, 131849, 3, 33, 427, 4, 0x57c4f10cf41629f7u, 0xd23a1b9a95efd1f5u, 0},
    {V16, 262656, 1, 37, 509, 1, 0x43526a1916d09959u, 0x7ad9e46214ea1c5eu, 0},
    {V16, 262656, 2, 36, 549, 2, 0x722caab160bab274u, 0xd02fecf7fdc33655u, 0},
    {V16, 262656, 3, 36, 608, 6, 0x8a9386878722739eu, 0x12fe03eef9960743u, 0},
    {L5_10, 131072, 1, 30, 381, 1, 0x47fd4ef5ba489553u, 0xb937ebf035e7ccb8u, 0},
    {L5_10, 131072, 2, 29, 394, 3, 0x0bca5942d169250cu, 0x9edddcd71a3aef7du, 0},
    {L5_10, 131072, 3, 33, 450, 4, 0xff4d4749d3cc6a5du, 0x37e7e09e6aecd62fu, 0},
    {L5_10, 131849, 1, 30, 394, 1, 0xa5c0960636e544acu, 0x1456b52a9369fee9u, 0},
    {L5_10, 131849, 2, 29, 402, 3, 0x5f948f8ba9dddb2cu, 0x52f1bf944d63a314u, 0},
    {L5_10, 131849, 3, 33, 452, 4, 0x2f9b33ac08a5ac6cu, 0xc1cfb675ae9b30efu, 0},
    {L5_10, 262656, 1, 37, 512, 1, 0x474395bdc1ffba6cu, 0x7ab4ea094f721344u, 0},
    {L5_10, 262656, 2, 36, 545, 2, 0xef7313a7121c5b3fu, 0x1635e70d1a07ad74u, 0},
    {L5_10, 262656, 3, 36, 626, 6, 0x8d48000a86ba1651u, 0xf7d26670ac8392f4u, 0},
    {V16, 131849, 1, 30, 400, 1, 0x4e8348c5e184f635u, 0xac6079b5c26a97edu, 7},
    {V16, 131849, 2, 30, 391, 0, 0x93e67a8c70bdffddu, 0x789132fa69faf78eu, 7},
    {V16, 131849, 3, 33, 466, 0, 0x9cfcf420e39a96a2u, 0x309ef46e36c8884bu, 7},
    {V16, 131849, 1, 30, 401, 1, 0x6b73e01aed382496u, 0x34e8c378bc45762cu, 4},
    {V16, 131849, 2, 30, 391, 0, 0xa51c90deb6351702u, 0xcfcd99df13336097u, 4},
    {V16, 131849, 3, 33, 466, 0, 0x3ceb51eef0f8f95au, 0xa8e2bb46216ee6c7u, 4},
    {L5_14, 131072, 1, 27, 352, 1, 0x8f4b0b1f50df4143u, 0x6ee178033d3af026u, 0},
    {L5_14, 131072, 2, 29, 406, 3, 0x51859a9dbdfbe6ecu, 0x4e22bc34ab5d9cf5u, 0},
    {L5_14, 131072, 3, 33, 466, 4, 0x9efda873085250cbu, 0xdbdce010489ba2e1u, 0},
    {L5_14, 131849, 1, 31, 357, 1, 0xf01d5a5f9e6a7e82u, 0x8ef1f048fc0eebbdu, 0},
    {L5_14, 131849, 2, 29, 414, 3, 0x93fd3b56e2f65149u, 0x4b62fe0396554d6au, 0},
    {L5_14, 131849, 3, 33, 463, 4, 0x31f82baeffd531e5u, 0x18ce20c1659667bfu, 0},
    {L5_14, 262656, 1, 36, 536, 2, 0x6957ab64a60a7f56u, 0x634c793f78b51571u, 0},
    {L5_14, 262656, 2, 36, 564, 2, 0xd9247246e150e5fdu, 0x31a176af44dba396u, 0},
    {L5_14, 262656, 3, 36, 614, 6, 0xef77555fa1dc550du, 0xc1a719a7df5ea208u, 0},
};

START_TEST(same_as_the_kernels_functions)
{
    check_vector(&vectors[_i]);
}
END_TEST

/* Fewer where time is dear (under Valgrind). */
static int nr_vectors(void)
{
    const char *rounds = getenv("FPR_PROP_ROUNDS");
    int n = (int)(sizeof vectors / sizeof *vectors);
    int limit = rounds && *rounds ? atoi(rounds) / 5 : n;

    return limit < n ? limit : n;
}

int main(void)
{
    Suite *suite = suite_create("reference model against vectors");
    TCase *tcase = tcase_create("mixed");

    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, same_as_the_kernels_functions, 0, nr_vectors());
    suite_add_tcase(suite, tcase);
    return test_run_suite(suite);
}
