#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "lines.h"

bool golden_grow(void **array, size_t *capacity, size_t count, size_t size)
{
    if (count < *capacity) {
        return true;
    }
    size_t grown = *capacity ? *capacity * 2 : 64;
    void *made = realloc(*array, grown * size);
    if (!made) {
        return false;
    }
    *array = made;
    *capacity = grown;
    return true;
}

void golden_record_free(struct golden_record *record)
{
    free(record->sg);
    record->sg = NULL;
    record->nr_sg = record->sg_capacity = 0;
}

static bool note(struct fields *f, struct golden_record *record)
{
    char word[2];
    if (!fields_word(f, "note", word, sizeof(word))) {
        return false;
    }
    if (!strchr("n-.", word[0])) {
        return fields_bad(f, "field %u (note): '%s' is not n, - or .", f->taken, word);
    }
    record->note = word[0];
    return true;
}

static bool hash(struct fields *f, struct golden_record *record)
{
    record->hashed = !(f->at[0] == '-' && !f->at[1]);
    if (!record->hashed) {
        char dash[2];
        return fields_word(f, "hash", dash, sizeof(dash)) && fields_end(f);
    }
    return fields_word64(f, "hash", &record->hash) && fields_end(f);
}

static bool order(struct fields *f, const char *name, unsigned *value)
{
    return fields_uint(f, name, FPR_MAX_ORDER, value);
}

static bool parse_alloc(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_ALLOC;
    if (!order(f, "order", &record->order) ||
        !fields_uint(f, "type", FPR_NR_PCPTYPES - 1, &record->type) ||
        !fields_uint(f, "flags", 4, &record->flags)) {
        return false;
    }
    record->pfn = FPR_PFN_NONE;
    if (f->at[0] == '-') {
        char dash[2];
        if (!fields_word(f, "pfn", dash, sizeof(dash))) {
            return false;
        }
    } else if (!fields_hex(f, "pfn", &record->pfn)) {
        return false;
    }
    return note(f, record) && hash(f, record);
}

static bool parse_free(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_FREE;
    return fields_hex(f, "pfn", &record->pfn) && order(f, "order", &record->order) &&
           note(f, record) && hash(f, record);
}

static bool parse_split(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_SPLIT;
    return fields_hex(f, "pfn", &record->pfn) && order(f, "order", &record->order) &&
           order(f, "to", &record->to) && fields_end(f) &&
           (record->to <= record->order ||
            fields_bad(f, "field 3 (to): %u is above the block's order %u", record->to,
                       record->order));
}

static bool parse_drain(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_DRAIN;
    return note(f, record) && hash(f, record);
}

static bool parse_setting(struct fields *f, struct golden_record *record)
{
    char what[16];
    char word[8];
    uint64_t *v = record->number;
    if (!fields_word(f, "setting", what, sizeof(what))) {
        return false;
    }
    if (!strcmp(what, "pcp")) {
        record->kind = GOLDEN_PCP;
        if (!fields_word(f, "on or off", word, sizeof(word))) {
            return false;
        }
        record->on = !strcmp(word, "on");
        if (!record->on && strcmp(word, "off")) {
            return fields_bad(f, "field 2: '%s' is neither on nor off", word);
        }
        return fields_dec(f, "high", INT32_MAX, &v[0]) &&
               fields_dec(f, "batch", INT32_MAX, &v[1]) && fields_end(f) &&
               (record->on || (v[0] == 0 && v[1] == 1) ||
                fields_bad(f, "off goes with high 0 and batch 1"));
    }
    if (!strcmp(what, "report")) {
        record->kind = GOLDEN_REPORT;
        return order(f, "order", &record->order) && fields_end(f);
    }
    if (!strcmp(what, "wmark")) {
        record->kind = GOLDEN_WMARK;
        return fields_dec(f, "min", INT64_MAX, &v[0]) && fields_dec(f, "low", INT64_MAX, &v[1]) &&
               fields_dec(f, "high", INT64_MAX, &v[2]) && fields_end(f);
    }
    if (!strcmp(what, "boost")) {
        record->kind = GOLDEN_BOOST;
        return fields_dec(f, "factor", INT32_MAX, &v[0]) &&
               fields_dec(f, "current", INT64_MAX, &v[1]) && fields_end(f);
    }
    if (!strcmp(what, "shuffle")) {
        record->kind = GOLDEN_SHUFFLE;
        return fields_word64(f, "word", &v[0]) && fields_end(f);
    }
    return fields_bad(f, "unknown setting '%s'", what);
}

