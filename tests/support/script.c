/* Scripts as text: reading and writing. */
#include "support/script.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
#define X(symbol, word, args) word,
    SCRIPT_OPS(X)
#undef X
};

static const unsigned nr_args[] = {
#define X(symbol, word, args) args,
    SCRIPT_OPS(X)
#undef X
};

const char *script_word(enum script_kind kind)
{
    return words[kind];
}

unsigned script_nr_args(enum script_kind kind)
{
    return nr_args[kind];
}

void script_zone_init(struct script_zone *z, enum fpr_profile profile)
{
    memset(z, 0, sizeof *z);
    if (fpr_zone_config_init(&z->config, profile) != 0)
        abort();
    z->config.spanned = 64;
    z->bits_seed = 1;
}

void script_add(struct script *s, const struct script_op *op)
{
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->op = realloc(s->op, s->room * sizeof *s->op);
        if (!s->op)
            abort();
    }
    s->op[s->n++] = *op;
}

void script_copy(struct script *to, const struct script *from)
{
    *to = *from;
    to->op = NULL;
    to->n = to->room = 0;
    for (size_t i = 0; i < from->n; i++)
        script_add(to, &from->op[i]);
}

void script_clear(struct script *s)
{
    free(s->op);
    memset(s, 0, sizeof *s);
}

/* --- the zone line: key=value; V reads or writes one field --- */

#define ZONE_KEYS(V)                                                                               \
    V("start", start)                                                                              \
    V("spanned", spanned)                                                                          \
    V("managed", managed)                                                                          \
    V("page_shift", page_shift)                                                                    \
    V("max_order", max_order)                                                                      \
    V("pageblock_order", pageblock_order)                                                          \
    V("cpus", cpus)                                                                                \
    V("index", index)                                                                              \
    V("node", node)                                                                                \
    V("nofragment", nofragment)                                                                    \
    V("movable_by_type", movable_by_type)                                                          \
    V("locked", locked)                                                                            \
    V("shuffle", shuffle)                                                                          \
    V("boost_factor", boost_factor)                                                                \
    V("pcp_auto", pcp_auto)                                                                        \
    V("pcp_high", pcp_high)                                                                        \
    V("pcp_batch", pcp_batch)                                                                      \
    V("min", watermark[0])                                                                         \
    V("low", watermark[1])                                                                         \
    V("high", watermark[2])                                                                        \
    V("putback", policy.putback)                                                                   \
    V("move", policy.move)                                                                         \
    V("boot", policy.boot)

static void print_zone(FILE *out, const struct script_zone *z)
{
    const struct fpr_zone_config *c = &z->config;

    fprintf(out, "zone profile=%s", fpr_profile_name(c->policy.base));
#define V(key, field) fprintf(out, " " key "=%" PRId64, (int64_t)c->field);
    ZONE_KEYS(V)
#undef V
    fprintf(out, " bits=%" PRIu64 "\n", z->bits_seed);
    for (size_t i = 0; i < c->nr_holes; i++)
        fprintf(out, "hole %" PRIu64 " %" PRIu64 "\n", z->hole[i].start, z->hole[i].pages);
}

static bool set_zone_key(struct script_zone *z, const char *key, uint64_t v)
{
    struct fpr_zone_config *c = &z->config;

    if (!strcmp(key, "bits")) {
        z->bits_seed = v;
        return true;
    }
#define V(name, field)                                                                             \
    if (!strcmp(key, name)) {                                                                      \
        c->field = (__typeof__(c->field))v;                                                        \
        return true;                                                                               \
    }
    ZONE_KEYS(V)
#undef V
    return false;
}

static bool read_zone(struct script *s, char *text)
{
    struct script_zone *z = &s->zone[s->nr_zones];
    enum fpr_profile profile = FPR_PROFILE_V16;
    char *save = NULL;

    if (s->nr_zones == SCRIPT_ZONES)
        return false;
    for (char *k = strtok_r(text, " ", &save); k; k = strtok_r(NULL, " ", &save)) {
        char *v = strchr(k, '=');

        if (!v)
            return false;
        *v++ = 0;
        if (!strcmp(k, "profile")) {
            if (fpr_profile_from_name(v, &profile) != 0)
                return false;
            script_zone_init(z, profile);
        } else if (!set_zone_key(z, k, strtoull(v, NULL, 0))) {
            return false;
        }
    }
    s->nr_zones++;
    return true;
}

