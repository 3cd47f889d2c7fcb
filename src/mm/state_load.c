/* A machine from the text of a state dump. */
#include "mm/machine.h"

#include "base/mem.h"
#include "mm/state_zone.h"

#include <errno.h>
#include <string.h>

/* A dump being read. */
struct loading {
    struct cursor c;
    struct state_params params;
    struct fpr_state_header header;
    bool policy_given;
    bool have_params;
    struct fpr_machine *m;
    bool no_memory; /* that is why it failed */
};

static void copy_word(struct cursor *c, char *to, size_t size)
{
    const char *word;
    size_t len = fpr_cursor_word(c, &word);
    len = len < size ? len : size - 1;
    memcpy(to, word, len);
    to[len] = '\0';
}

static void read_kernel(struct loading *l)
{
    copy_word(&l->c, l->header.kernel, sizeof(l->header.kernel));
    enum fpr_profile profile;
    if (l->policy_given) {
        return;
    }
    if (fpr_profile_from_name(l->header.kernel, &profile) &&
        fpr_profile_from_release(l->header.kernel, &profile)) {
        fpr_cursor_fail(&l->c, "kernel without a profile", l->header.kernel);
        return;
    }
    fpr_profile_policy(profile, &l->params.policy);
}

static void read_params(struct loading *l)
{
    struct {
        const char *name;
        unsigned *to;
    } keys[] = {{"orders", &l->params.orders},
                {"pageblock_order", &l->params.pageblock_order},
                {"mtypes", &l->params.mtypes},
                {"pcp_lists", &l->params.pcp_lists},
                {"cpus", &l->params.cpus}};
    while (!l->c.failed && !fpr_cursor_done(&l->c)) {
        const char *word;
        size_t len = fpr_cursor_word(&l->c, &word);
        uint64_t value = fpr_cursor_dec(&l->c, "parameter");
        for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
            if (fpr_word_is(word, len, keys[k].name)) {
                *keys[k].to = value > 1000 ? 1000 : (unsigned)value;
            }
        }
    }
    if (l->params.orders < 2 || l->params.orders > FPR_NR_ORDERS) {
        fpr_cursor_fail(&l->c, "params: orders out of range", NULL);
    } else if (l->params.mtypes != FPR_NR_MIGRATETYPES) {
        fpr_cursor_fail(&l->c, "params: a kernel with other migratetypes (CMA?) is not modelled",
                        NULL);
    } else if (l->params.cpus < 1) {
        fpr_cursor_fail(&l->c, "params: no cpus", NULL);
    }
    l->header.cpus = l->params.cpus;
    l->have_params = true;
}

static void read_reporting(struct loading *l)
{
    l->header.reporting_state = (int)fpr_cursor_int(&l->c, "reporting state");
    l->header.reporting_pending = (int)fpr_cursor_int(&l->c, "reporting pending");
    l->header.reporting_due_ms = fpr_cursor_int(&l->c, "reporting due");
}

static void read_zone(struct loading *l)
{
    if (!l->have_params || !l->params.policy.pcp_lists) {
        fpr_cursor_fail(&l->c, "a zone before the kernel and params lines", NULL);
        return;
    }
    if (l->params.pcp_lists && l->params.pcp_lists != l->params.policy.pcp_lists) {
        fpr_cursor_fail(&l->c, "params: pcp_lists is not what the profile has", NULL);
        return;
    }
    if (l->m->nr_zones == MAX_ZONELIST) {
        fpr_cursor_fail(&l->c, "too many zones", NULL);
        return;
    }
    int err = fpr_state_read_zone(&l->c, &l->params, &l->m->zones[l->m->nr_zones]);
    if (err == -ENOMEM) {
        l->no_memory = true;
        fpr_cursor_fail(&l->c, "out of memory", NULL);
    }
    l->m->nr_zones += !err;
}