static bool parse_batch(struct fields *f, struct golden_record *record)
{
    unsigned n = 0;
    record->kind = GOLDEN_BATCH;
    record->nr_sg = 0;
    if (!fields_uint(f, "k", INT32_MAX, &record->k) || !fields_uint(f, "n", 65536, &n)) {
        return false;
    }
    if (!n) {
        return fields_bad(f, "field 2 (n): a batch has at least one block");
    }
    for (unsigned i = 0; i < n; i++) {
        if (!golden_grow((void **)&record->sg, &record->sg_capacity, i, sizeof(*record->sg))) {
            return fields_bad(f, "out of memory");
        }
        struct fpr_sg *sg = &record->sg[i];
        if (!fields_hex_until(f, "block", ':', &sg->pfn) || !order(f, "order", &sg->order)) {
            return false;
        }
        record->nr_sg = i + 1;
    }
    return hash(f, record);
}

static bool parse_done(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_DONE;
    return fields_uint(f, "k", INT32_MAX, &record->k) && fields_int(f, "err", &record->error) &&
           fields_end(f);
}

static bool parse_passed(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_PASSED;
    return fields_dec(f, "batches", INT32_MAX, &record->number[0]) &&
           fields_dec(f, "requested", 1, &record->number[1]) && hash(f, record);
}

static bool parse_pass(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_PASS;
    return order(f, "order", &record->order) && fields_end(f);
}

static bool parse_state(struct fields *f, struct golden_record *record)
{
    record->kind = GOLDEN_STATE;
    return fields_dec(f, "opno", INT64_MAX, &record->number[0]) && hash(f, record);
}

static bool parse_quit(struct fields *f, struct golden_record *record)
{
    char ok[4];
    record->kind = GOLDEN_QUIT;
    if (!fields_dec(f, "opno", INT64_MAX, &record->number[0]) ||
        !fields_word(f, "ok", ok, sizeof(ok))) {
        return false;
    }
    return strcmp(ok, "ok") ? fields_bad(f, "field 2: '%s' is not ok", ok) : fields_end(f);
}

bool golden_parse(const char *line, struct golden_record *record, char *error, size_t size)
{
    static bool (*const parsers[26])(struct fields *, struct golden_record *) = {
        ['A' - 'A'] = parse_alloc, ['B' - 'A'] = parse_batch,  ['C' - 'A'] = parse_setting,
        ['E' - 'A'] = parse_done,  ['F' - 'A'] = parse_free,   ['P' - 'A'] = parse_split,
        ['Q' - 'A'] = parse_quit,  ['R' - 'A'] = parse_pass,   ['S' - 'A'] = parse_state,
        ['V' - 'A'] = parse_drain, ['Z' - 'A'] = parse_passed,
    };
    if (line[0] == '#') {
        record->kind = GOLDEN_COMMENT;
        return true;
    }
    if (line[0] < 'A' || line[0] > 'Z' || !parsers[line[0] - 'A'] || (line[1] && line[1] != ' ')) {
        snprintf(error, size, line[0] ? "unknown record '%.40s'" : "empty line%s", line);
        return false;
    }
    struct fields f;
    fields_begin(&f, line + 1 + (line[1] == ' '));
    record->hashed = false;
    if (parsers[line[0] - 'A'](&f, record)) {
        return true;
    }
    snprintf(error, size, "record %c: %s", line[0], f.error);
    return false;
}

bool golden_next(struct lines *in, struct golden_record *record, struct conform_result *result)
{
    char *line = NULL;
    size_t length = 0;
    char error[256];
    do {
        int got = lines_next(in, &line, &length);
        unsigned long number = lines_number(in);
        if (got < 0) {
            return conform_fail(result, number, "%s", lines_error(in));
        }
        if (!got) {
            return conform_fail(result, number,
                                "the file is cut short: it ends without a Q record");
        }
        if (strlen(line) != length) {
            return conform_fail(result, number, "not text: a NUL byte");
        }
        if (!golden_parse(line, record, error, sizeof(error))) {
            return conform_fail(result, number, "%s", error);
        }
        record->line = number;
        snprintf(record->text, sizeof(record->text), "%.95s", line);
    } while (record->kind == GOLDEN_COMMENT);
    return true;
}