static bool read_hole(struct script *s, const char *text)
{
    struct script_zone *z = &s->zone[s->nr_zones - 1];
    struct fpr_range r;

    if (s->nr_zones == 0 || z->config.nr_holes == SCRIPT_HOLES ||
        sscanf(text, "%" SCNu64 " %" SCNu64, &r.start, &r.pages) != 2)
        return false;
    z->hole[z->config.nr_holes++] = r;
    return true;
}

void script_print_op(FILE *out, const struct script_op *op)
{
    if (op->batch >= 0)
        fprintf(out, "@%d ", op->batch);
    fprintf(out, "%s", words[op->kind]);
    for (unsigned i = 0; i < nr_args[op->kind]; i++)
        fprintf(out, " %" PRId64, op->a[i]);
    fprintf(out, "\n");
}

void script_print(FILE *out, const struct script *s)
{
    if (s->compute)
        fprintf(out, "machine compute%s\n", s->thp ? " thp" : "");
    for (size_t i = 0; i < s->nr_zones; i++)
        print_zone(out, &s->zone[i]);
    for (size_t i = 0; i < s->n; i++)
        script_print_op(out, &s->op[i]);
}

static bool read_op(struct script *s, char *text)
{
    struct script_op op = {.batch = -1};
    char *save = NULL;
    char *word = strtok_r(text, " ", &save);

    if (word && word[0] == '@') {
        op.batch = atoi(word + 1);
        word = strtok_r(NULL, " ", &save);
    }
    if (!word)
        return false;
    for (op.kind = 0; op.kind < SCRIPT_KINDS; op.kind++)
        if (!strcmp(word, words[op.kind]))
            break;
    if (op.kind == SCRIPT_KINDS)
        return false;
    for (unsigned i = 0; i < nr_args[op.kind]; i++) {
        char *v = strtok_r(NULL, " ", &save);

        if (!v)
            return false;
        op.a[i] = strtoll(v, NULL, 0);
    }
    script_add(s, &op);
    return true;
}

unsigned script_read(struct script *s, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    unsigned nr = 0;
    ssize_t n;
    bool ok = true;

    memset(s, 0, sizeof *s);
    while (ok && (n = getline(&line, &room, in)) > 0) {
        nr++;
        line[strcspn(line, "#\r\n")] = 0;
        if (line[strspn(line, " ")] == 0)
            continue;
        if (!strncmp(line, "zone ", 5))
            ok = read_zone(s, line + 5);
        else if (!strncmp(line, "machine compute", 15)) {
            s->compute = true;
            s->thp = strstr(line, " thp") != NULL;
        } else if (!strncmp(line, "hole ", 5))
            ok = read_hole(s, line + 5);
        else
            ok = read_op(s, line);
    }
    free(line);
    if (ok && s->nr_zones == 0)
        ok = false;
    return ok ? 0 : nr;
}

const fpr_gfp script_gfp_extra[SCRIPT_NR_GFP_EXTRA] = {0,
                                                       FPR_GFP_NOMEMALLOC,
                                                       FPR_GFP_HIGH,
                                                       FPR_GFP_ATOMIC,
                                                       FPR_GFP_HIGH | FPR_GFP_ATOMIC,
                                                       FPR_GFP_HIGH | FPR_GFP_ATOMIC |
                                                           FPR_GFP_NOMEMALLOC,
                                                       FPR_GFP_DIRECT_RECLAIM,
                                                       FPR_GFP_KERNEL,
                                                       FPR_GFP_KERNEL | FPR_GFP_HIGH,
                                                       FPR_GFP_KSWAPD_RECLAIM,
                                                       FPR_GFP_MEMALLOC,
                                                       FPR_GFP_MEMALLOC | FPR_GFP_ATOMIC,
                                                       FPR_GFP_MEMALLOC | FPR_GFP_NOMEMALLOC};
