/* Requests, by name or by frame; per-cpu lists and watermarks. */
#include "lab.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct kind {
    const char *name;
    fpr_gfp gfp;
} kinds[] = {
    {"movable", FPR_GFP_HIGHUSER_MOVABLE},
    {"unmovable", FPR_GFP_KERNEL},
    {"reclaimable", FPR_GFP_KERNEL | FPR_GFP_RECLAIMABLE},
    {"atomic", FPR_GFP_ATOMIC_REQUEST},
    {"memalloc", FPR_GFP_KERNEL | FPR_GFP_MEMALLOC},
    {"dma", FPR_GFP_KERNEL | FPR_GFP_DMA},
};
#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct lab_name *lab_name_find(struct lab *lab, const char *name)
{
    for (size_t k = 0; k < lab->w.nr_names; k++) {
        if (!strcmp(lab->w.names[k].text, name)) {
            return &lab->w.names[k];
        }
    }
    return NULL;
}

static enum lab_result find_name(struct lab *lab, const char *name, struct lab_name **found)
{
    *found = lab_name_find(lab, name);
    if (*found) {
        return LAB_OK;
    }
    const char *names[LAB_NAMES + 1];
    size_t n = 0;
    for (; n < lab->w.nr_names; n++) {
        names[n] = lab->w.names[n].text;
    }
    names[n] = NULL;
    const char *near = strlen(name) > 2 ? lab_nearest(name, names) : NULL;
    return near ? lab_fail(lab, LAB_REFUSED, "no block is called '%s'; did you mean '%s'?", name,
                           near)
                : lab_fail(lab, LAB_REFUSED, "no block is called '%s'", name);
}

static void forget(struct lab *lab, fpr_pfn pfn)
{
    struct lab_world *w = &lab->w;
    for (size_t k = 0; k < w->nr_names; k++) {
        if (w->names[k].pfn == pfn) {
            w->names[k] = w->names[--w->nr_names];
            return;
        }
    }
}

static enum lab_result check_name(struct lab *lab, const char *name)
{
    if (strlen(name) >= LAB_NAME || !isalpha((unsigned char)*name)) {
        return lab_fail(lab, LAB_BAD, "'%s' is no name: a letter first, at most %d characters",
                        name, LAB_NAME - 1);
    }
    const struct lab_name *old = lab_name_find(lab, name);
    if (old) {
        return lab_fail(lab, LAB_REFUSED, "'%s' is frame %s already; free it first", name,
                        lab_hex(old->pfn).text);
    }
    return lab->w.nr_names < LAB_NAMES ? LAB_OK : lab_fail(lab, LAB_REFUSED, "too many names");
}

static const char *zone_name(const struct lab_world *w, fpr_pfn pfn)
{
    struct fpr_zone_info info = {.name = ""};
    fpr_zone_get_info(fpr_machine_zone_of(w->machine, pfn), &info);
    return info.name;
}

