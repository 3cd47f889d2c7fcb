/* Machines of several zones and nodes against the reference model: zonelists, reserves, passes
 * over all zones. */
#include "support/script_make.h"
#include "support/script_suite.h"

static void make(struct script *s, uint64_t seed, const struct script_family *family)
{
    struct make_options o = {.profile = -1,
                             .size = family->size,
                             .zones = 2 + (unsigned)(seed % 2),
                             .operations = family->operations,
                             .reports = true,
                             .compute = true,
                             .misuse = true};

    o.shuffles = seed % 5 == 0;
    o.ranges = seed % 7 == 0;
    make_script(s, seed, &o);
}

static const struct script_family families[] = {
    {"machines, tiny", make, 400, 0, 200},
    {"machines, middling", make, 150, 1, 300},
    {"machines, large orders", make, 30, 2, 80},
};

int main(int argc, char **argv)
{
    return script_suite(argc, argv, "machines against the reference model", families,
                        sizeof(families) / sizeof(families[0]));
}
