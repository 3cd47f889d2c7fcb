/* The reference model's side: looking at its state. */
#include "support/side_reference.h"

#include <errno.h>
#include <inttypes.h>

bool side_reference_nth_free(struct side *s, size_t zone, unsigned order, uint64_t n, fpr_pfn *pfn)
{
    struct ref_zone *z = ref(s)->zone[zone];

    for (unsigned t = 0; order <= z->maxo && t < REF_TYPES; t++) {
        if (n < z->list[order][t].n) {
            *pfn = z->list[order][t].pfn[n];
            return true;
        }
        n -= z->list[order][t].n;
    }
    return false;
}

bool side_reference_nth_pcp(struct side *s, size_t zone, uint64_t n, struct fpr_sg *block)
{
    struct ref_zone *z = ref(s)->zone[zone];

    for (unsigned c = 0; c < z->cpus; c++)
        for (unsigned i = 0; i < z->rules.pcp_lists; i++) {
            struct ref_list *l = &z->pcp[c].list[i];

            if (n < l->n) {
                *block = (struct fpr_sg){.pfn = l->pfn[n], .order = ref_page(z, l->pfn[n])->order};
                return true;
            }
            n -= l->n;
        }
    return false;
}

int side_reference_page(struct side *s, size_t zone, fpr_pfn pfn, char *text, size_t size)
{
    static const int kinds[] = {[REF_RESERVED] = FPR_PAGE_RESERVED,
                                [REF_FREE] = FPR_PAGE_FREE,
                                [REF_ALLOCATED] = FPR_PAGE_ALLOCATED,
                                [REF_ON_PCP] = FPR_PAGE_PCP,
                                [REF_HELD] = FPR_PAGE_HELD};
    struct ref_zone *z = ref(s)->zone[zone];
    struct ref_page *page;

    if (!ref_in_zone(z, pfn))
        return -EINVAL;
    while (ref_page(z, pfn)->what == REF_INSIDE)
        pfn--;
    page = ref_page(z, pfn);
    snprintf(text, size, "kind %d, block %" PRIu64 ":%u reported %d", kinds[page->what], pfn,
             page->order, page->reported);
    return 0;
}

uint64_t side_reference_hash(struct side *s)
{
    uint64_t h = 0;

    for (size_t i = 0; i < ref(s)->n; i++)
        h = h * 31 + ref_hash(ref(s)->zone[i], true);
    return h;
}

static uint64_t pcp_hash(struct side *s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < ref(s)->n; i++) {
        struct ref_zone *z = ref(s)->zone[i];

        for (int k = 0; k < FPR_NR_ZONE_INDICES; k++)
            h = (h ^ (uint64_t)z->reserve[k]) * 0x100000001b3u;
        for (unsigned cpu = 0; cpu < z->cpus; cpu++)
            for (unsigned l = 0; l < z->rules.pcp_lists; l++) {
                struct ref_list *list = &z->pcp[cpu].list[l];

                for (size_t k = 0; k < list->n; k++) {
                    struct ref_page *page = ref_page(z, list->pfn[k]);

                    h = (h ^ list->pfn[k]) * 0x100000001b3u;
                    h = (h ^ (page->order * 8u + page->type)) * 0x100000001b3u;
                }
                h = (h ^ l) * 0x100000001b3u;
            }
    }
    return h;
}

void side_reference_counters(struct side *s, char *text, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < ref(s)->n; i++) {
        struct ref_zone *z = ref(s)->zone[i];

        n += (size_t)snprintf(text + n, size > n ? size - n : 0,
                              "marks %" PRId64 " %" PRId64 " %" PRId64 " isolated %u held %" PRIu64
                              " pcp %" PRId64 "/%" PRId64 " lag %" PRId64 " ",
                              z->wmark[0], z->wmark[1], z->wmark[2], z->isolated, z->held,
                              z->pcp[0].high, z->pcp[0].batch, z->lag);
    }
    snprintf(text + n, size > n ? size - n : 0, "lists %08x state %d",
             (unsigned)(pcp_hash(s) >> 32), s->registered ? ref(s)->reporter.state : -1);
}

bool side_reference_valid(struct side *s, char *why, size_t size)
{
    (void)s;
    (void)why;
    (void)size;
    return true;
}

static void print_list(FILE *out, const struct ref_zone *z, const struct ref_list *l)
{
    for (size_t k = 0; k < l->n; k++)
        fprintf(out, " %" PRIu64 "%s", l->pfn[k], ref_page(z, l->pfn[k])->reported ? "*" : "");
    fprintf(out, "\n");
}

void side_reference_dump(struct side *s, FILE *out)
{
    for (size_t i = 0; i < ref(s)->n; i++) {
        struct ref_zone *z = ref(s)->zone[i];

        fprintf(out, "zone %zu free %" PRId64 " highatomic %" PRId64 " boost %" PRId64 "\n", i,
                z->free, z->highatomic, z->boost);
        fprintf(out, "types ");
        for (uint64_t b = 0; b < z->nr_blocks; b++)
            fprintf(out, "%d", z->block_type[b]);
        fprintf(out, "\n");
        for (unsigned o = 0; o <= z->maxo; o++)
            for (unsigned t = 0; t < REF_TYPES; t++) {
                fprintf(out, "list %u %u:", o, t);
                print_list(out, z, &z->list[o][t]);
            }
        for (unsigned cpu = 0; cpu < z->cpus; cpu++)
            for (unsigned l = 0; l < z->rules.pcp_lists; l++) {
                fprintf(out, "pcp %u %u:", cpu, l);
                print_list(out, z, &z->pcp[cpu].list[l]);
            }
    }
}