static enum lab_result alloc(struct lab *lab, const struct lab_words *words, unsigned at,
                             const char *name)
{
    uint64_t order = 0, cpu = 0;
    size_t kind = 0;
    unsigned k = at + 1;
    struct lab_world *w = &lab->w;
    if (k >= words->n) {
        return lab_fail(lab, LAB_BAD, "alloc needs an order: alloc ORDER [TYPE] [cpu N]");
    }
    enum lab_result r = lab_number(lab, "order", words->word[k++], 0, w->info.max_order, &order);
    if (!r && k < words->n && strcmp(words->word[k], "cpu")) {
        const char *names[NR_KINDS + 1] = {NULL};
        for (size_t i = 0; i < NR_KINDS; i++) {
            names[i] = kinds[i].name;
        }
        struct lab_option type = {"type", LAB_WORD, NULL, 0, 0, names, false};
        const char *near = lab_nearest(words->word[k], names);
        for (; kind < NR_KINDS && strcmp(kinds[kind].name, words->word[k]); kind++) {
        }
        if (kind == NR_KINDS) {
            char list[160];
            lab_join(list, sizeof(list), names);
            return near ? lab_fail(lab, LAB_BAD, "unknown %s '%s'; did you mean '%s'?", type.key,
                                   words->word[k], near)
                        : lab_fail(lab, LAB_BAD, "unknown %s '%s', not one of %s", type.key,
                                   words->word[k], list);
        }
        k++;
    }
    struct lab_option options[] = {{"cpu", LAB_NUMBER, &cpu, 0, w->info.cpus - 1, NULL, false},
                                   {0}};
    r = r ? r : lab_options(lab, words, k, options);
    if (r) {
        return r;
    }
    fpr_pfn pfn;
    lab->cpu = (unsigned)cpu;
    int err =
        fpr_alloc_pages_node(w->machine, 0, (unsigned)order, kinds[kind].gfp, (unsigned)cpu, &pfn);
    if (err) {
        lab_say(lab, "no memory: order %u, %s", (unsigned)order, kinds[kind].name);
        return LAB_OK;
    }
    if (w->host) {
        fpr_host_touch(w->host, pfn - w->base, 1ull << order);
    }
    if (name) {
        struct lab_name *n = &w->names[w->nr_names++];
        snprintf(n->text, sizeof(n->text), "%s", name);
        n->pfn = pfn;
        n->order = (unsigned)order;
    }
    lab_say(lab, "%s%sframe %s, order %u, %s%s%s", name ? name : "", name ? " = " : "",
            lab_hex(pfn).text, (unsigned)order, kinds[kind].name, w->nr_zones > 1 ? ", zone " : "",
            w->nr_zones > 1 ? zone_name(w, pfn) : "");
    return LAB_OK;
}

enum lab_result lab_cmd_alloc(struct lab *lab, const struct lab_words *words)
{
    return alloc(lab, words, 0, NULL);
}

enum lab_result lab_alloc_named(struct lab *lab, const struct lab_words *words)
{
    enum lab_result r = check_name(lab, words->word[0]);
    return r ? r : alloc(lab, words, 2, words->word[0]);
}

static enum lab_result free_block(struct lab *lab, fpr_pfn pfn, unsigned order, unsigned cpu)
{
    lab->cpu = cpu;
    int err = fpr_free_pages_cpu(lab->w.machine, pfn, order, cpu);
    if (err) {
        return lab_fail(lab, LAB_REFUSED, "frame %s is not an allocated block of order %u",
                        lab_hex(pfn).text, order);
    }
    forget(lab, pfn);
    lab_say(lab, "freed frame %s, order %u", lab_hex(pfn).text, order);
    return LAB_OK;
}

/* free NAME…, free FRAME ORDER; then perhaps cpu N. */
enum lab_result lab_cmd_free(struct lab *lab, const struct lab_words *words)
{
    unsigned n = words->n;
    uint64_t cpu = 0, pfn, order;
    enum lab_result r = LAB_OK;
    if (n > 3 && !strcmp(words->word[n - 2], "cpu")) {
        r = lab_number(lab, "cpu", words->word[n - 1], 0, lab->w.info.cpus - 1, &cpu);
        n -= 2;
    }
    if (n < 2) {
        return lab_fail(lab, LAB_BAD, "free needs a name, or a frame and its order");
    }
    if (!r && isdigit((unsigned char)*words->word[1])) {
        if (n != 3) {
            return lab_fail(lab, LAB_BAD, "free by frame: free FRAME ORDER");
        }
        r = lab_number(lab, "frame", words->word[1], 0, UINT64_MAX, &pfn);
        r = r ? r : lab_number(lab, "order", words->word[2], 0, lab->w.info.max_order, &order);
        return r ? r : free_block(lab, pfn, (unsigned)order, (unsigned)cpu);
    }
    struct lab_name *found;
    for (unsigned k = 1; k < n && !r; k++) { /* all or none */
        r = find_name(lab, words->word[k], &found);
        for (unsigned i = 1; i < k && !r; i++) {
            if (!strcmp(words->word[i], words->word[k])) {
                r = lab_fail(lab, LAB_BAD, "'%s' is named twice", words->word[k]);
            }
        }
    }
    for (unsigned k = 1; k < n && !r; k++) {
        r = find_name(lab, words->word[k], &found);
        r = r ? r : free_block(lab, found->pfn, found->order, (unsigned)cpu);
    }
    return r;
}

