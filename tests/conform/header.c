/* The header of a golden file. */
#include "golden.h"

#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "lines.h"

enum {
    SEEN_KERNEL = 1,
    SEEN_PROFILE = 2,
    SEEN_ZONE = 4,
    SEEN_PARAMS = 8,
    SEEN_BOOST = 16,
    SEEN_PUTBACK = 32,
    SEEN_LEVEL = 64,
    SEEN_PCP = 128,
};

static const char magic[] = "# fpr-golden 1";

void golden_header_free(struct golden_header *header)
{
    free(header->movable);
    header->movable = NULL;
    header->nr_movable = header->movable_capacity = 0;
}

static bool once(struct golden_header *header, struct fields *f, unsigned bit, const char *name)
{
    if (header->seen & bit) {
        return fields_bad(f, "a second %s line", name);
    }
    header->seen |= bit;
    return true;
}

static bool parse_zone(struct golden_header *header, struct fields *f)
{
    const uint64_t most = (uint64_t)1 << 32;
    if (!fields_hex(f, "start_pfn", &header->start) ||
        !fields_dec(f, "spanned", most, &header->spanned) ||
        !fields_dec(f, "present", most, &header->present) ||
        !fields_dec(f, "managed", most, &header->managed) || !fields_end(f)) {
        return false;
    }
    if (!header->spanned || header->start > ((uint64_t)1 << 52) - header->spanned) {
        return fields_bad(f, "impossible zone: %llu pages from frame %llx",
                          (unsigned long long)header->spanned, (unsigned long long)header->start);
    }
    if (!header->managed || header->managed > header->present ||
        header->present > header->spanned) {
        return fields_bad(f, "impossible zone: not 0 < managed <= present <= spanned");
    }
    return true;
}

static bool parse_params(struct golden_header *header, struct fields *f)
{
    unsigned nofragment = 0;
    unsigned lru = 0;
    unsigned shuffle = 0;
    const struct {
        const char *name;
        unsigned *value, low, high;
        bool needed;
    } keys[] = {
        {"orders", &header->orders, 2, FPR_NR_ORDERS, true},
        {"pageblock_order", &header->pageblock_order, 1, FPR_MAX_ORDER, true},
        {"mtypes", &header->mtypes, FPR_NR_MIGRATETYPES, FPR_NR_MIGRATETYPES, true},
        {"isolate", &header->isolate, FPR_ISOLATE, FPR_ISOLATE, true},
        {"capacity", &header->capacity, 1, 65536, true},
        {"pcp_lists", &header->pcp_lists, 3, 15, true},
        {"nofragment", &nofragment, 0, 1, false},
        {"lru", &lru, 0, 1, false},
        {"shuffle", &shuffle, 0, 1, false},
    };
    const size_t nr_keys = sizeof(keys) / sizeof(keys[0]);
    unsigned given = 0;
    while (!fields_over(f)) {
        char name[24];
        if (!fields_word(f, "key", name, sizeof(name))) {
            return false;
        }
        size_t i = 0;
        while (i < nr_keys && strcmp(keys[i].name, name)) {
            i++;
        }
        if (i == nr_keys || given & 1u << i) {
            return fields_bad(f, "%s key '%s'", i == nr_keys ? "unknown" : "repeated", name);
        }
        given |= 1u << i;
        if (!fields_uint(f, name, keys[i].high, keys[i].value)) {
            return false;
        }
        if (*keys[i].value < keys[i].low) {
            return fields_bad(f, "%s is below %u", name, keys[i].low);
        }
    }
    for (size_t i = 0; i < nr_keys; i++) {
        if (keys[i].needed && !(given & 1u << i)) {
            return fields_bad(f, "%s is missing", keys[i].name);
        }
    }
    if (header->pageblock_order >= header->orders) {
        return fields_bad(f, "pageblock_order is above the largest order");
    }
    header->nofragment = nofragment;
    header->lru = lru;
    header->shuffle = shuffle;
    return true;
}

static bool parse_quirk(struct golden_header *header, struct fields *f)
{
    char name[24];
    char level[4];
    if (!fields_word(f, "quirk", name, sizeof(name))) {
        return false;
    }
    if (!strcmp(name, "v16-putback")) {
        header->v16_putback = true;
        return once(header, f, SEEN_PUTBACK, "quirk v16-putback") && fields_end(f);
    }
    if (strcmp(name, "patch-level")) {
        return fields_bad(f, "unknown quirk '%s'", name);
    }
    if (!once(header, f, SEEN_LEVEL, "quirk patch-level") ||
        !fields_word(f, "level", level, sizeof(level)) || !fields_end(f)) {
        return false;
    }
    if (strcmp(level, "P4") && strcmp(level, "P7") && strcmp(level, "P8")) {
        return fields_bad(f, "field 2 (level): '%s' is not P4, P7 or P8", level);
    }
    header->patch_level = (unsigned)(level[1] - '0');
    return true;
}

