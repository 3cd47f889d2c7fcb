/* The library against the reference model: random operations on one zone. */
#include "support/script_make.h"
#include "support/script_suite.h"

#include <stdlib.h>

static void make(struct script *s, uint64_t seed, const struct script_family *family)
{
    struct make_options o = {.profile = -1,
                             .size = family->size,
                             .zones = 1,
                             .operations = family->operations,
                             .misuse = true};

    o.shuffles = family->size < 3 && seed % 4 == 0;
    make_script(s, seed, &o);
}

static void make_ranges(struct script *s, uint64_t seed, const struct script_family *family)
{
    struct make_options o = {.profile = -1,
                             .size = (unsigned)(seed % 2),
                             .zones = 1,
                             .operations = family->operations,
                             .ranges = true};

    make_script(s, seed, &o);
}

/* Natively only: the reference model's frames are 20 GiB of address space, of which
 * ThreadSanitizer would keep notes. */
static bool room_for_sparse(void)
{
#ifdef __SANITIZE_THREAD__
    return false;
#else
    const char *rounds = getenv("FPR_PROP_ROUNDS");
    return !rounds || strtoul(rounds, NULL, 0) >= 20;
#endif
}

int main(int argc, char **argv)
{
    static const struct script_family families[] = {
        {"tiny", make, 600, 0, 150},       {"middling", make, 150, 1, 300},
        {"large orders", make, 40, 2, 60}, {"ranges", make_ranges, 150, 0, 200},
        {"sparse", make, 1, 3, 10},
    };
    int n = sizeof(families) / sizeof(families[0]);

    return script_suite(argc, argv, "zone against the reference model", families,
                        room_for_sparse() ? n : n - 1);
}