/* split NAME: into single pages, NAME.0 NAME.1 … */
enum lab_result lab_cmd_split(struct lab *lab, const struct lab_words *words)
{
    struct lab_name *found;
    if (words->n != 2) {
        return lab_fail(lab, LAB_BAD, "split needs one name");
    }
    enum lab_result r = find_name(lab, words->word[1], &found);
    if (r) {
        return r;
    }
    /* analyzer: null-dereference; find_name() has set it */
    struct lab_name whole = *found;
    unsigned pages = 1u << whole.order;
    if (lab->w.nr_names + pages > LAB_NAMES || strlen(whole.text) > LAB_NAME - 6) {
        return lab_fail(lab, LAB_REFUSED, "too many names");
    }
    if (whole.order == 0 ||
        fpr_zone_split(fpr_machine_zone_of(lab->w.machine, whole.pfn), whole.pfn, whole.order, 0)) {
        return lab_fail(lab, LAB_REFUSED, "'%s' is a single page", whole.text);
    }
    forget(lab, whole.pfn);
    for (unsigned k = 0; k < pages; k++) {
        struct lab_name *n = &lab->w.names[lab->w.nr_names++];
        *n = (struct lab_name){.pfn = whole.pfn + k};
        snprintf(n->text, sizeof(n->text), "%.17s.%u", whole.text, k % 10000);
    }
    lab_say(lab, "%s is %s.0 to %s.%u now", whole.text, whole.text, whole.text, pages - 1);
    return LAB_OK;
}

enum lab_result lab_cmd_drain(struct lab *lab, const struct lab_words *words)
{
    uint64_t only = 0, pages = 0;
    struct lab_option options[] = {{"cpu", LAB_NUMBER, &only, 0, lab->w.info.cpus - 1, NULL, false},
                                   {0}};
    enum lab_result r = lab_options(lab, words, 1, options);
    if (r) {
        return r;
    }
    for (unsigned cpu = 0; cpu < lab->w.info.cpus; cpu++) {
        struct fpr_pcp_counters p;
        if (!options[0].given || cpu == only) {
            fpr_zone_get_pcp(lab->w.zone, cpu, &p);
            fpr_zone_drain(lab->w.zone, cpu);
            pages += p.count;
        }
    }
    lab_say(lab, "drained %" PRIu64 " page%s", pages, pages == 1 ? "" : "s");
    return LAB_OK;
}

enum lab_result lab_cmd_pcp(struct lab *lab, const struct lab_words *words)
{
    uint64_t high = 0, batch = 1;
    bool off = false;
    struct lab_option options[] = {{"high", LAB_NUMBER, &high, 0, 100000, NULL, false},
                                   {"batch", LAB_NUMBER, &batch, 1, 1000, NULL, false},
                                   {"off", LAB_FLAG, &off, 0, 0, NULL, false},
                                   {0}};
    enum lab_result r = lab_options(lab, words, 1, options);
    if (!r && words->n == 1) {
        r = lab_fail(lab, LAB_BAD, "pcp needs: high N batch N, or off");
    }
    if (r) {
        return r;
    }
    fpr_zone_set_pcp(lab->w.zone, off ? 0 : (unsigned)high, off ? 1 : (unsigned)batch);
    lab_say(lab, off ? "per-cpu lists off" : "per-cpu lists: high %u, batch %u", (unsigned)high,
            (unsigned)batch);
    return LAB_OK;
}

enum lab_result lab_cmd_watermark(struct lab *lab, const struct lab_words *words)
{
    struct fpr_zone_counters c;
    fpr_zone_get_counters(lab->w.zone, &c);
    struct lab_option options[] = {{"min", LAB_NUMBER, &c.watermark[0], 0, 1u << 20, NULL, false},
                                   {"low", LAB_NUMBER, &c.watermark[1], 0, 1u << 20, NULL, false},
                                   {"high", LAB_NUMBER, &c.watermark[2], 0, 1u << 20, NULL, false},
                                   {0}};
    enum lab_result r = lab_options(lab, words, 1, options);
    if (r) {
        return r;
    }
    fpr_zone_set_watermarks(lab->w.zone, c.watermark[0], c.watermark[1], c.watermark[2]);
    lab_say(lab, "watermarks: min %llu, low %llu, high %llu", (unsigned long long)c.watermark[0],
            (unsigned long long)c.watermark[1], (unsigned long long)c.watermark[2]);
    return LAB_OK;
}
