/* The library's side: copies of the machine are in its state. */
#include "support/side_library.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/text.h"

static bool same(struct side *s, const struct fpr_machine *copy)
{
    for (size_t i = 0; i < s->script->nr_zones; i++) {
        const struct fpr_zone *zone = fpr_machine_zone(copy, i);

        if (!zone || fpr_zone_hash(lib(s)->zone[i], true) != fpr_zone_hash(zone, true) ||
            fpr_zone_validate(zone, NULL, NULL, 0) != 0)
            return false;
    }
    return true;
}

static bool can_be_text(struct side *s)
{
    for (size_t i = 0; i < s->script->nr_zones; i++) {
        struct fpr_zone_counters c;

        fpr_zone_get_counters(lib(s)->zone[i], &c);
        if (c.held > 0 || c.nr_isolated_pageblocks > 0)
            return false; /* the format has no words for these */
        if (s->script->zone[i].config.spanned > 1u << 24)
            return false; /* saving walks every frame */
    }
    return true;
}

static int through_text(struct side *s)
{
    struct fpr_machine *copy = NULL;
    struct fpr_text_error error = {0};
    struct fpr_zone_info info;
    struct test_text t = {0};
    int err = fpr_machine_save(lib(s)->machine, NULL, test_text_append, &t);

    fpr_zone_get_info(lib(s)->zone[0], &info);
    if (err == 0)
        err = fpr_machine_load(t.data, t.len, &info.policy, NULL, &copy, NULL, &error);
    if (err == 0)
        err = same(s, copy) ? 0 : -EUCLEAN;
    else
        printf("line %u: %s\n", error.line, error.reason);
    fpr_machine_destroy(copy);
    free(t.data);
    return err;
}

/* A clone, and a machine read back from its own text, are in the same state. */
int side_library_copy(struct side *s)
{
    struct fpr_machine *copy = NULL;
    int err = fpr_machine_clone(lib(s)->machine, &copy);

    if (err)
        return err;
    err = same(s, copy) ? 0 : -EUCLEAN;
    fpr_machine_destroy(copy);
    if (err == 0 && !s->in_pass && can_be_text(s))
        err = through_text(s);
    return err;
}
