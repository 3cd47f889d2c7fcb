/* What replays of recorded guests do to a zone behind its users' backs, against the reference
 * model: pages taken, pushed and regrouped, captures, a lagging count of free pages. */
#include "support/script_make.h"
#include "support/script_suite.h"

static void make(struct script *s, uint64_t seed, const struct script_family *family)
{
    struct make_options o = {.profile = -1,
                             .size = family->size,
                             .zones = 1,
                             .operations = family->operations,
                             .misuse = true,
                             .behind = true};

    o.reports = seed % 3 == 0;
    make_script(s, seed, &o);
}

static const struct script_family families[] = {
    {"behind, tiny", make, 500, 0, 150},
    {"behind, middling", make, 150, 1, 300},
};

int main(int argc, char **argv)
{
    return script_suite(argc, argv, "behind users' backs, against the reference model", families,
                        sizeof(families) / sizeof(families[0]));
}