static bool parse_movable(struct golden_header *header, struct fields *f)
{
    fpr_pfn pfn = 0;
    if (!fields_hex(f, "pfn", &pfn) || !fields_end(f)) {
        return false;
    }
    if (!golden_grow((void **)&header->movable, &header->movable_capacity, header->nr_movable,
                     sizeof(pfn))) {
        return fields_bad(f, "out of memory");
    }
    header->movable[header->nr_movable++] = pfn;
    return true;
}

/* "C pcp off 0 1" is an operation, but it always stands here. */
static bool parse_pcp(struct golden_header *header, struct fields *f, const char *line)
{
    return once(header, f, SEEN_PCP, "C pcp") &&
           (!strcmp(line, "C pcp off 0 1") ||
            fields_bad(f, "only 'C pcp off 0 1' may stand before the first state"));
}

static bool parse_line(struct golden_header *header, const char *line, unsigned long number,
                       struct fields *f)
{
    char name[24];
    fields_begin(f, line);
    if (!fields_word(f, "name", name, sizeof(name))) {
        return false;
    }
    if (!strcmp(name, "kernel")) {
        return once(header, f, SEEN_KERNEL, name) &&
               fields_word(f, "release", header->kernel, sizeof(header->kernel)) && fields_end(f);
    }
    if (!strcmp(name, "profile")) {
        return once(header, f, SEEN_PROFILE, name) &&
               fields_word(f, "profile", header->profile, sizeof(header->profile)) && fields_end(f);
    }
    if (!strcmp(name, "zone")) {
        header->zone_line = number;
        return once(header, f, SEEN_ZONE, name) && parse_zone(header, f);
    }
    if (!strcmp(name, "params")) {
        header->params_line = number;
        return once(header, f, SEEN_PARAMS, name) && parse_params(header, f);
    }
    if (!strcmp(name, "boost_factor")) {
        return once(header, f, SEEN_BOOST, name) &&
               fields_uint(f, "factor", INT32_MAX, &header->boost_factor) && fields_end(f);
    }
    if (!strcmp(name, "quirk")) {
        return parse_quirk(header, f);
    }
    if (!strcmp(name, "m")) {
        return parse_movable(header, f);
    }
    if (!strcmp(name, "C")) {
        return parse_pcp(header, f, line);
    }
    return fields_bad(f, "unknown header line '%s'", name);
}

static bool complete(const struct golden_header *header, unsigned long line,
                     struct conform_result *result)
{
    static const struct {
        unsigned bit;
        const char *name;
    } needed[] = {
        {SEEN_KERNEL, "kernel"},      {SEEN_ZONE, "zone"},         {SEEN_PARAMS, "params"},
        {SEEN_BOOST, "boost_factor"}, {SEEN_PCP, "C pcp off 0 1"},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (!(header->seen & needed[i].bit)) {
            return conform_fail(result, line, "the header has no line '%s'", needed[i].name);
        }
    }
    return true;
}

bool golden_read_header(struct lines *in, struct golden_header *header,
                        struct golden_record *record, struct conform_result *result)
{
    memset(header, 0, sizeof(*header));
    header->patch_level = 8;
    for (;;) {
        char *line = NULL;
        size_t length = 0;
        char error[256];
        struct fields f;
        int got = lines_next(in, &line, &length);
        unsigned long number = lines_number(in);
        if (got < 0) {
            return conform_fail(result, number, "%s", lines_error(in));
        }
        if (!got) {
            return conform_fail(result, number, "the file is cut short: it ends in its header");
        }
        if (strlen(line) != length) {
            return conform_fail(result, number, "not text: a NUL byte");
        }
        if (number == 1 && strcmp(line, magic)) {
            return conform_fail(result, 1, "the first line is '%.40s', not '%s'", line, magic);
        }
        if (line[0] == '#') {
            continue;
        }
        if (line[0] == 'S' && line[1] == ' ') {
            if (!golden_parse(line, record, error, sizeof(error))) {
                return conform_fail(result, number, "%s", error);
            }
            record->line = number;
            return complete(header, number, result);
        }
        if (!parse_line(header, line, number, &f)) {
            return conform_fail(result, number, "%s", f.error);
        }
    }
}