/* One header record; words that are not known are skipped. */
static void read_header(struct loading *l, const char *word, size_t len)
{
    if (fpr_word_is(word, len, "kernel")) {
        read_kernel(l);
    } else if (fpr_word_is(word, len, "params")) {
        read_params(l);
    } else if (fpr_word_is(word, len, "slot")) {
        copy_word(&l->c, l->header.slot, sizeof(l->header.slot));
    } else if (fpr_word_is(word, len, "time")) {
        l->header.time_ns = fpr_cursor_dec(&l->c, "time");
    } else if (fpr_word_is(word, len, "boost_factor")) {
        l->params.boost_factor = (unsigned)fpr_cursor_dec(&l->c, "boost_factor");
    } else if (fpr_word_is(word, len, "vmemmap")) {
        l->header.vmemmap = fpr_cursor_hex(&l->c, "vmemmap");
    } else if (fpr_word_is(word, len, "reporting_order")) {
        l->header.reporting_order = (int)fpr_cursor_int(&l->c, "reporting_order");
    } else if (fpr_word_is(word, len, "reporting")) {
        read_reporting(l);
    }
}

/* "Q <zones> ok"; anything else there means that the dump was cut short. */
static void read_end(struct loading *l)
{
    const char *word;
    uint64_t zones = fpr_cursor_dec(&l->c, "number of zones");
    size_t len = fpr_cursor_word(&l->c, &word);
    if (!fpr_word_is(word, len, "ok")) {
        fpr_cursor_fail(&l->c, "the dump was cut short (its end does not say ok)", NULL);
    } else if (zones != l->m->nr_zones || zones == 0) {
        fpr_cursor_fail(&l->c, "wrong number of zones", NULL);
    } else if (fpr_machine_arrange(l->m)) {
        fpr_cursor_fail(&l->c, "zones overlap, or two are alike", NULL);
    }
}

static void read_all(struct loading *l)
{
    bool ended = false;
    while (!ended && fpr_cursor_line(&l->c)) {
        const char *word;
        size_t len = fpr_cursor_word(&l->c, &word);
        if (fpr_word_is(word, len, "Z")) {
            read_zone(l);
        } else if (fpr_word_is(word, len, "Q")) {
            read_end(l);
            ended = true;
        } else {
            read_header(l, word, len);
        }
    }
    if (!ended && !l->c.failed) {
        fpr_cursor_fail(&l->c, "cut short: no Q line", NULL);
    }
}

static bool is_state(const char *text, size_t len)
{
    static const char magic[] = "# fpr-state 1";
    return len >= sizeof(magic) - 1 && memcmp(text, magic, sizeof(magic) - 1) == 0;
}

int fpr_machine_load(const char *text, size_t len, const struct fpr_policy *profile,
                     const struct fpr_mem_ops *mem, struct fpr_machine **machine,
                     struct fpr_state_header *header, struct fpr_text_error *error)
{
    struct fpr_policy known;
    if (!text || !machine || (profile && fpr_profile_policy(profile->base, &known)) ||
        !fpr_mem_ok(mem)) {
        return -EINVAL;
    }
    struct loading l = {
        .params = {.mem = mem, .cpus = 1, .boost_factor = 15000},
        .header = {.reporting_order = -1, .reporting_state = -1, .reporting_due_ms = -1}};
    fpr_cursor_init(&l.c, text, len);
    if (profile) {
        l.params.policy = *profile;
        l.policy_given = true;
    }
    l.m = fpr_machine_new(mem);
    if (!l.m) {
        return -ENOMEM;
    }
    if (is_state(text, len)) {
        read_all(&l);
    } else {
        fpr_cursor_fail(&l.c, "not a state dump (first line)", NULL);
    }
    if (l.c.failed) {
        fpr_machine_destroy(l.m);
        if (error) {
            *error = l.c.error;
        }
        return l.no_memory ? -ENOMEM : -EINVAL;
    }
    *machine = l.m;
    if (header) {
        *header = l.header;
    }
    return 0;
}
